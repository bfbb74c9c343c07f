"""Reload the settings while the server runs: all that can change, or nothing."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import IrqServerError
from .load import refuse_contradictions
from .table import SETTINGS, Setting, Settings

_log = logging.getLogger(__name__)

Commit = Callable[[], None]
Prepare = Callable[[Settings], Commit]
"""Does the part that may fail, raising IrqServerError; returns the part that cannot."""


def changed(before: Settings, after: Settings) -> list[Setting]:
    """Return the settings that differ, in the table's order."""
    return [each for each in SETTINGS if getattr(before, each.field) != getattr(after, each.field)]


def merged(before: Settings, after: Settings) -> Settings:
    """Return the running server's settings: those of `after` that can be reloaded."""
    taken = {each.field: getattr(after, each.field) for each in SETTINGS if each.reloadable}
    return replace(before, **taken)


class Reloader:
    """Reads the settings again with `load`, and hands them to the server's parts, in order."""

    def __init__(
        self, settings: Settings, load: Callable[[], Settings], parts: Sequence[Prepare]
    ) -> None:
        self._settings = settings
        self._load = load
        self._parts = parts

    def reload(self) -> bool:
        """Return whether the settings took effect; if not, nothing changed, and the log says why.

        A setting that needs a restart keeps its value; the log names it.
        """
        try:
            wanted = self._load()
            settings = merged(self._settings, wanted)
            refuse_contradictions(settings)
            commits = [prepare(settings) for prepare in self._parts]
        except IrqServerError as error:
            _log.error("reload: nothing was changed: %s", error)
            return False
        for commit in commits:
            commit()
        _log_changes(changed(self._settings, settings), changed(settings, wanted))
        self._settings = settings
        return True


def _log_changes(taken: Sequence[Setting], left: Sequence[Setting]) -> None:
    _log.info("reloaded: %s", _names(taken) or "no setting has changed")
    if left:
        _log.warning("reload: a restart is needed for %s", _names(left))


def _names(settings: Sequence[Setting]) -> str:
    return ", ".join(each.field for each in settings)
