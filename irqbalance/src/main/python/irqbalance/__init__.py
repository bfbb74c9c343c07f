"""irqbalance: spread a Linux machine's interrupts over its CPUs, once per run.

The wings, and what each may import: itself, and those below it.

- cli: argv becomes an exit status.
- commands: the words that may stand first on the command line. migration: what migrate does.
- run, offline: read, decide, do. apply and restore write; report makes text; console prints it.
- state: the files that one run leaves for the next.
- planning: loads become a plan. Pure.
- loads: counters become IRQs with loads.
- settings: options and the settings file.
- kernel: all below /proc and /sys.
- errors, status: the words that all share.

Values are NamedTuples, and not dataclasses: cron starts the command often. Python makes such a
class in an eighth of the time, even without the import of dataclasses.
"""

__version__ = "0.1.0"
