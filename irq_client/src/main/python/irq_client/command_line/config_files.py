"""Files that name servers: the file of hosts, and the configuration file."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import SHOWN_CHARACTERS, ConfigError, UsageError, did_you_mean
from .options import CONFIG_KEYS
from .values import read_server


class Host(NamedTuple):
    """One server: its name, its URL, and the file with its token, None for none of its own."""

    name: str
    url: str
    token_file: str | None = None
    instance: str = ""
    """The host at a Prometheus-compatible server; empty for an irq_server."""
    is_exact: bool = True
    """False if the host has node_exporter's counters alone there."""


class Config(NamedTuple):
    """A configuration file: values of settings, and servers by name."""

    values: Mapping[str, tuple[str, ...]] = {}
    hosts: Mapping[str, Host] = {}


def read_hosts(path: str) -> list[Host]:
    """Read a file of hosts: one to a line, a server or ``NAME SERVER``, as `read_server` reads it.

    A ``#`` begins a comment. Raise ConfigError with the path and the line.
    """
    hosts = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        words = line.partition("#")[0].split()
        if len(words) > 2:
            raise ConfigError(f"{path}:{number}", "SERVER, or NAME SERVER", line.strip())
        if words:
            name = words[0].partition("://")[2] or words[0]
            hosts.append(_host(f"{path}:{number}", name, words[-1]))
    if not hosts:
        raise ConfigError(path, "at least one host", "none")
    return hosts


def _host(where: str, name: str, address: str) -> Host:
    try:
        return Host(name, read_server(where, address))
    except UsageError as error:
        raise ConfigError(where, error.expected, error.value) from None


def read_config(path: str, *, required: bool) -> Config:
    """Read a configuration file, TOML; an empty Config if it is missing and not `required`.

    Raise ConfigError for a file that cannot be read, for an unknown key, and for a value of another
    type than text, number or, for servers, a list of texts.
    """
    if not required and not Path(path).exists():
        return Config()
    import tomllib  # here: most runs have no such file

    try:
        document = tomllib.loads(_text(path))
    except (ValueError, RecursionError) as error:  # of numbers and lists that are too long, too
        raise ConfigError(path, "TOML", str(error)) from None
    servers = document.pop("servers", {})
    if not isinstance(servers, dict):
        raise ConfigError(path, "a table [servers.NAME]", "something else under servers")
    values = {}
    for key, value in document.items():
        if key not in CONFIG_KEYS:
            expected = f"one of {', '.join(CONFIG_KEYS)} or [servers.NAME]"
            raise ConfigError(path, expected, key + did_you_mean(key, CONFIG_KEYS))
        values[key] = _values(f"{path}: {key}", value)
    hosts = {name: _configured(path, name, table) for name, table in servers.items()}
    return Config(values, hosts)


def _values(where: str, value: object) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(each, str | int | float) for each in texts):
        raise ConfigError(where, "a text, a number or a list of texts", repr(value))
    return tuple(str(each) for each in texts)


def _configured(path: str, name: str, table: object) -> Host:
    where = f"{path}: servers.{name[:SHOWN_CHARACTERS]}"
    if not isinstance(table, dict) or not isinstance(table.get("url"), str):
        raise ConfigError(where, 'url = "http://..."', "something else")
    token_file = table.get("token-file")
    unknown = sorted({*table} - {"url", "token-file"})
    if unknown or not isinstance(token_file, str | None):
        raise ConfigError(where, "url and token-file", ", ".join(unknown) or "another type")
    host = _host(where, name, table["url"])
    return Host(host.name, host.url, None if token_file is None else expanded(where, token_file))


def expanded(where: str, path: str) -> str:
    """Return a path with the home for a ``~``. Raise ConfigError if there is no such home."""
    try:
        return str(Path(path).expanduser())
    except RuntimeError:
        raise ConfigError(where, "a file of a user who has a home", path) from None


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except OSError as error:
        raise ConfigError(path, "a file that can be read", error.strerror or str(error)) from None
    except ValueError as error:
        raise ConfigError(path, "text in UTF-8", str(error)) from None
