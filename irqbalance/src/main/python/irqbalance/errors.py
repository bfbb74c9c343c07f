"""The exceptions of irqbalance: one root, and fields that say what went wrong.

::

    IrqbalanceError                 never raised itself; cli.main makes exit statuses of the tree
    ├── InterruptsFormatError       a text is not /proc/interrupts (line_number, expected, found)
    ├── CpuSetError                 a text is not a CPU list or mask (text, expected)
    ├── SettingError                an option or a file's key has a value that it cannot have
    │                               (name, expected, found); exit status 2
    ├── OldOptionError              an option of the C irqbalance was given (option, instead);
    │                               exit status 2
    ├── AtWorkError                 another run or another balancer is at work (who); exit status 4
    ├── FileError                   a file cannot be read, written or trusted (path, problem)
    └── NoUsableCpuError            no CPU is left to use (problem)
"""


class IrqbalanceError(Exception):
    """The root of the tree. Never raised itself."""


class InterruptsFormatError(IrqbalanceError):
    """A text is not a /proc/interrupts, from line `line_number` (the first is 1) on."""

    def __init__(self, line_number: int, expected: str, found: str) -> None:
        super().__init__(f"line {line_number}: expected {expected}, found {found}")
        self.line_number = line_number
        self.expected = expected
        self.found = found


class CpuSetError(IrqbalanceError):
    """A text is not a CPU list or a CPU mask."""

    def __init__(self, text: str, expected: str) -> None:
        super().__init__(f"expected {expected}, found {text[:60]!r}")
        self.text = text
        self.expected = expected


class SettingError(IrqbalanceError):
    """An option or a key of the settings file has a value that it cannot have."""

    def __init__(self, name: str, expected: str, found: object) -> None:
        super().__init__(f"{name}: expected {expected}, found {str(found)[:60]!r}")
        self.name = name
        self.expected = expected
        self.found = found


class OldOptionError(IrqbalanceError):
    """An option of the C irqbalance, which this program does not have, was given."""

    def __init__(self, option: str, instead: str) -> None:
        super().__init__(f"{option} is an option of the C irqbalance; here: {instead}")
        self.option = option
        self.instead = instead


class AtWorkError(IrqbalanceError):
    """Another run of irqbalance, or another balancer, is at work on this machine."""

    def __init__(self, who: str) -> None:
        super().__init__(who)
        self.who = who


class FileError(IrqbalanceError):
    """A file or folder cannot be read, written or trusted."""

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = str(path)
        self.problem = problem


class NoUsableCpuError(IrqbalanceError):
    """No CPU is left that IRQs may be moved to."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"no CPU is left to use: {problem}")
        self.problem = problem
