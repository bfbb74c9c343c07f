"""Options, environment and file -> Settings, by the table in table.py.

An option wins over the environment, the environment over the file, the file over the default.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from .table import DEFAULT_DATA_DIR, ENVIRONMENT_PREFIX, SETTINGS, Setting, Settings

_DATA_DIR = next(setting for setting in SETTINGS if setting.field == "data_dir")


def file_of(options: Mapping[str, str | None], environment: Mapping[str, str]) -> Path | None:
    """Return the path of the settings file; None if neither option nor environment names one."""
    name = options.get("config") or environment.get(f"{ENVIRONMENT_PREFIX}CONFIG")
    return Path(name) if name else None


def load(
    options: Mapping[str, str | None],
    environment: Mapping[str, str],
    file: Path | None,
    start_folder: Path | None = None,
) -> Settings:
    """Return the settings. `options` are the command line's texts by field, None if not given.

    Paths count from `start_folder`, if it is given: a daemon changes its folder. Raise
    SettingsError, which names the option, the variable or the file's key at fault.
    """
    if file is not None and start_folder is not None:
        file = start_folder / file
    written = _read_file(file) if file is not None else {}
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        value = _value_of(setting, options, environment, written)
        is_relative = isinstance(value, Path) and start_folder is not None
        values[setting.field] = start_folder / value if is_relative else value
    settings = Settings(**values)
    refuse_contradictions(settings)
    return settings


def load_data_dir(environment: Mapping[str, str], file: Path | None) -> Path:
    """Return the data directory alone, for work without a server; no other setting is looked at.

    Raise SettingsError.
    """
    written = _parse_file(file) if file is not None else {}
    key = _DATA_DIR.field
    if key in written:
        written = {key: _value_in_file(_DATA_DIR, f"{file}: {key}", written[key])}
    found: Path = _value_of(_DATA_DIR, {}, environment, written)
    return found


def refuse_contradictions(settings: Settings) -> None:
    """Raise SettingsError if settings contradict each other."""
    if settings.log_file is not None and settings.log != "auto":
        raise SettingsError("--log-file", settings.log_file, f"no --log {settings.log} beside it")
    if settings.daemon and settings.log == "stderr":
        raise SettingsError("--log", "stderr", "another place, as --daemon has no standard error")
    _refuse_places(settings)
    if settings.user and settings.allow_affinity:
        raise SettingsError(
            "--user", settings.user, "no --allow-affinity beside it: that needs root"
        )
    if settings.token_file is None:
        _refuse_without_tokens(settings)


def _refuse_places(settings: Settings) -> None:
    """Raise SettingsError if the settings leave open where the server listens, or behind what."""
    if settings.socket is not None and (settings.host, settings.port) != ("127.0.0.1", 5000):
        raise SettingsError("--socket", settings.socket, "no --host or --port beside it")
    if settings.trusted_proxy and (settings.trusted_proxy == "unix") != (
        settings.socket is not None
    ):
        expected = "unix with --socket, an address without"
        raise SettingsError("--trusted-proxy", settings.trusted_proxy, expected)


def _refuse_without_tokens(settings: Settings) -> None:
    """Raise SettingsError if a token file is missing."""
    if settings.allow_affinity:
        raise SettingsError("--allow-affinity", "none", "a --token-file beside it")
    if settings.insecure or not settings.is_reached_from_beyond:
        return
    if settings.trusted_proxy:
        expected = "a --token-file beside it, or --insecure, as anybody could read"
        raise SettingsError("--trusted-proxy", settings.trusted_proxy, expected)
    expected = "a loopback address, or --token-file, or --insecure, as anybody could read"
    raise SettingsError("--host", settings.host, expected)


def _default(setting: Setting, environment: Mapping[str, str]) -> str:
    if setting.default != DEFAULT_DATA_DIR:
        return setting.default
    if os.geteuid() == 0:
        return "/var/lib/irq_server"
    state = environment.get("XDG_STATE_HOME") or ""
    home = state if state.startswith("/") else "~/.local/state"
    return f"{home}/irq_server"


def _value_of(
    setting: Setting,
    options: Mapping[str, str | None],
    environment: Mapping[str, str],
    written: Mapping[str, Any],
) -> Any:
    option = options.get(setting.field)
    if option is not None:
        return _convert(setting, f"--{setting.name}", option)
    if setting.variable in environment:
        return _convert(setting, setting.variable, environment[setting.variable])
    if setting.field in written:
        return written[setting.field]
    return _convert(setting, f"--{setting.name}", _default(setting, environment))


def _convert(setting: Setting, origin: str, text: str) -> Any:
    try:
        return setting.convert(text)
    except ValueError as error:
        raise SettingsError(origin, text, str(error)) from error


def _read_file(path: Path) -> dict[str, Any]:
    """Return a TOML file's values by field. Raise SettingsError for the first wrong one.

    A wrong value is an error even if an option wins over it.
    """
    written = _parse_file(path)
    rows = {setting.field: setting for setting in SETTINGS}
    values = {}
    for key, value in written.items():
        if key not in rows:
            raise SettingsError(f"{path}", key, f"one of {', '.join(sorted(rows))}")
        values[key] = _value_in_file(rows[key], f"{path}: {key}", value)
    return values


def _parse_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError("--config", path, f"a TOML file that can be read ({error})") from error


def _value_in_file(setting: Setting, origin: str, value: Any) -> Any:
    if type(value) not in setting.kinds:
        raise SettingsError(origin, value, _KINDS[setting.kinds])
    return _convert(setting, origin, str(value))


_KINDS: dict[tuple[type, ...], str] = {
    (bool, str): "true or false",
    (str,): "a string in quotes",
    (str, int, float): "a number, or a string in quotes",
}
