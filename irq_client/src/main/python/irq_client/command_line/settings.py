"""Where the settings of every command come from: options, environment, configuration file."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UsageError
from .options import EVERYWHERE, Setting
from .values import is_url, read_server

if TYPE_CHECKING:
    from .config_files import Config, Host

Found = list[tuple[str, str]]
"""A setting's values, each after the option, variable or file that it came from."""


class Servers(NamedTuple):
    """The servers to ask: URLs in order, each once, names by URL, token files by URL."""

    urls: tuple[str, ...]
    names: dict[str, str]
    token_files: dict[str, str]


def general_values(
    given: Mapping[str, object], environment: Mapping[str, str]
) -> tuple[dict[str, Found], "Config | None"]:
    """Gives the values of every setting with a value, and the configuration file, None for none.

    The command line wins over the environment, that over the file, and that over the default.
    Raises ConfigError.
    """
    config = _config(given, environment)
    found = {}
    for setting in EVERYWHERE:
        if setting.metavar:
            found[setting.name] = _values(setting, given, environment, config)
    if found["hosts"] and found["server"][0][0] == "":
        found["server"] = []  # hosts are named: the default server is not meant as well
    return found, config


def _config(given: Mapping[str, object], environment: Mapping[str, str]) -> "Config | None":
    named = given["config"] or environment.get("IRQ_CLIENT_CONFIG", "").strip()
    path = str(named) if named else _default_config(environment)
    if not named and not (path and Path(path).exists()):
        return None
    from .config_files import read_config

    return read_config(path, required=bool(named))


def _default_config(environment: Mapping[str, str]) -> str:
    """Gives the path of the file that is read where it exists; empty where there is no home."""
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
    value = given[setting.name]
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


def servers(values: Mapping[str, Found], config: "Config | None") -> Servers:
    """Gives the servers that --server and --hosts name. Raises UsageError and ConfigError."""
    hosts: list[tuple[str, str, str | None]] = []
    for source, text in values["server"]:
        named = _configured(text, config)
        hosts += [(host.name, host.url, host.token_file) for host in named]
        if not named:
            url = _checked(source or "--server", text, config)
            hosts.append((url.partition("://")[2] or url, url, None))
    for source, path in values["hosts"]:
        from .config_files import expanded, read_hosts

        found = read_hosts(expanded(source or "--hosts", path))
        hosts += [(host.name, host.url, None) for host in found]
    first: dict[str, tuple[str, str | None]] = {}
    for name, url, token_file in hosts:
        first.setdefault(url, (name, token_file))
    return Servers(
        tuple(first),
        {url: name for url, (name, _) in first.items()},
        {url: file for url, (_, file) in first.items() if file},
    )


def _configured(text: str, config: "Config | None") -> "list[Host]":
    """Gives the servers of the file that a name or a shell pattern names, none for a URL."""
    if config is None or is_url(text):
        return []
    from fnmatch import fnmatchcase

    return [host for name, host in config.hosts.items() if fnmatchcase(name, text)]


def _checked(source: str, text: str, config: "Config | None") -> str:
    """Gives a URL; a name that the file does not know is told with those that it knows."""
    if config is not None and config.hosts and not is_url(text):
        raise UsageError(source, text, f"a URL, or one of {', '.join(config.hosts)}")
    return read_server(source, text)
