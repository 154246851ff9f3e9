unit(client client consign_client Threads::Threads)
