"""Loads and places become a plan: the objective, the NUMA rules, the reasons. Pure."""
