"""The settings that every command or several commands take.

The options, the environment names, ``--help`` and the tables in README.md all come from these.
Nothing in this module reads the command line or the environment.
"""

from typing import NamedTuple

ENVIRONMENT_PREFIX = "IRQ_CLIENT_"


class Setting(NamedTuple):
    """One setting: an option and, if `from_environment`, a variable."""

    name: str
    """Without the dashes: ``token-file``."""
    help: str
    """Its meaning, with the unit."""
    metavar: str = ""
    """The value's name in the help; empty for a switch."""
    default: str = ""
    """As a person would write it; empty for none. That of a window is the server's, never sent."""
    from_environment: bool = False
    repeatable: bool = False
    choices: tuple[str, ...] = ()
    short: str = ""
    """A one-letter option, with its dash."""

    @property
    def option(self) -> str:
        """The option, ``--token-file``."""
        return f"--{self.name}"

    @property
    def environment(self) -> str:
        """The environment name, ``IRQ_CLIENT_TOKEN_FILE``; empty if there is none."""
        if not self.from_environment:
            return ""
        return ENVIRONMENT_PREFIX + self.name.upper().replace("-", "_")


FORMAT = Setting(
    "format",
    "table for people, json as the server sent it, csv (RFC 4180) for other programs",
    "FORMAT",
    "table",
    from_environment=True,
    choices=("table", "json", "csv"),
)
COLOR = Setting(
    "color",
    "colours and bold text; auto: on a terminal, unless NO_COLOR is set",
    "WHEN",
    "auto",
    from_environment=True,
    choices=("always", "never", "auto"),
)
EVERYWHERE = (
    Setting(
        "server",
        "irq_server to ask, by http, https or a Unix socket (unix:/run/irq_server/socket), or its "
        "name or a pattern of names in the configuration file; may be repeated (in the "
        "environment: parted by blanks)",
        "URL",
        "http://127.0.0.1:5000",
        from_environment=True,
        repeatable=True,
    ),
    Setting(
        "hosts",
        "file of servers to ask, one to a line: URL, NAME URL, or host[:port]",
        "FILE",
        from_environment=True,
    ),
    Setting(
        "config",
        "configuration file, TOML",
        "FILE",
        "~/.config/irq_client/config.toml",
        from_environment=True,
    ),
    Setting(
        "token-file",
        "file that holds the server's token, one line",
        "FILE",
        from_environment=True,
    ),
    Setting(
        "timeout",
        "time limit for each answer, retries included, in seconds (or 500ms, 2m)",
        "S",
        "10",
        from_environment=True,
    ),
    FORMAT,
    COLOR,
    Setting("verbose", "tell on standard error what is asked, and how long it took", short="-v"),
    Setting("quiet", "no warnings on standard error, only errors", short="-q"),
)

CONFIG_KEYS = tuple(
    each.name for each in EVERYWHERE if each.from_environment and each.name != "config"
)
"""Settings that the configuration file may hold, under their names."""

PERIOD = Setting(
    "period",
    "length of the window: 90 (seconds), 20ms, 90s, 15m, 2h, 7d, 1w",
    "DURATION",
    "60s",
)
WINDOW = (
    PERIOD,
    Setting(
        "start",
        "where it starts: 2026-01-01T00:00:00Z, Unix seconds, now, or -15m (so long ago)",
        "TIME",
        "a period before the end",
    ),
    Setting("end", "where it ends, written like --start", "TIME", "now"),
)

IRQ = Setting("irq", "only this IRQ; may be repeated", "IRQ", repeatable=True)
CPU = Setting("cpu", "only these CPUs, such as 0-3,8", "CPU-LIST")
DEVICE = Setting(
    "device", "only devices that match this shell pattern, such as 'eth0-*'", "PATTERN"
)
NONZERO = Setting("nonzero", "only what counted at least one interrupt in the window")
ALL = Setting("all", "tables and pictures show also rows that counted nothing")
TOP = Setting("top", "only the N busiest", "N")
STEP = Setting(
    "step", "length of one step, a duration like --period", "DURATION", "the server's choice"
)
REFRESH = Setting("refresh", "the time between two readings, a duration", "DURATION", "1s")
COUNT = Setting("count", "end after so many readings", "N", "until Ctrl-C")
FILTERS = (IRQ, CPU, DEVICE, NONZERO, TOP)
READING = (
    Setting(
        "times",
        "times in csv: Unix seconds, or local ones as tables show them",
        "FORM",
        "unix",
        choices=("unix", "local"),
    ),
    Setting("columns", "only these columns, in this order: IRQ,RATE", "COLUMNS", "all"),
    Setting(
        "sort",
        "order rows by a column: numbers fall, texts rise; --sort=-RATE the other way round",
        "COLUMN",
    ),
    Setting(
        "every",
        "read again and again, at this interval; it is also the period if no window is given",
        "DURATION",
        "once",
    ),
    COUNT,
)
"""What every command that reads takes beside its own settings."""
