"""The command line, in process: what it starts, what it stops, and its exit statuses."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import mock
import pytest

from irq_server import cli, sampler
from irq_server.errors import StoreError
from irq_server.store import Store

TEXT = "           CPU0\n 24:         5 PCI-MSI 1-edge      eth0\n"


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/interrupts").write_text(TEXT)
    return [
        "--port",
        "0",
        "--procfs",
        str(tmp_path / "proc"),
        "--data-dir",
        str(tmp_path / "data"),
    ]


@pytest.fixture(autouse=True)
def untouched_process() -> Iterator[None]:
    """Puts back what the command sets for its whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    actions = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for number, action in actions.items():
        signal.signal(number, action)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_the_sample_in_hand_whole(
    arguments: list[str], tmp_path: Path, number: int
):
    sampled = sampler.Sampler.sample

    def then_signal(self: sampler.Sampler, tick: int) -> None:
        sampled(self, tick)
        os.kill(os.getpid(), number)

    with mock.patch.object(sampler.Sampler, "sample", then_signal):
        assert cli.main(arguments) == 0

    (segment,) = (tmp_path / "data/raw").glob("*/*.csv")
    assert [line.split(",")[1] for line in segment.read_text().splitlines()[1:]] == ["24", "END"]
    events = (tmp_path / "data/events.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in events[1:]] == ["start", "stop"]
    assert not [each for each in threading.enumerate() if each.name == "sampler"]


def test_a_store_in_use_is_one_line_and_status_1(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    other = Store(tmp_path / "data")
    try:
        assert cli.main(arguments) == 1
    finally:
        other.close()

    assert capsys.readouterr().err == (
        f"irq_server: {tmp_path}/data: another irq_server samples into this directory\n"
    )


def test_a_wrong_setting_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]):
    assert cli.main(["--interval", "never"]) == 2
    assert capsys.readouterr().err.startswith("irq_server: --interval: expected a duration")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == "irq_server 0.1.0\n"


def test_an_event_that_cannot_be_recorded_is_logged_and_no_more(
    arguments: list[str], caplog: pytest.LogCaptureFixture
):
    def fail(*_: object) -> None:
        raise StoreError(Path("/data/events.csv"), "No space left on device")

    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with (
        mock.patch.object(Store, "record", fail),
        mock.patch.object(sampler.Sampler, "sample", stop),
    ):
        assert cli.main(arguments) == 0

    assert "the event start is not recorded: /data/events.csv: No space left" in caplog.text


def test_a_sampler_that_hangs_does_not_hold_the_process(
    arguments: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    hangs = threading.Event()
    monkeypatch.setattr(sampler, "STOP_SECONDS", 0.05)

    def hang(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        hangs.wait(10)

    with mock.patch.object(sampler.Sampler, "sample", hang):
        assert cli.main(arguments) == 0
    hangs.set()

    assert "the sampler did not stop" in caplog.text


def test_another_interval_than_before_is_an_event(arguments: list[str], tmp_path: Path):
    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with mock.patch.object(sampler.Sampler, "sample", stop):
        for interval in ("10s", "10s", "500ms"):
            assert cli.main([*arguments, "--interval", interval]) == 0

    events = (tmp_path / "data/events.csv").read_text().splitlines()
    starts = [line.split(",", 1)[1] for line in events[1:] if ",stop," not in line]
    assert starts == [
        "start,,,every 10s",
        "start,,,every 10s",
        "interval,,,10s -> 500ms",
        "start,,,every 500ms",
    ]
