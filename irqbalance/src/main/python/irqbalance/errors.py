"""The exceptions of irqbalance: one root, each with the fields that say what went wrong.

::

    IrqbalanceError                 never raised itself; cli.main turns the tree into exit statuses
    ├── InterruptsFormatError       a text is not /proc/interrupts (line_number, expected, found)
    └── CpuSetError                 a text is not a CPU list or mask (text, expected)
"""


class IrqbalanceError(Exception):
    """The root of the tree. Never raised itself."""


class InterruptsFormatError(IrqbalanceError):
    """A text is not what /proc/interrupts holds, from line `line_number` (the first is 1) on."""

    def __init__(self, line_number: int, expected: str, found: str) -> None:
        """Takes what was expected in that line and what was found there."""
        super().__init__(f"line {line_number}: expected {expected}, found {found}")
        self.line_number = line_number
        self.expected = expected
        self.found = found


class CpuSetError(IrqbalanceError):
    """A text is not a CPU list or a CPU mask."""

    def __init__(self, text: str, expected: str) -> None:
        """Takes the text and what was expected in its place."""
        super().__init__(f"expected {expected}, found {text[:60]!r}")
        self.text = text
        self.expected = expected
