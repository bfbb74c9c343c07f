"""Events in files of the past and of now: bounded, nothing lost that need not go."""

import errno
import gzip
from pathlib import Path

import pytest

from irq_server.events import Event, Kind
from irq_server.store.event_log import FILES, EventLog, event_row, read_events
from simulated import FaultyFiles

START = 1767225600.0
LIMIT = 8 * 4096
"""So that a file is closed at 4,096 bytes."""


@pytest.fixture
def files() -> FaultyFiles:
    return FaultyFiles()


def log_in(folder: Path, files: FaultyFiles | None = None) -> EventLog:
    """Open the log as a new process does."""
    folder.mkdir(exist_ok=True)
    return EventLog(folder, files or FaultyFiles(), LIMIT)


def reset(second: float) -> Event:
    """An event whose line has 1,024 bytes."""
    event = Event(START + second, Kind.RESET, irq="24")
    line = len(f"{START + second:.3f}".removesuffix(".000")) + len(",reset,24,,\n")
    return Event(event.time, event.event, event.irq, None, "x" * (1024 - line))


def closed_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.glob("events/*/*"))


def test_a_file_that_is_large_enough_is_closed_by_the_next_event(tmp_path: Path):
    log = log_in(tmp_path)
    log.load()

    for second in range(6):
        log.append([reset(second)])

    assert closed_in(tmp_path) == ["events/20260101/1767225600.csv.gz"]
    text = (tmp_path / "events.csv").read_text()
    assert text.startswith("time,event,irq,cpu,detail\n1767225604,reset,24,,xxx")
    closed = gzip.decompress((tmp_path / closed_in(tmp_path)[0]).read_bytes()).decode()
    assert [line.split(",")[0] for line in closed.splitlines()] == [
        "time",
        *(str(1767225600 + second) for second in range(4)),
    ]


def test_all_files_are_read_the_oldest_first(tmp_path: Path):
    log = log_in(tmp_path)
    log.load()
    events = [reset(second) for second in range(11)]
    for each in events:
        log.append([each])

    assert log_in(tmp_path).load() == events


def test_an_event_of_many_is_written_at_once_however_large(tmp_path: Path):
    log = log_in(tmp_path)
    log.load()

    log.append([reset(second) for second in range(20)])
    log.append([reset(20)])

    assert closed_in(tmp_path) == ["events/20260101/1767225600.csv.gz"]
    assert len(log_in(tmp_path).load()) == 21


def test_the_oldest_file_goes_where_there_are_too_many(tmp_path: Path):
    log = log_in(tmp_path)
    log.load()
    left = None
    for second in range(100):
        log.append([reset(second)])
        left = log.bound(None) or left

    # 24 full files and a last one of 4 events, of which this many are left
    assert len(closed_in(tmp_path)) == FILES - 1
    assert left == START + 68
    assert log_in(tmp_path).load() == [reset(second) for second in range(68, 100)]
    unpacked = sum(len(gzip.decompress(each.read_bytes())) for each in tmp_path.glob("events/*/*"))
    assert unpacked + (tmp_path / "events.csv").stat().st_size < LIMIT + 4096


def test_a_file_goes_when_all_that_it_tells_of_is_too_old(tmp_path: Path):
    log = log_in(tmp_path)
    log.load()
    for second in range(0, 1000, 100):
        log.append([reset(second)])

    assert log.bound(START + 400) is None
    assert log.bound(START + 400.5) == START + 400

    assert closed_in(tmp_path) == ["events/20260101/1767226000.csv.gz"]


def test_a_day_without_files_is_removed(tmp_path: Path):
    log = log_in(tmp_path)
    log.load()
    for second in range(5):
        log.append([reset(second)])

    log.bound(START + 1e6)

    assert not (tmp_path / "events").exists()


def test_names_rise_and_are_unique_though_the_clock_was_set_back(tmp_path: Path):
    log = log_in(tmp_path)
    log.load()
    for second in [*range(5), *range(-100, -95), *[-100] * 5]:
        log.append([reset(second)])

    assert closed_in(tmp_path) == [
        "events/20260101/1767225600.csv.gz",
        "events/20260101/1767225604.001.csv.gz",
        "events/20260101/1767225604.csv.gz",
    ]
    assert len(log_in(tmp_path).load()) == 15


@pytest.mark.parametrize("method", ["rename", "append"])
def test_an_event_that_cannot_be_written_is_told_and_written_later(
    tmp_path: Path, files: FaultyFiles, method: str
):
    log = log_in(tmp_path, files)
    log.load()
    for second in range(4):
        log.append([reset(second)])
    files.broken[method] = errno.ENOSPC

    with pytest.raises(OSError, match="No space left"):
        log.append([reset(4)])

    files.broken.clear()
    log.append([reset(4)])
    assert log_in(tmp_path).load() == [reset(second) for second in range(5)]


def test_a_closed_file_that_cannot_be_packed_stays_plain(
    tmp_path: Path, files: FaultyFiles, caplog: pytest.LogCaptureFixture
):
    log = log_in(tmp_path, files)
    log.load()
    files.broken["compress"] = errno.ENOSPC

    for second in range(5):
        log.append([reset(second)])

    assert closed_in(tmp_path) == ["events/20260101/1767225600.csv"]
    assert "cannot be packed" in caplog.text
    assert log_in(tmp_path).load() == [reset(second) for second in range(5)]


def test_a_closed_file_that_is_damaged_costs_only_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    log = log_in(tmp_path)
    log.load()
    for second in range(9):
        log.append([reset(second)])
    (tmp_path / closed_in(tmp_path)[0]).write_bytes(b"nonsense")

    assert log_in(tmp_path).load() == [reset(second) for second in range(4, 9)]
    assert "cannot be read" in caplog.text


def test_a_current_file_that_vanished_is_begun_again(tmp_path: Path):
    log = log_in(tmp_path)
    log.load()
    for second in range(4):
        log.append([reset(second)])
    (tmp_path / "events.csv").unlink()

    log.append([reset(9)])

    assert closed_in(tmp_path) == []
    assert log_in(tmp_path).load() == [reset(9)]


@pytest.mark.parametrize(
    ("event", "row"),
    [
        (Event(1.0, Kind.BOOT), ("1", "boot", "", "", "")),
        (Event(1.0, Kind.RESET, irq="24"), ("1", "reset", "24", "", "")),
        (Event(1.0, Kind.CPU_OFFLINE, cpu=0), ("1", "cpu_offline", "", "0", "")),
        (Event(1.0, Kind.GAP, detail="since then"), ("1", "gap", "", "", "since then")),
    ],
)
def test_an_event_is_a_line_and_back(event: Event, row: tuple[str, ...]):
    assert event_row("1", event) == row
    assert read_events([row]) == [event]


@pytest.mark.parametrize("cpu", ["x", "-1", "1.0", "9" * 5000])
def test_a_cpu_that_is_no_number_is_left_out(cpu: str):
    assert read_events([("1", "cpu_online", "", cpu, "")]) == [Event(1.0, Kind.CPU_ONLINE)]
