"""The recording: other settings take hold between two samples, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mock
import pytest

from irq_server.errors import SettingsError
from irq_server.kernel.procfs import Procfs
from irq_server.sampling import sampler
from irq_server.sampling.recording import Recording, has_whole_seconds
from irq_server.settings.load import load
from irq_server.settings.table import Settings
from irq_server.store.schedule import Schedule
from irq_server.times import format_moment
from simulated import Machine

SECONDS = 20.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"data_dir": str(tmp_path / "data"), "interval": "1h"}, {}, None)


@pytest.fixture
def recording(settings: Settings, machine: Machine) -> Iterator[Recording]:
    assert machine.root
    with Recording(settings, Procfs(machine.root)) as made:
        yield made


def wait_for_samples(recording: Recording, count: int) -> None:
    """Wait until this many samples were taken."""
    while recording.sampler.status.samples < count:
        assert recording.sampler.is_alive


def events_in(folder: Path) -> list[str]:
    lines = (folder / "data/events.csv").read_text().splitlines()[1:]
    return [",".join(line.split(",")[1::3]) for line in lines]


def test_another_interval_takes_hold_at_once_and_is_an_event(
    recording: Recording, settings: Settings, tmp_path: Path
):
    wait_for_samples(recording, 1)
    before = format_moment(recording.sampler.status.last_sample or 0.0)

    recording.prepare(replace(settings, interval=0.02))()
    wait_for_samples(recording, 5)

    assert recording.sampler.status.interval_seconds == 0.02
    assert recording.store.interval_seconds == 0.02
    events = events_in(tmp_path)
    assert events[:2] == ["start,every 1h", "interval,1h -> 20ms"]
    assert f"gap,since {before}" not in events
    # whole seconds, and then others: another form is another segment
    (closed,) = (tmp_path / "data/raw").glob("*/*.csv.gz")
    (live,) = (tmp_path / "data/raw").glob("*/*.csv")
    assert closed.name.removesuffix(".csv.gz").isdecimal()
    assert float(live.name.removesuffix(".csv")) > int(closed.name.removesuffix(".csv.gz"))
    assert "." in live.name.removesuffix(".csv")


def test_intervals_of_single_rows_take_hold(recording: Recording, settings: Settings):
    wait_for_samples(recording, 1)

    recording.prepare(replace(settings, intervals={"LOC": 0.02}))()
    wait_for_samples(recording, 5)

    assert recording.sampler.status.interval_seconds == 3600.0


def test_bounds_take_hold(recording: Recording, settings: Settings):
    wait_for_samples(recording, 1)
    retention = {**settings.retention, "raw": 3600.0}

    recording.prepare(replace(settings, max_size=70000, retention=retention, fsync="never"))()
    wait_for_samples(recording, 2)

    assert recording.store.status().max_bytes == 70000
    assert recording.sampler.status.state == "running"


def test_settings_that_are_the_same_take_no_sample(recording: Recording, settings: Settings):
    wait_for_samples(recording, 1)

    recording.prepare(replace(settings, log_level="debug"))()

    assert recording.sampler.status.samples == 1


def test_other_tiers_need_a_restart(recording: Recording, settings: Settings):
    wanted = replace(settings, retention={**settings.retention, "5m": 86400.0})

    with pytest.raises(
        SettingsError, match=r"^--retention: expected the tiers raw,1m,1h as at the start"
    ):
        recording.prepare(wanted)


def test_a_sampler_that_hangs_goes_on_as_it_was(
    recording: Recording, settings: Settings, caplog: pytest.LogCaptureFixture
):
    wait_for_samples(recording, 1)

    with mock.patch.object(sampler.Sampler, "stop", return_value=False):
        recording.prepare(replace(settings, interval=0.02))()

    assert recording.store.interval_seconds == 3600.0
    assert "reload: the sampler hangs and goes on as it was" in caplog.messages


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
