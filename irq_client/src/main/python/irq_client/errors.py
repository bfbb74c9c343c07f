"""The exceptions of irq_client: one root, each with its exit status and the fields that say why.

::

    IrqClientError              1   never raised itself; cli.main turns the tree into exit statuses
    ├── UsageError              2   an option's value is wrong (option, value, expected)
    ├── CommandLineError        2   the command line as a whole is wrong
    ├── ConfigError             2   a file of settings or hosts is wrong (path, expected, found)
    ├── ShapeError              1   a JSON value is wrong (where, expected, found)
    ├── TokenFileError          1   the token cannot be read (path, reason)
    ├── DeclinedError           1   the person at the terminal did not say yes
    ├── GaveUpError             1   what was waited for did not come in time
    ├── NoMatchError            3   nothing is named that, or nothing of that kind happened
    └── ServerError             1   never raised itself (url, reason, advice)
        ├── AnswerError         1   an answer came, and it is not an irq_server's, or not whole
        ├── ProblemError        1   the server says what is wrong (status)
        │   ├── UnknownNameError    3   it never saw that IRQ or CPU
        │   └── NotAllowedError     4   it does not allow that, or the kernel refused
        └── UnreachableError    5   no answer came
            └── TimeLimitError  5   not within the time limit
"""

SHOWN_CHARACTERS = 80
"""Of a value that somebody else wrote an error shows so many."""


class IrqClientError(Exception):
    """The root of the tree. Never raised itself."""

    exit_status = 1


class UsageError(IrqClientError):
    """The command line, or a setting from the environment, is wrong; nothing was sent."""

    exit_status = 2

    def __init__(self, option: str, value: str, expected: str) -> None:
        """Takes the option or variable at fault, what it was given, and what would be right."""
        super().__init__(f"{option}: expected {expected}, found {value[:SHOWN_CHARACTERS]!r}")
        self.option = option
        self.value = value
        self.expected = expected


class CommandLineError(IrqClientError):
    """The command line as a whole is wrong: unknown options, a contradiction."""

    exit_status = 2


class ConfigError(IrqClientError):
    """A file of settings or of hosts cannot be read, or holds what does not belong there."""

    exit_status = 2

    def __init__(self, path: str, expected: str, found: str) -> None:
        """Takes the path (and line or key), what would be right, and what is there."""
        super().__init__(f"{path}: expected {expected}, found {found[:SHOWN_CHARACTERS]}")
        self.path = path
        self.expected = expected
        self.found = found


class ShapeError(IrqClientError):
    """A value in a JSON answer is not what an irq_server promises."""

    def __init__(self, where: str, expected: str, found: str) -> None:
        """Takes the place in the answer (``irqs[3].counts``), what belongs there, what is there."""
        super().__init__(f"{where}: expected {expected}, found {found[:SHOWN_CHARACTERS]}")
        self.where = where
        self.expected = expected
        self.found = found


class TokenFileError(IrqClientError):
    """The file with the server's token cannot be read, or holds no token."""

    def __init__(self, path: str, reason: str) -> None:
        """Takes the file's path and what is wrong; never what the file holds."""
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class DeclinedError(IrqClientError):
    """The person who was asked did not say yes; nothing was changed."""


class GaveUpError(IrqClientError):
    """What was waited for did not come within the time that was given."""


class NoMatchError(IrqClientError):
    """A pattern names no IRQ, or what was looked for did not happen."""

    exit_status = 3


class ServerError(IrqClientError):
    """Something went wrong with one server. Never raised itself."""

    def __init__(self, url: str, reason: str, advice: str = "") -> None:
        """Takes the URL asked, what happened there, and what to try (may be empty)."""
        super().__init__(f"{url}: {reason}" + (f"; {advice}" if advice else ""))
        self.url = url
        self.reason = reason
        self.advice = advice


class AnswerError(ServerError):
    """An answer came that is not an irq_server's, is too long, or broke off."""


class ProblemError(ServerError):
    """The server says what is wrong, by an HTTP status of 400 or more."""

    def __init__(self, url: str, reason: str, advice: str = "", *, status: int) -> None:
        """Takes what ServerError takes, and the HTTP status."""
        super().__init__(url, f"{reason} (status {status})", advice)
        self.status = status


class UnknownNameError(ProblemError):
    """The server never saw the IRQ or CPU that was asked for."""

    exit_status = 3


class NotAllowedError(ProblemError):
    """The server does not allow that without a token, or at all, or the kernel refused it."""

    exit_status = 4


class UnreachableError(ServerError):
    """No answer came: refused, unknown name, connection lost, or no trusted TLS."""

    exit_status = 5

    def __init__(
        self, url: str, reason: str, advice: str = "", *, is_temporary: bool = False
    ) -> None:
        """Takes what ServerError takes, and whether a moment later may be better."""
        super().__init__(url, reason, advice)
        self.is_temporary = is_temporary


class TimeLimitError(UnreachableError):
    """No whole answer came within the time limit."""
