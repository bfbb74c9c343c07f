"""The settings of every command: options, environment, configuration file, default.

The first of them that has a value wins.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import CommandLineError, UsageError, did_you_mean
from .options import COLOR, EVERYWHERE, FORMAT, Setting
from .values import read_choice, read_duration, read_host, read_prometheus, read_server

if TYPE_CHECKING:
    from .config_files import Config, Host

Found = list[tuple[str, str]]
"""A setting's values, each after the option, variable or file that it came from."""


class General(NamedTuple):
    """The settings of every command: the servers, each once, and how to ask and answer."""

    hosts: "tuple[Host, ...]"
    timeout_seconds: float
    form: str
    """``table``, ``json`` or ``csv``."""
    colour: str = "auto"
    verbose: bool = False
    quiet: bool = False
    prometheus: "Host | None" = None
    """The Prometheus-compatible server to ask for hosts, in place of servers."""
    pattern: str = ""
    """The hosts that are meant there; empty for all."""

    @property
    def several(self) -> bool:
        """True if several servers or hosts may be asked."""
        if self.prometheus:
            return not self.pattern or any(each in self.pattern for each in "*?[")
        return len(self.hosts) > 1


def read_general(given: Mapping[str, object], environment: Mapping[str, str]) -> General:
    """Return the settings of every command. Raise CommandLineError, UsageError and ConfigError."""
    if given.get("verbose") and given.get("quiet"):
        raise CommandLineError("--verbose and --quiet contradict each other")
    config = find_config(given, environment)
    found = {
        each.name: _values(each, given, environment, config) for each in EVERYWHERE if each.metavar
    }
    if found["hosts"] and found["server"][0][0] == "":
        found["server"] = []  # hosts are named: the default server is not meant as well
    tokens = found["token-file"]
    token_file = tokens[0][1] if tokens else None
    prometheus = _prometheus(found, token_file)
    if given.get("host") and not prometheus:
        raise CommandLineError("--host is for --prometheus; --server names a server")
    return General(
        hosts=() if prometheus else _hosts(found, config, token_file),
        prometheus=prometheus,
        pattern=read_host("--host", str(given["host"])) if given.get("host") else "",
        timeout_seconds=read_duration(*found["timeout"][0]).seconds,
        form=read_choice(*found["format"][0], FORMAT.choices),
        colour=read_choice(*found["color"][0], COLOR.choices),
        verbose=bool(given.get("verbose")),
        quiet=bool(given.get("quiet")),
    )


def find_config(given: Mapping[str, object], environment: Mapping[str, str]) -> "Config | None":
    """Return the configuration file that is named, or the default one if there is one."""
    named = given.get("config") or environment.get("IRQ_CLIENT_CONFIG", "").strip()
    path = str(named) if named else _default_config(environment)
    if not named and not (path and Path(path).exists()):
        return None
    from .config_files import read_config

    return read_config(path, required=bool(named))


def _default_config(environment: Mapping[str, str]) -> str:
    """Return the path of the file that is read if it exists; empty if there is no home."""
    folder = environment.get("XDG_CONFIG_HOME") or ""
    if not folder and environment.get("HOME"):
        folder = str(Path(environment["HOME"], ".config"))
    return str(Path(folder, "irq_client", "config.toml")) if folder else ""


def _values(
    setting: Setting,
    given: Mapping[str, object],
    environment: Mapping[str, str],
    config: "Config | None",
) -> Found:
    value = given.get(setting.name)
    if value is not None:
        texts = value if isinstance(value, list) else [value]
        return [(setting.option, str(text)) for text in texts]
    text = environment.get(setting.environment, "").strip()
    if text:
        texts = text.split() if setting.repeatable else [text]
        return [(setting.environment, each) for each in texts]
    if config is not None and setting.name in config.values:
        return [(f"{setting.name} in the file", each) for each in config.values[setting.name]]
    return [("", setting.default)] if setting.default else []


def _prometheus(found: Mapping[str, Found], token_file: str | None) -> "Host | None":
    """Return the Prometheus server to ask; None if servers are named at a nearer place.

    Raise CommandLineError if they are named at the same one.
    """
    from .config_files import Host

    if not found["prometheus"]:
        return None
    ((source, text),) = found["prometheus"]
    servers = [each for name in ("server", "hosts") for each, _ in found[name] if each]
    nearest = min(servers, key=_distance, default="")
    if nearest and _distance(nearest) == _distance(source):
        raise CommandLineError(f"{source} and {nearest} contradict each other: give one")
    if nearest and _distance(nearest) < _distance(source):
        return None
    url = read_prometheus(source, text)
    return Host(url.partition("://")[2] or url, url, token_file)


def _distance(source: str) -> int:
    """Return how far a place of settings is from the command line, that of a file being 2."""
    return 0 if source.startswith("--") else 1 if source.isupper() else 2


def _hosts(
    found: Mapping[str, Found], config: "Config | None", token_file: str | None
) -> "tuple[Host, ...]":
    """Return the servers that --server and --hosts name, each URL once, with their token files."""
    from .config_files import Host, expanded, read_hosts

    hosts: list[Host] = []
    for source, text in found["server"]:
        named = _configured(text, config)
        if not named:
            _refuse_misspelt(source or "--server", text, config)
            url = read_server(source or "--server", text)
            named = [Host(url.partition("://")[2] or url, url)]
        hosts += named
    for source, path in found["hosts"]:
        hosts += read_hosts(expanded(source or "--hosts", path))
    first: dict[str, Host] = {}
    for host in hosts:
        first.setdefault(host.url, host._replace(token_file=host.token_file or token_file))
    return tuple(first.values())


def _configured(text: str, config: "Config | None") -> "list[Host]":
    """Return the servers of the file that a name or a shell pattern means, none for an address."""
    if config is None:
        return []
    if text in config.hosts:
        return [config.hosts[text]]
    from fnmatch import fnmatchcase

    return [host for name, host in config.hosts.items() if fnmatchcase(name, text)]


def _refuse_misspelt(source: str, text: str, config: "Config | None") -> None:
    """Raise UsageError for a pattern, and for a word that looks like a name in the file."""
    names = list(config.hosts) if config else []
    near = "" if re.search("[.:/]", text) else did_you_mean(text, names)
    if near or re.search(r"[*?]", text):
        expected = "an address such as host:5000, or a name in the configuration file"
        raise UsageError(source, text, expected, near)
