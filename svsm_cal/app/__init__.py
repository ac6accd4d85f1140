"""Use cases: the only room that combines the pure rooms with files, stores and transports."""
