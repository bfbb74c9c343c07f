"""What other tools, and irq_server, answer about a /proc/interrupts. Every answer is really asked.

Debian's run by chroot in a folder of plain files (debian.py): a /proc and /sys with the capture,
and the CPUs of its machine.
"""

import json
import re
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jc
import requests
from debian import command_in
from verdict import Answer, Capture, Row

from irq_server.kernel.cpuset import parse_list
from irq_server.kernel.interrupts import parse
from irq_server.kernel.procfs import Procfs
from irq_server.sampling.sampler import Sampler
from irq_server.store.store import Store
from irq_server.web.app import create_app

SECONDS = 30
"""A tool that takes longer has failed."""

SCRAPES = 5
"""So often a server is asked the same: its answers may differ."""

START, STEP = 1767225600, 10.0


def show(root: Path, capture: Capture) -> None:
    """Make `root` the capture's machine: what tools look at beside /proc/interrupts, too."""
    online = parse_list(capture.online)
    possible = parse_list(capture.possible)
    cpus = root / "sys/devices/system/cpu"
    # a second of work for each CPU: rates since the boot are counts then
    rows = [f"cpu{cpu} 100 0 0 0 0 0 0 0 0 0" for cpu in sorted(online)]
    total = f"cpu {100 * len(online)} 0 0 0 0 0 0 0 0 0"
    files = {
        root / "proc/interrupts": capture.text,
        root / "proc/stat": "\n".join([total, *rows, f"intr {capture.total}", "btime 1767225600"]),
        root / "proc/uptime": "1.00 0.00\n",
        cpus / "online": f"{capture.online}\n",
        cpus / "possible": f"{capture.possible}\n",
        cpus / "present": f"{capture.possible}\n",
    }
    for cpu in possible:
        files[cpus / f"cpu{cpu}/online"] = f"{int(cpu in online)}\n"
    _write(files)


def _write(files: Mapping[Path, str]) -> None:
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def ask_irq_server(capture: Capture, _root: Path) -> Answer:
    """Asks GET /api/v1/interrupts for what came between no interrupt at all and the capture."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), interval_seconds=STEP)
        for number, text in enumerate((_before(capture.text), capture.text)):
            store.append(parse(text), "boot", START + number * STEP, number * STEP)
        procfs = Procfs(Path("/proc"))
        app = create_app(store, Sampler(procfs, store), procfs, lambda: START + STEP)
        window = f"start={START}&end={START + STEP:.0f}"
        found = app.test_client().get(f"/api/v1/interrupts?{window}").get_json()
        store.close()
    rows = [
        Row(each["irq"].partition("#")[0], _by_cpu(found["cpus"], each["counts"]), each["total"])
        if each["counts"] is not None
        else Row(each["irq"], {}, each["total"])
        for each in found["irqs"]
    ]
    return Answer(tuple(_without_sum(row) for row in rows), total=found["total"])


def ask_jc(capture: Capture, _root: Path) -> Answer:
    """Asks jc's parser, whose counts are a list without CPU numbers."""
    found: Any = jc.parse("proc_interrupts", capture.text)
    return Answer(tuple(_listed(capture, each["irq"], each["interrupts"]) for each in found))


def ask_procfs(capture: Capture, root: Path) -> Answer:
    """Asks python-linux-procfs, which tuna uses, whose counts are a list without CPU numbers."""
    code = (
        "import json, procfs; found = procfs.interrupts();"
        "print(json.dumps([[each, found[each]['cpu']] for each in found.keys()]))"
    )
    rows = json.loads(_run(root, "/usr/bin/python3", "-c", code))
    return Answer(tuple(_listed(capture, label, counts) for label, counts in rows))


def ask_lsirq(_capture: Capture, root: Path) -> Answer:
    """Asks util-linux's lsirq, which shows sums over the CPUs."""
    rows = json.loads(_run(root, "/usr/bin/lsirq", "--json"))["interrupts"]
    return Answer(tuple(Row(each["irq"], {}, each["total"]) for each in rows), only_totals=True)


def ask_mpstat(_capture: Capture, root: Path) -> Answer:
    """Asks sysstat's mpstat for each CPU's rates since the boot, one second ago."""
    found = json.loads(_run(root, "/usr/bin/mpstat", "-I", "CPU", "-o", "JSON"))
    (shown,) = found["sysstat"]["hosts"][0]["statistics"]
    cells = [
        (each["name"], int(cpu["cpu"]), round(each["value"]))
        for cpu in shown["individual-interrupts"]
        for each in cpu["intr"]
    ]
    return Answer(_gathered(cells))


def ask_sar(capture: Capture, root: Path) -> Answer:
    """Asks sysstat's sar -I, from a sample before anything fired and one a second later.

    To sadc a CPU that nothing interrupted before is an offline one: a further row counts one each.
    """
    further = f"ZZZ: {' '.join('1' for _ in capture.text.splitlines()[0].split())}\n"
    (root / "asked").mkdir()
    (root / "asked").chmod(0o777)
    for second, text in enumerate((_before(capture.text), capture.text), 1):
        (root / "proc/interrupts").write_text(text + further)
        (root / "proc/uptime").write_text(f"{second}.00 0.00\n")
        _run(root, "/usr/lib/sysstat/sadc", "-S", "INT", "1", "1", "/asked/file")
    shown = _run(root, "/usr/bin/sar.sysstat", "-I", "ALL", "-P", "ALL", "-f", "/asked/file")
    lines = [line.split()[1:] for line in shown.splitlines() if line.startswith("Average:")]
    (_, _, *names), (_, total, *_), *rows = lines  # INTR, all, CPU0, ...; sum, ...
    cells = [
        (label, int(name.removeprefix("CPU")), round(float(rate)))
        for label, _, *rates in rows
        for name, rate in zip(names, rates, strict=True)
        if label != "ZZZ"
    ]
    return Answer(_gathered(cells), total=round(float(total)))


IRQTOP = """
def sleep(_)
  File.write("/proc/interrupts", File.read("/asked/interrupts"))
end
$seconds = 0.0
def Time.now
  $seconds += 1.0
end
def `(_)
  "a host's name"
end
load "/usr/bin/irqtop"
"""
"""Runs Debian's irqtop, a Ruby script, on a clock of whole seconds: its rates are counts then."""


def ask_irqtop(capture: Capture, root: Path) -> Answer:
    """Asks irqtop for each CPU's rates between no interrupt at all and the capture."""
    _write(
        {
            root / "proc/interrupts": _before(capture.text),
            root / "proc/softirqs": "CPU0\n\n",
            root / "asked/interrupts": capture.text,
            root / "asked/irqtop.rb": IRQTOP,
        }
    )
    (root / "proc/interrupts").chmod(0o666)
    try:
        shown = _run(root, "/usr/bin/ruby", "/asked/irqtop.rb", "-b", "-i", "-t", "1", "1")
    except subprocess.CalledProcessError as error:  # Ruby's first line ends with the class
        return Answer(error=error.stderr.splitlines()[0].rpartition("(")[2].rstrip(")"))
    found = re.findall(r"^ *([0-9]+)\.[0-9]  cpu([0-9]*)  i  <(.+?)>", shown, re.MULTILINE)
    cells = ((label, int(cpu), int(rate)) for rate, cpu, label in found)
    return Answer(_gathered(cells), only_fired=True)


def ask_pcp(capture: Capture, root: Path) -> Answer:
    """Asks Performance Co-Pilot's kernel.percpu.interrupts, and its figures of the machine."""
    metrics = {
        "kernel.percpu.interrupts": "",
        "kernel.all.interrupts.errors": "ERR",
        "kernel.all.interrupts.missed": "MIS",
    }
    names = "/var/lib/pcp/pmns/root_linux"
    shown = _run(root, "/usr/bin/pminfo", "-L", "-n", names, "-f", *metrics)
    found = re.findall(r'or "(.+)::cpu([0-9]+)"\] value ([0-9]+)', shown)
    rows = _gathered((label, int(cpu), int(count)) for label, cpu, count in found)
    figures = re.findall(r"^(kernel.all\S+)\n +value ([0-9]+)$", shown, re.MULTILINE)
    of_machine = {row.label.upper(): row.label for row in capture.rows if row.figure is not None}
    labels = [(of_machine.get(metrics[metric]), int(figure)) for metric, figure in figures]
    return Answer((*rows, *(Row(label, {}, figure) for label, figure in labels if label)))


def ask_node_exporter(_capture: Capture, root: Path) -> list[Answer]:
    """Asks node_exporter several times, as Prometheus would."""
    with node_exporter(root) as (url, _):
        texts = [requests.get(url, timeout=SECONDS).text for _ in range(SCRAPES)]
    return [_exposed(text) for text in texts]


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def node_exporter(root: Path) -> Iterator[tuple[str, int]]:
    """Serve an unpacked folder's /proc by node_exporter; return its address and process."""
    port = free_port()
    options = ("--collector.disable-defaults", "--collector.interrupts")
    address = f"--web.listen-address=127.0.0.1:{port}"
    command = command_in(root, "/usr/bin/prometheus-node-exporter", *options, address)
    url = f"http://127.0.0.1:{port}/metrics"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await(url, process)
            yield url, process.pid
        finally:
            process.terminate()


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a server answers."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            requests.get(url, timeout=SECONDS)
        except requests.ConnectionError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _exposed(text: str) -> Answer:
    """Return what metrics in Prometheus' text format say."""
    pattern = r'^node_interrupts_total\{cpu="([0-9]+)",.*type="([^"]*)"\} (\S+)$'
    found = re.findall(pattern, text, re.MULTILINE)
    return Answer(_gathered((label, int(cpu), round(float(count))) for cpu, label, count in found))


Ask = Callable[[Capture, Path], Answer | list[Answer]]

TOOLS: Mapping[str, tuple[str, Ask]] = {
    "irq_server": ("", ask_irq_server),
    "jc": ("", ask_jc),
    "python-linux-procfs": ("python3-linux-procfs", ask_procfs),
    "lsirq": ("util-linux", ask_lsirq),
    "mpstat": ("sysstat", ask_mpstat),
    "sar -I": ("sysstat", ask_sar),
    "irqtop": ("irqtop", ask_irqtop),
    "PCP": ("pcp", ask_pcp),
    "node_exporter": ("prometheus-node-exporter", ask_node_exporter),
}
"""Each tool's Debian package, and what asks it."""


def answers(name: str, capture: Capture, root: Path) -> list[Answer]:
    """Asks a tool; what it ends with is an answer too."""
    try:
        found = TOOLS[name][1](capture, root)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines() or [f"exit status {error.returncode}"]
        return [Answer(error=lines[-1].partition(":")[0])]
    except (LookupError, ValueError, requests.RequestException) as error:
        return [Answer(error=type(error).__name__)]
    return found if isinstance(found, list) else [found]


def _run(root: Path, *argv: str) -> str:
    """Run a program of an unpacked folder; return what it printed."""
    command = command_in(root, *argv)
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
    return done.stdout


def _by_cpu(cpus: Sequence[int], counts: Sequence[int]) -> dict[int, int]:
    return dict(zip(cpus, counts, strict=True))


def _without_sum(row: Row) -> Row:
    """A row of counts has a total beside them, which is no figure of its own."""
    return Row(row.label, row.counts) if row.counts else row


def _gathered(cells: Iterable[tuple[str, int, int]]) -> tuple[Row, ...]:
    """Return rows of (label, CPU, count); a label that comes twice for a CPU is two rows."""
    times: Counter[tuple[str, int]] = Counter()
    rows: dict[tuple[str, int], dict[int, int]] = {}
    for label, cpu, count in cells:
        rows.setdefault((label, times[label, cpu]), {})[cpu] = count
        times[label, cpu] += 1
    return tuple(Row(label, counts) for (label, _), counts in rows.items())


def _listed(capture: Capture, label: str, counts: Sequence[int]) -> Row:
    """Return a row of counts by column: a single one of several CPUs is a figure."""
    if len(counts) == 1 < len(parse_list(capture.online)):
        return Row(label, {}, counts[0])
    return Row(label, dict(enumerate(counts)))


def _before(text: str) -> str:
    """Return the capture's machine before anything fired: every count is zero."""
    header, *lines = text.splitlines()
    cpus = len(header.split())
    zeroed = []
    for line in lines:
        label, _, rest = line.partition(":")
        words = rest.split()
        while_counts = [word for word in words[:cpus] if word.isdecimal()]
        rest = " ".join(["0"] * len(while_counts) + words[len(while_counts) :])
        zeroed.append(f"{label}: {rest}")
    return "\n".join([header, *zeroed]) + "\n"
