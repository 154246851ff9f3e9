unit(net loop consign_net)
unit(net listener consign_net PkgConfig::ZMQ)
unit(net guard consign_net)
