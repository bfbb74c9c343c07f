"""The exceptions of irq_server: one root, each with the fields that say what went wrong.

::

    IrqServerError                  never raised itself
    ├── InterruptsFormatError       a text is not /proc/interrupts (line_number, expected, found)
    ├── TextError                   a text has another form (text, expected); never raised itself
    │   ├── CpuSetError             it is not a CPU list or mask
    │   └── TimeFormatError         it is not a moment or a duration
    ├── SettingsError               a setting cannot be used (setting, value, expected)
    ├── PathError                   a file or folder fails (path, reason); never raised itself
    │   ├── LogError                the log cannot be written there
    │   ├── PidFileError            the pid file cannot be taken
    │   ├── ProcfsError             the counters cannot be read
    │   └── StoreError              the data directory cannot be used
    │       └── StoreLockedError    another server samples into it
    ├── ListenError                 an address cannot be listened on (address, reason)
    ├── PrivilegeError              the process cannot change its user or rights (reason)
    ├── NoSampleError               no sample was taken yet
    ├── NoSuchIrqError              the store never saw the IRQ (irq)
    ├── NoSuchCpuError              the store never saw the CPU (cpu)
    ├── IrqError                    an IRQ's affinity fails (irq, reason); never raised itself
    │   ├── AffinityError           it cannot be read
    │   ├── AffinityRefusedError    the kernel refuses it, or would
    │   └── OutOfResourcesError     the machine has no memory or descriptors left
    └── ParameterError              a request's parameter is wrong (parameter, reason)

cli.main turns those of the start into an exit status, web/problem.py those of a request into
problem+json; the sampler survives all of them.
"""

from pathlib import Path


class IrqServerError(Exception):
    """The root of the tree. Never raised itself."""


class InterruptsFormatError(IrqServerError):
    """A text is not what /proc/interrupts holds, from line `line_number` (the first is 1) on."""

    def __init__(self, line_number: int, expected: str, found: str) -> None:
        super().__init__(f"line {line_number}: expected {expected}, found {found}")
        self.line_number = line_number
        self.expected = expected
        self.found = found


class TextError(IrqServerError):
    """A text has another form than `expected`. Never raised itself."""

    def __init__(self, text: str, expected: str) -> None:
        super().__init__(f"expected {expected}, found {text[:60]!r}")
        self.text = text
        self.expected = expected


class CpuSetError(TextError):
    """A text is not a CPU list or a CPU mask."""


class TimeFormatError(TextError):
    """A text is not a moment or a duration."""


class SettingsError(IrqServerError):
    """A setting cannot be used; `setting` is its name as the user wrote it."""

    def __init__(self, setting: str, value: object, expected: str) -> None:
        super().__init__(f"{setting}: expected {expected}, found {str(value)[:300]!r}")
        self.setting = setting
        self.value = value
        self.expected = expected


class PathError(IrqServerError):
    """A file, folder or socket fails. Never raised itself."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class LogError(PathError):
    """The log cannot be written to `path`."""

    def __str__(self) -> str:
        """Return the sentence that says so."""
        return f"cannot log to {self.path}: {self.reason}"


class PidFileError(PathError):
    """A pid file cannot be taken."""


class ProcfsError(PathError):
    """The kernel's counters cannot be read."""


class StoreError(PathError):
    """The data directory cannot be used; `path` is the file at fault."""


class StoreLockedError(StoreError):
    """Another server samples into the data directory `path`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "another irq_server samples into this directory")


class ListenError(IrqServerError):
    """An address, ``HOST:PORT`` or a socket's path, cannot be listened on."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"cannot listen on {address}: {reason}")
        self.address = address
        self.reason = reason


class PrivilegeError(IrqServerError):
    """The process cannot become the user that it should be, or give up what it should."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoSampleError(IrqServerError):
    """No sample was taken yet, so there is no answer."""

    def __init__(self) -> None:
        super().__init__("no sample was taken yet; ask again after one sampling interval")


class NoSuchIrqError(IrqServerError):
    """The store never saw the IRQ."""

    def __init__(self, irq: str) -> None:
        super().__init__(f"no such IRQ: {irq[:60]!r} was never seen")
        self.irq = irq


class NoSuchCpuError(IrqServerError):
    """The store never saw the CPU."""

    def __init__(self, cpu: int | str) -> None:
        super().__init__(f"no such CPU: {str(cpu)[:60]} was never seen")
        self.cpu = cpu


class IrqError(IrqServerError):
    """An IRQ's affinity fails. Never raised itself."""

    def __init__(self, irq: str, reason: str) -> None:
        super().__init__(f"IRQ {irq}: {reason}")
        self.irq = irq
        self.reason = reason


class AffinityError(IrqError):
    """An IRQ's affinity cannot be read."""


class AffinityRefusedError(IrqError):
    """The kernel does not take an affinity, or would not."""


class OutOfResourcesError(IrqError):
    """The machine has no memory, or the server no file descriptor, left to write an affinity."""


class ParameterError(IrqServerError):
    """A parameter of a request is wrong; the reason also names what would be right."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(f"{parameter}: {reason}")
        self.parameter = parameter
        self.reason = reason
