"""A data directory without a server: check and repair it, export it, take saved files into it."""
