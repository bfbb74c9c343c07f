"""The settings: one table makes the options, the environment names and the file's keys.

Table and Settings group the settings alike; load.py reads what a person wrote.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..addresses import is_loopback
from . import converters

ENVIRONMENT_PREFIX = "IRQ_SERVER_"
DEFAULT_DATA_DIR = "/var/lib/irq_server as root, else ~/.local/state/irq_server"

_NUMBERS = frozenset({"PORT", "DURATION", "SIZE", "N"})


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs. Durations are seconds, sizes bytes."""

    # where it listens
    host: str
    port: int
    socket: Path | None
    socket_mode: int
    trusted_proxy: str

    # what it keeps
    data_dir: Path
    interval: float
    intervals: Mapping[str, float]
    retention: Mapping[str, float]
    max_size: int
    fsync: str

    # who may ask
    allow_affinity: bool
    token_file: Path | None
    allow_hosts: tuple[str, ...]
    cors_origins: frozenset[str]
    insecure: bool

    # what it reads
    procfs: Path
    sysfs: Path

    # what it shows to Prometheus
    metrics_series: int

    # how it runs
    user: str
    daemon: bool
    pid_file: Path | None

    # what it logs
    log: str
    log_file: Path | None
    log_level: str
    log_format: str
    access_log: bool

    @property
    def is_reached_from_beyond(self) -> bool:
        """Return whether requests can come from other machines: over the network or a proxy."""
        if self.trusted_proxy:
            return True
        return self.socket is None and not is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table.

    ``name`` is the option without its dashes. ``convert`` makes a text into the value, or raises
    ValueError with the form it expects. A setting without ``metavar`` is a switch. SIGHUP gives a
    running server the new value of a ``reloadable`` one; the others need a restart.
    """

    name: str
    metavar: str | None
    default: str
    convert: Callable[[str], Any]
    help: str
    reloadable: bool = False

    @property
    def field(self) -> str:
        """The key in the file and the field of Settings: ``data_dir``."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable: ``IRQ_SERVER_DATA_DIR``."""
        return ENVIRONMENT_PREFIX + self.field.upper()

    @property
    def kinds(self) -> tuple[type, ...]:
        """The types that a value in the file may have."""
        if self.metavar is None:
            return (bool, str)
        return (str, int, float) if self.metavar in _NUMBERS else (str,)


def _switch(name: str, text: str, reloadable: bool = False) -> Setting:
    return Setting(name, None, "false", converters.switch, text, reloadable)


def _choice(name: str, words: str, default: str, text: str, reloadable: bool = False) -> Setting:
    return Setting(name, words, default, converters.one_of(words), text, reloadable)


SETTINGS = (
    # where it listens
    Setting("host", "HOST", "127.0.0.1", converters.host, "the address to listen on"),
    Setting("port", "PORT", "5000", converters.port, "the port to listen on; 0 takes a free one"),
    Setting(
        "socket",
        "FILE",
        "",
        converters.optional_file,
        "listen on this Unix socket instead of host and port",
    ),
    Setting(
        "socket-mode", "MODE", "0660", converters.file_mode, "who may connect to the Unix socket"
    ),
    Setting(
        "trusted-proxy",
        "ADDRESS",
        "",
        converters.proxy,
        "trust X-Forwarded-For from this proxy; unix is a proxy at the Unix socket; every read "
        "then needs a token",
    ),
    # what it keeps
    Setting("data-dir", "DIR", DEFAULT_DATA_DIR, converters.folder, "where the history is kept"),
    Setting(
        "interval", "DURATION", "10s", converters.interval, "time between samples, down to 10ms"
    ),
    Setting(
        "intervals",
        "PATTERN=DURATION,...",
        "",
        converters.intervals,
        "other intervals for the IRQs and devices that match a shell pattern: eth0-*=1s,LOC=1m",
    ),
    Setting(
        "retention",
        "TIER=AGE,...",
        converters.DEFAULT_RETENTION,
        converters.retention,
        "how long samples, the first of each minute and of each hour are kept; 5m=AGE adds a tier",
    ),
    Setting("max-size", "SIZE", "1GiB", converters.size, "cap on the data directory, bytes"),
    _choice(
        "fsync",
        "never|segment|sample",
        "segment",
        "wait for the disk never, after each segment or after each sample",
    ),
    # who may ask
    _switch(
        "allow-affinity", "let requests with a token write affinities; needs root and --token-file"
    ),
    Setting(
        "token-file",
        "FILE",
        "",
        converters.optional_file,
        "tokens, one a line: TOKEN or rw TOKEN may write, ro TOKEN read; for every write, "
        "and beyond loopback for every read",
        reloadable=True,
    ),
    Setting(
        "allow-hosts",
        "NAME,...",
        "",
        converters.host_names,
        "other host names that requests may use, as behind a proxy",
    ),
    Setting(
        "cors-origins",
        "ORIGIN,...",
        "",
        converters.origins,
        "origins of web pages that may send requests: https://dash.example.org",
    ),
    _switch("insecure", "listen beyond loopback without a token file, where anybody can then read"),
    # what it reads
    Setting("procfs", "DIR", "/proc", converters.folder, "read this tree instead of /proc"),
    Setting("sysfs", "DIR", "/sys", converters.folder, "read this tree instead of /sys"),
    # what it shows to Prometheus
    Setting(
        "metrics-series",
        "N",
        "2000",
        converters.series,
        "the most series of interrupts in /metrics; the other cells count together",
    ),
    # how it runs
    Setting(
        "user",
        "NAME",
        "",
        converters.user,
        "started as root, switch to this user, who must own the data directory",
    ),
    _switch(
        "daemon",
        "go into the background; the start ends when the server answers, or says why it cannot",
    ),
    Setting(
        "pid-file",
        "FILE",
        "",
        converters.optional_file,
        "write the process's number here, and lock it while the server runs",
    ),
    # what it logs
    Setting(
        "log",
        "auto|stderr|syslog",
        "auto",
        converters.log_place,
        "where the log goes: auto is stderr, and syslog with --daemon; syslog:SOCKET names another "
        "socket than /dev/log",
        reloadable=True,
    ),
    Setting(
        "log-file",
        "FILE",
        "",
        converters.optional_file,
        "log to this file instead; it is opened again after a rotation",
        reloadable=True,
    ),
    _choice(
        "log-level", "debug|info|warning|error", "info", "the least that is logged", reloadable=True
    ),
    _choice(
        "log-format",
        "text|json",
        "text",
        "the form of the log's lines; json is one object a line",
        reloadable=True,
    ),
    _switch(
        "access-log",
        "log each request: address, method, path, status, bytes, milliseconds",
        reloadable=True,
    ),
)
