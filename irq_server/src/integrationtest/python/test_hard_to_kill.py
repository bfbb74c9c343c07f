"""Readers beside a busy writer, and a server that is killed again and again: nothing is wrong."""

import random
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

import pace
from conftest import Server, Tree

READERS = 4
READS = 10_000
Start = Callable[..., Server]


def totals_in(path: Path) -> dict[str, int] | None:
    """Read a live segment as any program would: up to its last commit mark that matches."""
    data = path.read_bytes()
    totals: dict[str, int] = {}
    frame, rows = b"", b""
    whole: dict[str, int] | None = None
    for line in data[data.index(b"\n") + 1 :].splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        _, irq, cpu, count = line.decode().rstrip("\n").split(",")
        if irq not in ("KEY", "END"):
            totals[f"{irq},{cpu}"] = int(count)
            rows += line
            continue
        frame = rows if irq == "KEY" else frame + rows
        covered = frame + line[: line.rindex(b",") + 1]
        if zlib.crc32(covered) != int(count) or rows.count(b"\n") != int(cpu):
            break
        whole, frame, rows = dict(totals), frame + line, b""
    return whole


def ask_once(session: requests.Session, url: str, start: str, back: float) -> list[object]:
    """Asks for the window up to `back` seconds ago; gives the answer where it is wrong."""
    parameters = {"start": start, "nonzero": "1"}
    if back:
        parameters["end"] = f"{time.time() - back:.3f}"
    answer = session.get(url, params=parameters, timeout=20)
    if answer.status_code == 400 and back:  # an end before the first sample
        return []
    body = answer.json()
    counts = {each["irq"]: each["counts"] for each in body["irqs"]}
    right = counts.get("24") == counts.get("25") and body["total"] == sum(body["totals"])
    return [] if right else [body]


@pytest.mark.slow
def test_ten_thousand_reads_beside_a_busy_writer_are_all_right(
    tree: Tree, start: Start, tmp_path: Path
):
    """Both rows count the same at every sample: a read that saw half of one would differ."""
    tree.texts["25"] = "PCI-MSIX-0000:00:02.0   2-edge      eth0-tx-0"
    tree.cells["25"] = [0, 0]
    tree.fire("24", 1, 1000)
    tree.fire("25", 1, 1000)
    server = start("--procfs", tree.root, "--interval", "20ms")
    server.wait_for_samples()
    first = server.json("/api/v1/cpus")["window"]["start"]
    done = threading.Event()
    wrong: list[object] = []
    answered: list[int] = []

    def write() -> None:
        while not done.wait(0.002):
            tree.cells["24"][1] += 7
            tree.cells["25"][1] += 7
            tree.show()

    def ask(seed: int) -> None:
        dice = random.Random(seed)
        with requests.Session() as session:
            for _ in range(READS // READERS):
                back = dice.random() if dice.random() < 0.2 else 0.0
                found = ask_once(session, f"{server.url}/api/v1/interrupts", first, back)
                wrong.extend(found)
            answered.append(seed)

    writer = threading.Thread(target=write)
    readers = [threading.Thread(target=ask, args=(seed,)) for seed in range(READERS)]
    writer.start()
    for reader in readers:
        reader.start()
    outside = 0
    while any(reader.is_alive() for reader in readers):
        for path in (tmp_path / "data/raw").glob("*/*.csv"):
            totals = totals_in(path)
            if totals is not None and totals["24,1"] != totals["25,1"]:
                wrong.append(totals)
            outside += 1
        time.sleep(0.05)
    done.set()
    writer.join()

    assert wrong == []
    assert len(answered) == READERS
    assert outside > 10
    status = server.json("/api/v1/status")["sampler"]
    assert status["last_error"] is None
    assert server.stop() == 0


def test_kills_at_any_moment_lose_no_count(tree: Tree, start: Start):
    """What fires between the kill and the next start is counted too, as the boot is the same."""
    dice = random.Random(4)
    tree.fire("24", 1, 1)
    server = start("--procfs", tree.root, "--interval", "10ms", "--fsync", "never")
    server.wait_for_samples()
    first = server.json("/api/v1/cpus")["window"]["start"]
    fired = 0
    for _ in pace.some(range(12)):
        count = dice.randrange(1, 10**6)
        tree.fire("24", 0, count)
        fired += count
        time.sleep(dice.random() * 0.05)  # so that the kill hits another moment each time
        server.kill()
        server = start("--procfs", tree.root, "--interval", "10ms", "--fsync", "never")
        server.wait_for_samples()
        answer = server.json("/api/v1/irqs/24", start=first)
        assert answer["counts"] == [0, fired]
