"""What the store's tests share: samples of a simulated machine, and the files as they lie there."""

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from irq_server.store.segments.segment_files import segments_in
from irq_server.store.store import Store
from simulated import Machine

START = 1767225600.0  # 2026-01-01T00:00:00Z
Open = Callable[..., Store]


def killed(store: Store) -> None:
    """End a store as a kill does: the lock goes, and nothing else happens."""
    with suppress(OSError):  # it was closed or killed before
        store._lock.close()


def sample(store: Store, machine: Machine, second: float, fired: int = 1, ago: float = 10.0):
    """Lets IRQ 24 fire on CPU 1 and samples."""
    if fired:
        machine.fire("24", 1, fired)
    return store.append(machine.look(), machine.boot_id, START + second, ago)


def events(store: Store) -> list[tuple[float, str, str]]:
    return [(each.time - START, each.event, each.detail) for each in store.history.events]


def files_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def size_of(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def text_of(path: Path) -> str:
    """Return the text of a segment, unpacked as every tool does it."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def every_state(folder: Path) -> list[dict[str, int]]:
    """Replay every raw segment by the plainest means; fail if one is damaged."""
    states = []
    for each in segments_in(folder / "raw"):
        lines = text_of(each.path).splitlines(keepends=True)[1:]
        state: dict[str, int] = {}
        frame = ""
        marks = [
            number for number, line in enumerate(lines) if line.split(",")[1] in ("KEY", "END")
        ]
        starts = {a + 1 for a, b in zip([-1, *marks], marks, strict=False) if ",KEY," in lines[b]}
        for number, line in enumerate(lines):
            frame = "" if number in starts else frame
            _, irq, cpu, count = line.rstrip("\n").split(",")
            is_mark = irq in ("KEY", "END")
            if is_mark:
                covered = line[: line.rindex(",") + 1]
                assert int(count) == zlib.crc32((frame + covered).encode())
                states.append(state)
            frame += line
            if not is_mark:
                state = state | {f"{irq},{cpu}": int(count)}
    return states
