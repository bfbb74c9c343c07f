"""The recording: its start, and a stop that ends whatever hangs."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from irq_server.errors import StoreError
from irq_server.kernel.procfs import Procfs
from irq_server.sampling import recording as module
from irq_server.sampling.recording import Recording, has_whole_seconds
from irq_server.settings.load import load
from irq_server.settings.table import Settings
from irq_server.store.schedule import Schedule
from irq_server.store.store import Store
from simulated import Machine

SECONDS = 20.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"data_dir": str(tmp_path / "data"), "interval": "1h"}, {}, None)


def wait_for_samples(recording: Recording, count: int) -> None:
    """Wait until this many samples were taken."""
    while recording.sampler.status.samples < count:
        assert recording.sampler.is_alive


def events_in(folder: Path) -> list[str]:
    lines = (folder / "data/events.csv").read_text().splitlines()[1:]
    return [",".join(line.split(",")[1::3]) for line in lines]


@pytest.mark.parametrize("step", ["warm", "record", "close"])
def test_a_stop_ends_though_the_disk_hangs(
    settings: Settings,
    machine: Machine,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(module, "SURVEY_SECONDS", 0.05)
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.05)
    assert machine.root
    going_on = threading.Event()

    def hang(*_: object) -> None:
        assert going_on.wait(SECONDS)

    before = set(threading.enumerate())
    if step == "warm":
        monkeypatch.setattr(Store, "warm", hang)
    recording = Recording(settings, Procfs(machine.root))
    with recording:
        wait_for_samples(recording, 1)
        if step != "warm":
            monkeypatch.setattr(recording.store, step, hang)

    left = set(threading.enumerate()) - before
    assert left
    assert all(each.daemon for each in left)  # the end of the process waits for any other
    going_on.set()
    recording._closing.join(SECONDS)
    said = {"warm": "the survey of older segments hangs"}.get(
        step, "the disk has not taken the end"
    )
    assert said in caplog.text


def test_a_disk_that_refuses_the_end_is_an_error(
    settings: Settings, machine: Machine, monkeypatch: pytest.MonkeyPatch
):
    assert machine.root
    recording = Recording(settings, Procfs(machine.root))
    close = recording.store.close

    def refuse() -> None:
        close()
        raise StoreError(Path("/full"), "No space left on device")

    monkeypatch.setattr(recording.store, "close", refuse)
    with pytest.raises(StoreError, match="No space left"), recording:
        wait_for_samples(recording, 1)


def test_another_interval_at_a_start_is_an_event(
    settings: Settings, machine: Machine, tmp_path: Path
):
    assert machine.root
    for interval in (3600.0, 0.02):
        with Recording(replace(settings, interval=interval), Procfs(machine.root)) as recording:
            wait_for_samples(recording, 1)

    events = [each for each in events_in(tmp_path) if not each.startswith("gap")]
    assert events == ["start,every 1h", "stop,", "interval,1h -> 20ms", "start,every 20ms", "stop,"]


@pytest.mark.parametrize(
    ("interval", "intervals", "whole"),
    [
        (10.0, {}, True),
        (0.5, {}, False),
        (10.0, {"LOC": 1.0}, True),
        (10.0, {"LOC": 2.5}, False),
        (2.5, {"LOC": 1.0}, False),
    ],
)
def test_samples_have_whole_seconds_where_every_interval_is_whole(
    settings: Settings, interval: float, intervals: dict[str, float], whole: bool
):
    assert has_whole_seconds(replace(settings, interval=interval, intervals=intervals)) == whole
    assert Schedule(interval, intervals).tick_seconds <= interval
