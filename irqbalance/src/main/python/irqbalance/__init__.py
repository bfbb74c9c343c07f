"""irqbalance: spreads a Linux machine's interrupts over its CPUs, once per run."""

__version__ = "0.1.0"
