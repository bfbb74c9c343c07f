"""A reload: all that can change, or nothing."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from irq_server.errors import LogError, SettingsError
from irq_server.settings.load import load
from irq_server.settings.reload import Commit, Reloader, changed, merged
from irq_server.settings.table import SETTINGS, Setting, Settings


@pytest.fixture
def settings() -> Settings:
    return load({}, {}, None)


class Part:
    """A part of a server that takes settings, or refuses to."""

    def __init__(self) -> None:
        """Has taken nothing yet."""
        self.prepared: list[Settings] = []
        self.taken: list[Settings] = []
        self.refusal: Exception | None = None

    def prepare(self, settings: Settings) -> Commit:
        """Take settings, in two steps."""
        if self.refusal:
            raise self.refusal
        self.prepared.append(settings)
        return lambda: self.taken.append(settings)


def reloader(settings: Settings, *wanted: Settings, parts: list[Part]) -> Reloader:
    answers = iter(wanted)
    return Reloader(settings, lambda: next(answers), [part.prepare for part in parts])


def test_what_can_be_reloaded_is_taken_and_named(
    settings: Settings, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    part = Part()
    wanted = replace(settings, log_level="debug", access_log=True)

    assert reloader(settings, wanted, parts=[part]).reload()

    assert part.taken == [wanted]
    assert caplog.messages == ["reloaded: log_level, access_log"]


def test_what_needs_a_restart_is_named_each_time_and_stays(
    settings: Settings, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    part = Part()
    wanted = replace(settings, port=81, data_dir=Path("/other"), log_level="debug")
    one = reloader(settings, wanted, wanted, parts=[part])

    assert one.reload()
    assert one.reload()

    assert part.taken == [replace(settings, log_level="debug")] * 2
    assert caplog.messages == [
        "reloaded: log_level",
        "reload: a restart is needed for port, data_dir",
        "reloaded: no setting has changed",
        "reload: a restart is needed for port, data_dir",
    ]


def test_settings_that_cannot_be_read_change_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
):
    part = Part()

    def fail() -> Settings:
        raise SettingsError("/etc/irq_server.toml: port", "x", "a port")

    assert not Reloader(settings, fail, [part.prepare]).reload()

    assert part.prepared == []
    assert caplog.messages == [
        "reload: nothing was changed: /etc/irq_server.toml: port: expected a port, found 'x'"
    ]


def test_a_part_that_refuses_keeps_the_others_as_they_are(
    settings: Settings, caplog: pytest.LogCaptureFixture
):
    willing, unwilling = Part(), Part()
    unwilling.refusal = LogError(Path("/full"), "No space left on device")
    wanted = replace(settings, log_level="debug")
    one = reloader(settings, wanted, wanted, parts=[willing, unwilling])

    assert not one.reload()
    assert (len(willing.prepared), willing.taken) == (1, [])
    assert "nothing was changed: cannot log to /full: No space left" in caplog.text

    unwilling.refusal = None
    assert one.reload()
    assert willing.taken == unwilling.taken == [wanted]


def test_what_the_new_settings_allow_together_is_asked_of_those_that_run(
    caplog: pytest.LogCaptureFixture,
):
    running = load({"host": "0.0.0.0", "token_file": "/tokens"}, {}, None)  # noqa: S104
    wanted = load({}, {}, None)  # loopback, so that it needs no tokens; the host stays
    part = Part()

    assert not reloader(running, wanted, parts=[part]).reload()

    assert part.taken == []
    assert "--host: expected a loopback address, or --token-file" in caplog.text


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.name)
def test_every_setting_is_taken_or_told(settings: Settings, setting: Setting):
    wanted = replace(settings, **{setting.field: object()})

    running = merged(settings, wanted)

    assert changed(settings, running) == ([setting] if setting.reloadable else [])
    assert changed(running, wanted) == ([] if setting.reloadable else [setting])
