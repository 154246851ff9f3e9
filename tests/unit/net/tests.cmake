unit(net loop consign_net)
unit(net listener consign_net PkgConfig::ZMQ)
