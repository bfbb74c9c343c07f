"""Who may ask for what: hosts, origins and tokens."""
