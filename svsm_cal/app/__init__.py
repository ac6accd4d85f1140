"""Use cases: the only place where what was decided meets files, stores and transports."""
