"""The kinds of events that commands look for; apart, so that help needs no answers."""

AFFINITY = "affinity"
"""A changed affinity, whoever changed it."""
