"""The installed irq_server: a real process, requests over the wire, files on a disk."""

import csv
import io
import signal
import socket
import subprocess
import threading
import time
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from conftest import COMMAND, Server, Tree, wait_until

FAST = ("--interval", "50ms")
Start = Callable[..., Server]


def test_counts_in_a_window_are_what_fired(tree: Tree, start: Start):
    tree.fire("24", 1000, 2000)
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    before = server.json("/api/v1/interrupts")["window"]["end"]

    tree.fire("24", 0, 5604)
    tree.fire("LOC", 1804, 3697)
    server.wait_for_samples()
    answer = server.json("/api/v1/interrupts", start=before)

    assert answer["cpus"] == [0, 1]
    assert [(each["irq"], each["device"], each["counts"]) for each in answer["irqs"]] == [
        ("24", "eth0-rx-0", [0, 5604]),
        ("LOC", "", [1804, 3697]),
        ("ERR", "", None),
    ]
    assert answer["totals"] == [1804, 9301]
    assert answer["total"] == 11105
    assert answer["window"]["start"] == before
    assert answer["window"]["complete"] is True


def test_neighbouring_windows_add_up_and_an_edge_names_its_sample(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST)
    edges = []
    for counts in ((1, 10), (2, 20), (3, 30)):
        server.wait_for_samples()
        edges.append(server.json("/api/v1/cpus")["window"]["end"])
        tree.fire("24", *counts)
    server.wait_for_samples()
    edges.append(server.json("/api/v1/cpus")["window"]["end"])

    parts = [
        server.json("/api/v1/irqs/24", start=left, end=right) for left, right in pairwise(edges)
    ]
    whole = server.json("/api/v1/irqs/24", start=edges[0], end=edges[-1])

    assert [part["counts"] for part in parts] == [[1, 10], [2, 20], [3, 30]]
    assert [part["window"]["start"] for part in parts] == edges[:-1]
    assert whole["counts"] == [6, 60]


def test_every_route_answers_as_json_and_as_csv(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    tree.fire("24", 3, 4)
    server.wait_for_samples()

    columns = {
        "/api/v1/interrupts": "irq,device,cpu,count",
        "/api/v1/irqs": "irq,device,total,rate,affinity",
        "/api/v1/irqs/24": "irq,device,total,rate,affinity",
        "/api/v1/cpus": "cpu,total,rate",
        "/api/v1/cpus/1": "irq,device,total,rate",
    }
    for path, header in columns.items():
        assert server.get(path).headers["Content-Type"] == "application/json"
        answer = server.get(path, format="csv")
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert answer.text.splitlines()[0] == header
    table = csv.DictReader(io.StringIO(server.get("/api/v1/interrupts", format="csv").text))
    cells = {(row["irq"], row["cpu"]): row["count"] for row in table}
    assert cells["24", "1"] == "4"
    assert cells["ERR", ""] == "0"
    accepted = requests.get(f"{server.url}/api/v1/cpus", headers={"Accept": "text/csv"}, timeout=10)
    assert accepted.text.startswith("cpu,total,rate\n0,3,")


def test_a_series_adds_up_to_its_window_and_names_its_samples(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    first = server.json("/api/v1/cpus")["window"]["end"]
    for counts in ((1, 2), (30, 40), (0, 500)):
        tree.fire("24", *counts)
        server.wait_for_samples()
    last = server.json("/api/v1/cpus")["window"]["end"]

    window = {"start": first, "end": last, "step": "50ms"}
    by_cpu = server.json("/api/v1/series", by="cpu", **window)
    by_cell = server.json("/api/v1/series", by="irq,cpu", **window)

    assert by_cpu["step_seconds"] == 0.05
    assert by_cpu["points"][0]["start"] == first
    assert by_cpu["points"][-1]["end"] == last
    assert sum(each["total"] for each in by_cpu["points"]) == 573
    assert sum(each["counts"]["1"] for each in by_cpu["points"]) == 542
    assert sum(each["counts"].get("24,0", 0) for each in by_cell["points"]) == 31


def test_events_tell_starts_cpus_and_resets(tree: Tree, start: Start):
    tree.fire("24", 500, 0)
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    tree.cells["24"] = [3, 0]
    tree.cpus, tree.cells = [0], {irq: cells[:1] for irq, cells in tree.cells.items()}
    tree.show()
    server.wait_for_samples()

    events = server.json("/api/v1/events", period="1m")["events"]

    assert [(each["event"], each["irq"], each["cpu"]) for each in events] == [
        ("start", None, None),
        ("reset", "24", None),
        ("cpu_offline", None, 1),
    ]
    assert events[0]["detail"] == "every 50ms"


def test_an_irqs_affinity_is_what_the_kernel_tells(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()

    answer = server.json("/api/v1/irqs/24/affinity")

    assert answer == {
        "irq": "24",
        "device": "eth0-rx-0",
        "affinity": "0-1",
        "effective_affinity": "1",
        "writable": True,
        "pending": False,
    }
    tree.set_affinity("24", "0", "1")
    assert server.json("/api/v1/irqs/24/affinity")["pending"] is True


@pytest.mark.parametrize(
    ("path", "status", "parameter"),
    [
        ("/api/v1/interrupts?period=-1", 400, "period"),
        ("/api/v1/interrupts?period=0", 400, "period"),
        ("/api/v1/interrupts?start=yesterday", 400, "start"),
        ("/api/v1/interrupts?start=2026-01-01T00:00:00", 400, "start"),
        ("/api/v1/interrupts?start=now&end=-1h", 400, "start"),
        ("/api/v1/interrupts?start=-2h&end=-1h&period=1h", 400, "period"),
        ("/api/v1/interrupts?period=1&period=2", 400, "period"),
        ("/api/v1/interrupts?perod=1", 400, "perod"),
        ("/api/v1/interrupts?cpu=3-1", 400, "cpu"),
        ("/api/v1/interrupts?cpu=7", 404, "cpu"),
        ("/api/v1/interrupts?irq=99", 404, "irq"),
        ("/api/v1/interrupts?top=0", 400, "top"),
        ("/api/v1/interrupts?format=xml", 400, "format"),
        ("/api/v1/irqs/99", 404, "irq"),
        ("/api/v1/irqs/LOC/affinity", 404, "irq"),
        ("/api/v1/cpus/9", 404, "cpu"),
        ("/api/v1/cpus/x", 404, "cpu"),
        ("/api/v1/nothing", 404, None),
        ("/nothing", 404, None),
    ],
)
def test_a_bad_request_is_a_problem_that_names_the_parameter(
    tree: Tree, start: Start, path: str, status: int, parameter: str | None
):
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()

    answer = server.get(path)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json().get("parameter") == parameter
    assert "Traceback" not in answer.text


def test_a_method_that_a_route_does_not_know_is_a_problem(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST)

    answer = requests.delete(f"{server.url}/api/v1/cpus", timeout=10)

    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "GET" in answer.headers["Allow"]


def test_health_is_told_and_a_failing_sampler_recovers(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    assert server.json("/healthz") == {"status": "ok"}
    assert server.json("/readyz") == {"status": "ready"}

    (tree.root / "interrupts").write_text("nonsense\n")
    wait_until(lambda: server.get("/readyz").status_code == 503)
    sampler = server.json("/api/v1/status")["sampler"]
    assert sampler["state"] == "failing"
    assert "line 1" in sampler["last_error"]
    assert server.get("/healthz").status_code == 200
    assert server.get("/api/v1/cpus").status_code == 200

    tree.show()
    wait_until(lambda: server.get("/readyz").status_code == 200)
    assert server.json("/api/v1/status")["sampler"]["last_error"] is None


def samples_of(path: Path) -> list[tuple[str, dict[str, int]]]:
    """Read a segment by hand: each sample's time and changed cells, every commit mark checked."""
    samples, frame, rows = [], b"", []
    state: dict[str, int] = {}
    lines = path.read_bytes().splitlines(keepends=True)
    assert lines[0] == b"time,irq,cpu,count\n"
    for line in lines[1:]:
        time_text, irq, cpu, count = line.decode().rstrip("\n").split(",")
        if irq in ("KEY", "END"):
            frame = b"".join([frame if irq == "END" else b"", *rows])
            covered = frame + line[: line.rindex(b",") + 1]
            assert (int(cpu), int(count)) == (len(rows), zlib.crc32(covered))
            fields = [row.decode().rstrip("\n").split(",") for row in rows]
            cells = {f"{i},{c}": int(n) for _, i, c, n in fields}
            samples.append((time_text, {k: n for k, n in cells.items() if state.get(k) != n}))
            state, frame, rows = state | cells, frame + line, []
        else:
            rows.append(line)
    assert not rows
    return samples


def test_the_csv_is_exact_and_whole_after_a_clean_stop(tree: Tree, start: Start, tmp_path: Path):
    tree.fire("24", 7, 0)
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    tree.fire("24", 5, 6)
    server.wait_for_samples()

    began = time.monotonic()
    status = server.stop()

    assert status == 0
    assert time.monotonic() - began < 2.0
    (path,) = (tmp_path / "data/raw").glob("*/*.csv")
    samples = samples_of(path)
    assert samples[0][0] == path.name.removesuffix(".csv")
    assert samples[0][1] == {"24,0": 7}
    moved = [cells for _, cells in samples[1:] if cells]
    assert moved == [{"24,0": 12, "24,1": 6}]
    events = (tmp_path / "data/events.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in events] == ["event", "start", "stop"]


def test_a_restart_counts_what_fired_meanwhile(tree: Tree, start: Start, tmp_path: Path):
    tree.fire("24", 100, 0)
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    edge = server.json("/api/v1/cpus")["window"]["end"]
    server.kill()

    tree.fire("24", 23, 0)
    time.sleep(0.3)  # the gap itself: more than 2.5 intervals
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    answer = server.json("/api/v1/irqs/24", start=edge)

    assert answer["counts"] == [23, 0]
    assert answer["window"]["gaps"] == 1
    assert ",gap," in (tmp_path / "data/events.csv").read_text()


def test_totals_go_on_over_a_boot_that_the_server_did_not_see(tree: Tree, start: Start):
    tree.fire("24", 100, 0)
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    edge = server.json("/api/v1/cpus")["window"]["end"]
    server.stop()

    tree.boot("22222222-0000-0000-0000-000000000000")
    tree.fire("24", 9, 0)
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    answer = server.json("/api/v1/irqs/24", start=edge)

    assert answer["counts"] == [9, 0]
    assert answer["window"]["complete"] is False


def test_a_cell_that_wraps_and_a_cpu_that_goes_and_comes_lose_nothing(tree: Tree, start: Start):
    tree.fire("24", 2**32 - 5, 50)
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    edge = server.json("/api/v1/cpus")["window"]["end"]

    tree.fire("24", 12, 3)
    server.wait_for_samples()
    online = dict(tree.cells)
    tree.cpus, tree.cells = [0], {irq: cells[:1] for irq, cells in online.items()}
    tree.fire("24", 1)
    server.wait_for_samples()
    tree.cpus, tree.cells = [0, 1], {irq: [tree.cells[irq][0], online[irq][1]] for irq in online}
    tree.fire("24", 0, 2)
    server.wait_for_samples()
    answer = server.json("/api/v1/irqs/24", start=edge)

    assert answer["counts"] == [13, 5]
    assert answer["window"]["resets"] == 0


def test_a_damaged_stretch_is_a_gap_that_the_window_and_the_status_tell(
    start: Start, tree: Tree, tmp_path: Path
):
    """A foreign store: keyframes at 600 and 1200, and a damaged sample at 900."""
    path = tmp_path / "data/raw/19700101/600.csv"
    path.parent.mkdir(parents=True)
    parts, crc = [b"time,irq,cpu,count\n"], 0
    for moment in range(600, 1500, 10):
        kind, crc = ("KEY", 0) if moment in (600, 1200) else ("END", crc)
        covered = f"{moment},24,0,{moment}\n{moment},{kind},1,".encode()
        rest = f"{zlib.crc32(covered, crc)}\n".encode()
        crc = zlib.crc32(covered + rest, crc)
        parts.append((b"8" + covered[1:] if moment == 900 else covered) + rest)
    path.write_bytes(b"".join(parts))
    server = start("--procfs", tree.root, "--interval", "10s")
    server.wait_for_samples(0)

    def asked(begin: int, end: int) -> tuple[int, int, bool, int]:
        answer = server.json("/api/v1/irqs/24", start=str(begin), end=str(end), cpu="0")
        window = answer["window"]
        return window["samples"], window["gaps"], window["complete"], answer["total"]

    assert asked(600, 890) == (30, 0, True, 290)
    assert asked(600, 1000) == (30, 0, False, 290)
    assert asked(600, 1490) == (60, 1, True, 890)
    wait_until(lambda: server.json("/api/v1/status")["store"]["damaged"] > 0)


def test_a_request_for_another_host_is_refused(tree: Tree, start: Start):
    server = start("--procfs", tree.root, *FAST, "--allow-hosts", "irq.example.org")
    for host, status in (("evil.example", 421), ("irq.example.org", 200), ("localhost", 200)):
        answer = requests.get(f"{server.url}/healthz", headers={"Host": host}, timeout=10)
        assert answer.status_code == status


def test_a_second_server_on_the_same_directory_is_refused(tree: Tree, start: Start, tmp_path: Path):
    start("--procfs", tree.root, *FAST)

    second = subprocess.run(
        [COMMAND, "--port", "0", "--data-dir", tmp_path / "data", "--procfs", tree.root],
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "another irq_server" in second.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--interval", "0"),
        ("--interval", "1ms"),
        ("--port", "70000"),
        ("--max-size", "lots"),
        ("--retention", "raw=x"),
        ("--fsync", "often"),
        ("--host", "0.0.0.0"),  # noqa: S104 - what must be refused
        ("--allow-affinity",),
        ("--token-file", "/nowhere/tokens"),
        ("--config", "/nowhere.toml"),
        ("--nonsense",),
    ],
)
def test_wrong_usage_ends_with_2_and_a_line_that_says_why(arguments: tuple[str, ...]):
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=20)

    assert done.returncode == 2
    assert done.stdout == ""
    assert "irq_server: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_one_line(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [COMMAND, "--port", str(port), "--data-dir", tmp_path],
            capture_output=True,
            text=True,
            timeout=20,
        )

    assert done.returncode == 1
    assert done.stderr == f"irq_server: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_data_directory_that_cannot_be_made_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [COMMAND, "--port", "0", "--data-dir", tmp_path / "file/data"],
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert done.returncode == 1
    assert done.stderr == f"irq_server: {tmp_path}/file/data: Not a directory\n"


def test_version_and_help_need_no_directory():
    version = subprocess.run([COMMAND, "--version"], capture_output=True, text=True, timeout=20)
    manual = subprocess.run([COMMAND, "--help"], capture_output=True, text=True, timeout=20)

    assert version.stdout == "irq_server 0.1.0\n"
    assert "example:" in manual.stdout
    assert (version.returncode, manual.returncode) == (0, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_beside_a_stop_are_answered_whole(tree: Tree, start: Start, number: int):
    server = start("--procfs", tree.root, *FAST)
    server.wait_for_samples()
    wrong: list[str] = []
    answered = threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while True:
                try:
                    answer = session.get(f"{server.url}/api/v1/interrupts", timeout=10)
                except requests.ConnectionError:
                    return
                if answer.status_code != 200 or "total" not in answer.json():
                    wrong.append(answer.text)
                answered.set()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert answered.wait(10)
    server.process.send_signal(number)
    assert server.process.wait(5) == 0
    for thread in threads:
        thread.join()
    assert wrong == []


def test_this_machines_own_counters_are_told(start: Start):
    server = start(*FAST)
    server.wait_for_samples()
    before = read_total()
    first = server.json("/api/v1/status")["sampler"]["last_sample"]
    server.wait_for_samples(10)
    after = read_total()

    answer = server.json("/api/v1/interrupts", start=first)

    # sampled between the two readings by hand, give or take the samples around them
    assert answer["total"] > 0
    assert answer["total"] <= 2 * (after - before) + 1000


def read_total() -> int:
    """Add up /proc/interrupts by hand."""
    lines = Path("/proc/interrupts").read_text().splitlines()
    cpu_count = len(lines[0].split())
    cells = [line.split(":", 1)[1].split()[:cpu_count] for line in lines[1:]]
    return sum(
        int(cell) for row in cells if len(row) == cpu_count for cell in row if cell.isdecimal()
    )


def test_irqs_are_found_by_interface_bond_vlan_and_virtio(tree: Tree, start: Start, tmp_path: Path):
    sysfs, net = tmp_path / "sys", tmp_path / "sys/class/net"
    net.mkdir(parents=True)
    names = {"40": "mlx5_comp0", "41": "mlx5_comp1", "50": "virtio1-input.0", "60": "nvme0q1"}
    for irq, name in names.items():
        tree.texts[irq], tree.cells[irq] = f"PCI-MSIX   {irq}-edge      {name}", [1, 0]
    for name, device, above, irq in (
        ("ens1f0np0", "0000:3b:00.0", "", 40),
        ("ens1f1np1", "0000:3b:00.1", "", 41),
        ("eth7", "0000:00:03.0", "/virtio1", 50),
    ):
        folder = sysfs / "devices" / device
        (folder / "msi_irqs").mkdir(parents=True)
        (folder / f"msi_irqs/{irq}").write_text("msix\n")
        (folder / above.strip("/") / "net" / name).mkdir(parents=True)
        (folder / above.strip("/") / "net" / name / "device").symlink_to("../..")
        (net / name).symlink_to(folder / above.strip("/") / "net" / name)
    for name, lower in (("bond0", ("ens1f0np0", "ens1f1np1")), ("bond0.100", ("bond0",))):
        (net / name).mkdir()
        for each in lower:
            (net / name / f"lower_{each}").symlink_to(net / each)
    tree.show()
    data = tmp_path / "data"
    server = start("--procfs", tree.root, "--sysfs", sysfs, "--data-dir", data, *FAST)
    server.wait_for_samples()

    shown = {each["irq"]: each for each in server.json("/api/v1/irqs")["irqs"]}
    assert {irq: each["interface"] for irq, each in shown.items() if irq.isdecimal()} == {
        "24": "",
        "40": "ens1f0np0",
        "41": "ens1f1np1",
        "50": "eth7",
        "60": "",
    }
    assert shown["40"]["above"] == ["bond0", "bond0.100"]
    for pattern, irqs in (
        ("ens1f0np0", ["40"]),
        ("ens1*", ["40", "41"]),
        ("bond0.100", ["40", "41"]),
        ("bond0", ["40", "41"]),
        ("eth7", ["50"]),
        ("eth*", ["24", "50"]),
        ("mlx5_comp0", ["40"]),
        ("ens9", []),
    ):
        for route in ("irqs", "interrupts"):
            found = server.json(f"/api/v1/{route}", device=pattern)["irqs"]
            assert [each["irq"] for each in found] == irqs, (route, pattern)
    lines = (data / "irqs.csv").read_text().splitlines()
    assert [line.rpartition(",")[2] for line in lines if ",mlx5_comp" in line] == [
        "ens1f0np0",
        "ens1f1np1",
    ]
