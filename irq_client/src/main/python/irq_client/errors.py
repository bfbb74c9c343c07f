"""The exceptions of irq_client: one root, each with its exit status and the fields that say why.

::

    IrqClientError              1   never raised itself; cli.main turns the tree into exit statuses
    ├── UsageError              2   an option's value is wrong (option, value, expected)
    ├── CommandLineError        2   the command line as a whole is wrong
    ├── ConfigError             2   a file of settings or hosts is wrong (path, expected, found)
    ├── ShapeError              1   a JSON value is wrong (where, expected, found)
    ├── TokenFileError          1   the token cannot be read (path, reason)
    ├── DeclinedError           1   the person at the terminal did not say yes
    ├── GaveUpError             1   a condition did not come in time
    ├── NoMatchError            3   nothing is named that, or nothing of that kind happened
    └── ServerError             1   never raised itself (url, reason, advice)
        ├── AnswerError         1   an answer came, and it is not an irq_server's, or not whole
        ├── ProblemError        1   the server reports an error (status)
        │   ├── UnknownNameError    3   it never saw that IRQ or CPU
        │   └── NotAllowedError     4   it does not allow that, or the kernel refused
        └── UnreachableError    5   no answer came
            └── TimeLimitError  5   not within the time limit
"""

from collections.abc import Iterable

SHOWN_CHARACTERS = 80
"""The most that an error shows of a value that somebody else wrote."""


def near(word: str, words: Iterable[str], most: int = 2) -> list[str]:
    """Return the words that look like another one, the most alike first."""
    from difflib import get_close_matches  # here: only an error needs it

    wanted = word.casefold()
    whole = {each.casefold(): each for each in words}
    begun = {name[: len(wanted)]: each for name, each in reversed(whole.items())}
    found = [whole[each] for each in get_close_matches(wanted, whole, most, 0.7)]
    found = found or [begun[each] for each in get_close_matches(wanted, begun, most, 0.7)]
    return found if word else []


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return the end of a message: ``; did you mean irq or irqs?``, or nothing."""
    found = near(word, words)
    return f"; did you mean {' or '.join(found)}?" if found else ""


class IrqClientError(Exception):
    """The root of the tree. Never raised itself."""

    exit_status = 1

    @property
    def words(self) -> str:
        """The message for people."""
        return str(self)


class UsageError(IrqClientError):
    """The value of an option, or of a variable of the environment, is wrong; nothing was sent."""

    exit_status = 2

    def __init__(self, option: str, value: str, expected: str, advice: str = "") -> None:
        found = repr(value[:SHOWN_CHARACTERS])
        super().__init__(f"{option}: expected {expected}, found {found}{advice}")
        self.option = option
        self.value = value
        self.expected = expected


class CommandLineError(IrqClientError):
    """The command line as a whole is wrong: unknown options, a contradiction."""

    exit_status = 2


class ConfigError(IrqClientError):
    """A file of settings or of hosts cannot be read, or is wrong.

    `path` may go on with a line or a key.
    """

    exit_status = 2

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(f"{path}: expected {expected}, found {found[:SHOWN_CHARACTERS]}")
        self.path = path
        self.expected = expected
        self.found = found


class ShapeError(IrqClientError):
    """A value in a JSON answer breaks a server's promise; `where` is like ``irqs[3].counts``."""

    def __init__(self, where: str, expected: str, found: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {found[:SHOWN_CHARACTERS]}")
        self.where = where
        self.expected = expected
        self.found = found


class TokenFileError(IrqClientError):
    """The file with the server's token cannot be read, or holds no token. It is never shown."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class DeclinedError(IrqClientError):
    """The person at the terminal did not say yes; nothing was changed."""


class GaveUpError(IrqClientError):
    """A condition did not come within the time that was given."""


class NoMatchError(IrqClientError):
    """A pattern names no IRQ, or there was no change."""

    exit_status = 3


class ServerError(IrqClientError):
    """Something went wrong with one server; `advice` may be empty. Never raised itself.

    Its text has the URL, for programs and logs; `words` is the text for people.
    """

    def __init__(self, url: str, reason: str, advice: str = "", note: str = "") -> None:
        super().__init__(f"{url}: {reason}{note}" + (f"; {advice}" if advice else ""))
        self.url = url
        self.reason = reason
        self.advice = advice

    @property
    def words(self) -> str:
        """The message without the URL."""
        return f"{self.reason}; {self.advice}" if self.advice else self.reason


class AnswerError(ServerError):
    """An answer came that is not an irq_server's, is too long, or broke off."""


class ProblemError(ServerError):
    """The server reports an error, by an HTTP status of 400 or more."""

    def __init__(self, url: str, reason: str, advice: str = "", *, status: int) -> None:
        super().__init__(url, reason, advice, f" (status {status})")
        self.status = status


class UnknownNameError(ProblemError):
    """The server never saw that IRQ or CPU."""

    exit_status = 3


class NotAllowedError(ProblemError):
    """The server does not allow that without a token, or at all, or the kernel refused it."""

    exit_status = 4


class UnreachableError(ServerError):
    """No answer came: refused, unknown name, connection lost, or no trusted TLS.

    `is_temporary` if a retry may succeed a moment later.
    """

    exit_status = 5

    def __init__(
        self, url: str, reason: str, advice: str = "", *, is_temporary: bool = False
    ) -> None:
        super().__init__(url, reason, advice)
        self.is_temporary = is_temporary


class TimeLimitError(UnreachableError):
    """No whole answer came within the time limit."""
