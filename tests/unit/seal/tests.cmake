unit(seal derive consign_seal)
unit(seal seal consign_seal)
unit(seal unseal consign_seal)
unit(seal note consign_seal)
