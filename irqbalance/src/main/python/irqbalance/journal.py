"""Tells the system's log, which on machines with systemd is the journal, what a run does."""

import syslog
from types import ModuleType


class Journal:
    """The system's log, under the name irqbalance and the facility daemon.

    Where no log listens at /dev/log, what is told is lost, as syslog(3) has it.
    """

    def __init__(self, system: ModuleType = syslog) -> None:
        """Opens the log; takes the module syslog, or what stands for it."""
        self._system = system
        system.openlog("irqbalance", system.LOG_PID, system.LOG_DAEMON)

    def changed(self, text: str) -> None:
        """Tells an affinity that was written, or was to be."""
        self._system.syslog(self._system.LOG_NOTICE, text)

    def failed(self, text: str) -> None:
        """Tells a failure."""
        self._system.syslog(self._system.LOG_ERR, text)
