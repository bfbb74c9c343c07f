"""The process: signals, log, pid file, privileges, service manager; service wires them all."""
