"""Settings of the C irqbalance become a settings file of this one. Pure."""
