"""The exceptions of irq_server: one root, each with the fields that say what went wrong.

::

    IrqServerError                  never raised itself
    ├── InterruptsFormatError       a text is not /proc/interrupts (line_number, expected, found)
    ├── CpuSetError                 a text is not a CPU list or mask (text, expected)
    ├── TimeFormatError             a text is not a moment or a duration (text, expected)
    ├── SettingsError               a setting cannot be used (setting, value, expected)
    ├── LogError                    a log cannot be written (path, reason)
    ├── PidFileError                a pid file cannot be taken (path, reason)
    ├── ProcfsError                 the counters cannot be read (path, reason)
    ├── ListenError                 an address cannot be listened on (address, reason)
    ├── PrivilegeError              the process cannot become who it should be (reason)
    ├── StoreError                  the data directory cannot be used (path, reason)
    │   └── StoreLockedError        another server samples into it (path)
    ├── NoSampleError               nothing was sampled yet
    ├── NoSuchIrqError              the store never saw the IRQ (irq)
    ├── NoSuchCpuError              the store never saw the CPU (cpu)
    ├── AffinityError               an affinity cannot be read (irq, reason)
    ├── AffinityRefusedError        the kernel does not take an affinity (irq, reason)
    ├── OutOfResourcesError         the machine has no memory or files left (irq, reason)
    └── ParameterError              a request's parameter is wrong (parameter, reason)

cli.main turns those of the start into an exit status, app.create_app those of a request into
problem+json; the sampler survives all of them.
"""

from pathlib import Path


class IrqServerError(Exception):
    """The root of the tree. Never raised itself."""


class InterruptsFormatError(IrqServerError):
    """A text is not what /proc/interrupts holds, from line `line_number` (the first is 1) on."""

    def __init__(self, line_number: int, expected: str, found: str) -> None:
        """Takes what was expected in that line and what was found there."""
        super().__init__(f"line {line_number}: expected {expected}, found {found}")
        self.line_number = line_number
        self.expected = expected
        self.found = found


class CpuSetError(IrqServerError):
    """A text is not a CPU list or a CPU mask."""

    def __init__(self, text: str, expected: str) -> None:
        """Takes the text and what was expected in its place."""
        super().__init__(f"expected {expected}, found {text[:60]!r}")
        self.text = text
        self.expected = expected


class TimeFormatError(IrqServerError):
    """A text is not a moment or a duration."""

    def __init__(self, text: str, expected: str) -> None:
        """Takes the text and what was expected in its place."""
        super().__init__(f"expected {expected}, found {text[:60]!r}")
        self.text = text
        self.expected = expected


class SettingsError(IrqServerError):
    """A setting cannot be used as it is given."""

    def __init__(self, setting: str, value: object, expected: str) -> None:
        """Takes the setting's name as the user wrote it, its value, and what would be right."""
        super().__init__(f"{setting}: expected {expected}, found {str(value)[:300]!r}")
        self.setting = setting
        self.value = value
        self.expected = expected


class LogError(IrqServerError):
    """The log cannot be written to where it shall go."""

    def __init__(self, path: Path, reason: str) -> None:
        """Takes the file or the socket, and the reason."""
        super().__init__(f"cannot log to {path}: {reason}")
        self.path = path
        self.reason = reason


class PidFileError(IrqServerError):
    """A pid file cannot be taken."""

    def __init__(self, path: Path, reason: str) -> None:
        """Takes the file and the reason."""
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ProcfsError(IrqServerError):
    """The kernel's counters cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        """Takes the file and the reason."""
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ListenError(IrqServerError):
    """An address cannot be listened on."""

    def __init__(self, address: str, reason: str) -> None:
        """Takes the address as ``HOST:PORT`` and the reason."""
        super().__init__(f"cannot listen on {address}: {reason}")
        self.address = address
        self.reason = reason


class PrivilegeError(IrqServerError):
    """The process cannot become the user that it should be, or give up what it should."""

    def __init__(self, reason: str) -> None:
        """Takes what fails, and why."""
        super().__init__(reason)
        self.reason = reason


class StoreError(IrqServerError):
    """The data directory cannot be used."""

    def __init__(self, path: Path, reason: str) -> None:
        """Takes the path at fault and the reason."""
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class StoreLockedError(StoreError):
    """Another server samples into the data directory."""

    def __init__(self, path: Path) -> None:
        """Takes the data directory."""
        super().__init__(path, "another irq_server samples into this directory")


class NoSampleError(IrqServerError):
    """Nothing was sampled yet, so that nothing can be answered."""

    def __init__(self) -> None:
        """Takes nothing."""
        super().__init__("no sample was taken yet; ask again after one sampling interval")


class NoSuchIrqError(IrqServerError):
    """The store never saw the IRQ."""

    def __init__(self, irq: str) -> None:
        """Takes the IRQ as it was asked for."""
        super().__init__(f"no such IRQ: {irq[:60]!r} was never seen")
        self.irq = irq


class NoSuchCpuError(IrqServerError):
    """The store never saw the CPU."""

    def __init__(self, cpu: int | str) -> None:
        """Takes the CPU as it was asked for."""
        super().__init__(f"no such CPU: {str(cpu)[:60]} was never seen")
        self.cpu = cpu


class AffinityError(IrqServerError):
    """An IRQ's affinity cannot be read."""

    def __init__(self, irq: str, reason: str) -> None:
        """Takes the IRQ and the reason."""
        super().__init__(f"IRQ {irq}: {reason}")
        self.irq = irq
        self.reason = reason


class AffinityRefusedError(IrqServerError):
    """The kernel does not take an affinity, or would not."""

    def __init__(self, irq: str, reason: str) -> None:
        """Takes the IRQ and the reason."""
        super().__init__(f"IRQ {irq}: {reason}")
        self.irq = irq
        self.reason = reason


class OutOfResourcesError(IrqServerError):
    """The machine has no memory, or the server no file descriptor, left to write an affinity."""

    def __init__(self, irq: str, reason: str) -> None:
        """Takes the IRQ and the reason."""
        super().__init__(f"IRQ {irq}: {reason}")
        self.irq = irq
        self.reason = reason


class ParameterError(IrqServerError):
    """A parameter of a request is wrong."""

    def __init__(self, parameter: str, reason: str) -> None:
        """Takes the parameter's name and what is wrong with it, and what would be right."""
        super().__init__(f"{parameter}: {reason}")
        self.parameter = parameter
        self.reason = reason
