"""The settings: one table, from which the options, the environment names and the file's keys come.

What the command line says wins over the environment, that over the file, that over the default.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import SettingsError, TimeFormatError
from .tiershape import shape_of
from .times import parse_duration

ENVIRONMENT_PREFIX = "IRQ_SERVER_"
MIN_INTERVAL_SECONDS = 0.01
MAX_INTERVAL_SECONDS = 86400.0
MIN_SIZE_BYTES = 64 * 1024

_SIZE = re.compile(r"([0-9]{1,12})\s*([KMGT]i?)?B?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs. Durations are seconds, sizes bytes."""

    host: str
    port: int
    data_dir: Path
    interval: float
    intervals: Mapping[str, float]
    retention: Mapping[str, float]
    max_size: int
    fsync: str
    allow_hosts: tuple[str, ...]
    insecure: bool
    procfs: Path
    sysfs: Path


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table.

    ``name`` is the option without its dashes; ``convert`` makes the value of a text and raises
    ValueError with what was expected. A setting without ``metavar`` is a switch.
    """

    name: str
    metavar: str | None
    default: str
    convert: Callable[[str], Any]
    help: str

    @property
    def field(self) -> str:
        """The key in the file and the field of Settings: ``data_dir``."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable: ``IRQ_SERVER_DATA_DIR``."""
        return ENVIRONMENT_PREFIX + self.field.upper()


def _port(text: str) -> int:
    if not (text.isdecimal() and text.isascii()) or len(text) > 5 or int(text) > 65535:
        raise ValueError("a port from 0 (a free one) to 65535")
    return int(text)


def _host(text: str) -> str:
    if not text or any(each.isspace() for each in text):
        raise ValueError("a host name or an address")
    return text


def _interval(text: str) -> float:
    try:
        seconds = round(parse_duration(text), 3)
    except TimeFormatError as error:
        raise ValueError(error.expected) from error
    if not MIN_INTERVAL_SECONDS <= seconds <= MAX_INTERVAL_SECONDS:
        raise ValueError("a duration from 10ms to 1d")
    return seconds


def _intervals(text: str) -> dict[str, float]:
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        pattern, equals, interval = part.rpartition("=")
        if not equals or not pattern:
            raise ValueError("patterns with their intervals such as eth0-*=1s,LOC=1m")
        found[pattern] = _interval(interval)
    return found


def _retention(text: str) -> dict[str, float]:
    ages = dict(_DEFAULT_RETENTION)
    for part in text.split(","):
        tier, equals, age = part.strip().partition("=")
        try:
            if not equals:
                raise TimeFormatError(part, "")
            ages[shape_of(tier).name] = parse_duration(age)
        except TimeFormatError as error:
            raise ValueError(f"ages such as {DEFAULT_RETENTION}") from error
    return ages


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text.strip())
    unit = (match[2] or "") if match else ""
    factor = 1024 if unit.lower().endswith("i") else 1000
    power = " KMGT".index(unit[0].upper()) if unit else 0
    size = int(match[1]) * factor**power if match else 0
    if size < MIN_SIZE_BYTES:
        raise ValueError("a size of at least 64KiB such as 500MB or 1GiB")
    return size


def _fsync(text: str) -> str:
    if text not in ("never", "segment", "sample"):
        raise ValueError("never, segment or sample")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    if any(character in "/:[] " for name in names for character in name):
        raise ValueError("host names without ports such as irq.example.org")
    return names


def _switch(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError("true or false")
    return text.lower() in ("true", "1", "yes")


def _folder(text: str) -> Path:
    if not text or "\0" in text:
        raise ValueError("a directory")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("a directory of a user who has a home") from error


_DEFAULT_RETENTION = {"raw": 7 * 86400.0, "1m": 30 * 86400.0, "1h": 365 * 86400.0}
DEFAULT_RETENTION = "raw=7d,1m=30d,1h=365d"
DEFAULT_DATA_DIR = "/var/lib/irq_server as root, else ~/.local/state/irq_server"

SETTINGS = (
    Setting("host", "HOST", "127.0.0.1", _host, "the address to listen on"),
    Setting("port", "PORT", "5000", _port, "the port to listen on; 0 takes a free one"),
    Setting("data-dir", "DIR", DEFAULT_DATA_DIR, _folder, "where the history is kept"),
    Setting("interval", "DURATION", "10s", _interval, "time between samples, down to 10ms"),
    Setting(
        "intervals",
        "PATTERN=DURATION,...",
        "",
        _intervals,
        "other intervals for the IRQs and devices that match a shell pattern: eth0-*=1s,LOC=1m",
    ),
    Setting(
        "retention",
        "TIER=AGE,...",
        DEFAULT_RETENTION,
        _retention,
        "how long samples, the first of each minute and of each hour are kept; 5m=AGE adds a tier",
    ),
    Setting("max-size", "SIZE", "1GiB", _size, "cap on the data directory, bytes"),
    Setting(
        "fsync",
        "WHEN",
        "segment",
        _fsync,
        "wait for the disk never, after each segment or after each sample",
    ),
    Setting(
        "allow-hosts",
        "NAME,...",
        "",
        _names,
        "further names that requests may be for, as behind a proxy",
    ),
    Setting(
        "insecure", None, "false", _switch, "listen beyond loopback, where anybody can then read"
    ),
    Setting("procfs", "DIR", "/proc", _folder, "read this tree in the place of /proc"),
    Setting("sysfs", "DIR", "/sys", _folder, "read this tree in the place of /sys"),
)


def load(
    options: Mapping[str, str | None], environment: Mapping[str, str], file: Path | None
) -> Settings:
    """Gives the settings. `options` are texts of the command line by field, None where not given.

    Raises SettingsError, naming the option, the variable or the key of the file at fault.
    """
    written = _read_file(file) if file is not None else {}
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        origin, text = f"--{setting.name}", options.get(setting.field)
        if text is None:
            origin, text = setting.variable, environment.get(setting.variable)
        if text is None:
            origin, text = f"{file}: {setting.field}", written.get(setting.field)
        if text is None:
            origin, text = f"--{setting.name}", _default(setting, environment)
        try:
            values[setting.field] = setting.convert(text)
        except ValueError as error:
            raise SettingsError(origin, text, str(error)) from error
    settings = Settings(**values)
    if not settings.insecure and not is_loopback(settings.host):
        expected = "a loopback address, or --insecure, as anybody could read"
        raise SettingsError("--host", settings.host, expected)
    return settings


def _default(setting: Setting, environment: Mapping[str, str]) -> str:
    if setting.default != DEFAULT_DATA_DIR:
        return setting.default
    if os.geteuid() == 0:
        return "/var/lib/irq_server"
    state = environment.get("XDG_STATE_HOME") or ""
    home = state if state.startswith("/") else "~/.local/state"
    return f"{home}/irq_server"


def _read_file(path: Path) -> dict[str, str]:
    """Gives the texts of a TOML file by field. Raises SettingsError."""
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SettingsError("--config", path, f"a TOML file that can be read ({error})") from error
    known = {setting.field for setting in SETTINGS}
    for key, value in values.items():
        if key not in known:
            raise SettingsError(f"{path}", key, f"one of {', '.join(sorted(known))}")
        if not isinstance(value, str | int | float):
            raise SettingsError(f"{path}: {key}", value, "a string or a number")
    return {key: str(value) for key, value in values.items()}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`; names other than localhost are not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
