"""The settings that every command or several commands take.

The options, the environment names, ``--help`` and the tables of docs/reference.md come from these.
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
    def names(self) -> tuple[str, ...]:
        """The option and its one-letter form, if it has one."""
        return (self.option, self.short) if self.short else (self.option,)

    @property
    def value(self) -> str:
        """The value as the help names it: ``table|json|csv``, ``DURATION``; empty for a switch."""
        return "|".join(self.choices) or self.metavar

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
    short="-f",
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
        "irq_server to ask: host[:port], a URL (http, https), a Unix socket "
        "(unix:/run/irq_server/socket), or a name or a pattern of names in the configuration file; "
        "repeatable (in the environment: separated by blanks)",
        "SERVER",
        "http://127.0.0.1:5000",
        from_environment=True,
        repeatable=True,
        short="-H",
    ),
    Setting(
        "hosts",
        "file of servers to ask, one a line: SERVER, or NAME SERVER",
        "FILE",
        from_environment=True,
    ),
    Setting(
        "prometheus",
        "Prometheus-compatible server that stores the servers' /metrics, to ask in their place: "
        "host[:port] or a URL",
        "URL",
        from_environment=True,
    ),
    Setting(
        "host",
        "with --prometheus: only hosts whose instance matches, with or without its port; "
        "the worst balanced come first",
        "HOST",
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
        "file with the server's token, one line. While the server is down, any process that "
        "listens on its port is sent the token: prefer --server unix:PATH",
        "FILE",
        from_environment=True,
    ),
    Setting(
        "timeout",
        "time limit of an answer in seconds, retries included; or 500ms, 2m",
        "DURATION",
        "10",
        from_environment=True,
    ),
    FORMAT,
    COLOR,
    Setting("utc", "show and read times in UTC, not in the local zone (TZ)", short="-u"),
    Setting("verbose", "log each request, and show errors with their URL", short="-v"),
    Setting("quiet", "show no warnings, only errors", short="-q"),
)

CONFIG_KEYS = tuple(
    each.name for each in EVERYWHERE if each.from_environment and each.name != "config"
)
"""Settings that the configuration file may hold, under their names."""

PERIOD = Setting(
    "period", "length of the window, a duration such as 15m", "DURATION", "60s", short="-p"
)
WINDOW = (
    PERIOD,
    Setting(
        "start",
        "start of the window: 10:00, 'yesterday 10:00', -15m",
        "TIME",
        "a period before the end",
        short="-s",
    ),
    Setting("end", "end of the window, written like --start", "TIME", "now", short="-e"),
)

IRQ = Setting(
    "irq",
    "only these IRQs: 36, 36,38-41, NMI, eth0, 'eth0-*'; repeatable",
    "IRQ",
    repeatable=True,
    short="-i",
)
CPU = Setting("cpu", "only these CPUs, such as 0-3,8", "CPU-LIST", short="-c")
DEVICE = Setting(
    "device",
    "only this device or network interface, as it is written, or a shell pattern",
    "PATTERN",
    short="-d",
)
NONZERO = Setting("nonzero", "only what counted at least one interrupt in the window")
TOP = Setting("top", "only the N busiest", "N", short="-n")
STEP = Setting("step", "length of one step, a duration", "DURATION", "the server's choice")
REFRESH = Setting("refresh", "time between two readings, a duration", "DURATION", "1s")
ALL = Setting("all", "also show rows that counted nothing", short="-a")
COUNT = Setting("count", "stop after N readings", "N", "until Ctrl-C")
COLUMNS = Setting(
    "columns", "only these columns, in this order: IRQ,RATE", "COLUMNS", "all", short="-o"
)
SORT = Setting(
    "sort",
    "sort rows by a column: numbers fall, texts rise; --sort=-RATE reverses",
    "COLUMN",
)
FILTERS = (IRQ, CPU, DEVICE, NONZERO, TOP)
READING = (
    Setting(
        "times",
        "times in csv: Unix seconds, or local ones as tables show them",
        "FORM",
        "unix",
        choices=("unix", "local"),
    ),
    COLUMNS,
    SORT,
    Setting(
        "every",
        "repeat at this interval, a duration; also the period if no window is given",
        "DURATION",
        "once",
    ),
    COUNT,
)
"""The options of every command that reads, beside its own."""
