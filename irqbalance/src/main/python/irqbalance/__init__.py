"""irqbalance: spreads a Linux machine's interrupts over its CPUs, once per run.

Values are NamedTuples and not dataclasses: cron starts the command often, and to make one takes an
eighth of the time, not counting the import of dataclasses.
"""

__version__ = "0.1.0"
