"""The process, and its surroundings.

- service: wires a server: sockets, store, sampler, application, and what signals ask.
- signals, detach, pidfile, privileges, systemd, malloc: what the machine expects of a daemon.
- log, log_format: where the log goes, and its lines. token_file: the tokens, read and private.
"""
