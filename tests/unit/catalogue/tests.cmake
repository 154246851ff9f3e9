unit(catalogue payload consign_catalogue)
