"""What a person wrote -> Settings, by the table in config.py.

What the command line says wins over the environment, that over the file, that over the default.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .config import DEFAULT_DATA_DIR, SETTINGS, Setting, Settings
from .errors import SettingsError
from .hosts import is_loopback


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
    _refuse_contradictions(settings)
    return settings


def _refuse_contradictions(settings: Settings) -> None:
    if settings.token_file is not None:
        return
    if settings.allow_affinity:
        raise SettingsError("--allow-affinity", "none", "a --token-file beside it")
    if not settings.insecure and not is_loopback(settings.host):
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


def _read_file(path: Path) -> dict[str, str]:
    """Gives the texts of a TOML file by field. Raises SettingsError."""
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SettingsError("--config", path, f"a TOML file that can be read ({error})") from error
    rows = {setting.field: setting for setting in SETTINGS}
    for key, value in values.items():
        if key not in rows:
            raise SettingsError(f"{path}", key, f"one of {', '.join(sorted(rows))}")
        if type(value) not in rows[key].kinds:
            raise SettingsError(f"{path}: {key}", value, _KINDS[rows[key].kinds])
    return {key: str(value) for key, value in values.items()}


_KINDS: dict[tuple[type, ...], str] = {
    (bool, str): "true or false",
    (str,): "a string in quotes",
    (str, int, float): "a number, or a string in quotes",
}
