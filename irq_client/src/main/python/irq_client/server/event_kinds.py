"""The kinds of events that commands look for; apart, so that help needs no answer's dataclasses."""

AFFINITY = "affinity"
"""A changed affinity, whoever changed it."""
