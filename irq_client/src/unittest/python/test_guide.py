"""The guide: every command in it runs at a made-up server, and prints what the guide shows."""

import json
import re
import shlex
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import machine
from irq_client.cli import main
from irq_client.commands import watch
from irq_client.server.cpu_list import parse_cpu_list
from service import Request, WebService, json_reply
from terminal import streams, written

GUIDE = Path(__file__).parents[3] / "docs" / "guide.md"
BLOCK = re.compile(r"^```console\n\$ (irq_client .*)\n((?:.*\n)*?)```$", re.M)
BLOCKS = BLOCK.findall(GUIDE.read_text("utf-8"))

AFFINITY = {"36": "0-3", "37": "0-3", "38": "2", "39": "3", "40": "1,3"}
ROWS = {
    "36": ("eth0-TxRx-0", [9_000, 0, 0, 0]),
    "37": ("eth0-TxRx-1", [0, 12_000, 0, 0]),
    "38": ("eth0-TxRx-2", [0, 0, 6_000, 0]),
    "39": ("eth0-TxRx-3", [0, 0, 0, 197_520]),
    "40": ("nvme0q1", [0, 3_000, 0, 2_400]),
    "41": ("acpi", [0, 0, 0, 0]),
    "LOC": ("", [15_000, 15_100, 14_900, 15_200]),
}
EVENTS = [
    ("boot", None, "", ""),
    ("affinity", "36", "2 -> 0-3", ""),
    ("affinity_request", "39", "3 from 192.0.2.7", "192.0.2.7"),
    ("affinity", "39", "0-3 -> 3", "192.0.2.7"),
]
SHARES = (0.1, 0.1, 0.2, 0.3, 0.2, 0.1)
"""The part of a window's counts in each of its steps."""

CPUS = [{"cpu": cpu, "online": True, "node": 0, "isolated": False} for cpu in range(4)]
STATUS = machine.STATUS | {"cpus": CPUS}


def rows(query: dict[str, list[str]]) -> tuple[list[int], list[dict[str, object]]]:
    """Return the CPUs and the IRQs that pass the filters of a query."""
    cpus = list(parse_cpu_list(query.get("cpu", ["0-3"])[0]).cpus)
    found = []
    for irq, (device, counts) in ROWS.items():
        if irq not in query.get("irq", [irq]) or not fnmatchcase(device, *query.get("device", "*")):
            continue
        if not device and "device" in query:
            continue
        if irq == "39" and "end" in query and "start" not in query:  # before it was moved
            counts = counts[::-1]
        chosen = [counts[cpu] for cpu in cpus]
        row = {"irq": irq, "device": device, "counts": chosen, "total": sum(chosen)}
        place = "-" if irq == "LOC" else str(counts.index(max(counts)))
        where = {"affinity": AFFINITY.get(irq), "effective_affinity": AFFINITY.get(irq) and place}
        found.append(row | where | {"rate": sum(chosen) / 60})
    found.sort(key=lambda row: -row["total"] if "top" in query else 0)
    return cpus, found[: int(query.get("top", ["99"])[0])]


def counted(query: dict[str, list[str]]) -> dict[str, object]:
    """Return the answer of `/interrupts` and `/irqs`."""
    cpus, _ = rows(query)
    every = rows({name: each for name, each in query.items() if name != "top"})[1]
    totals = [sum(row["counts"][place] for row in every) for place in range(len(cpus))]
    head = {"window": machine.WINDOW, "cpus": cpus, "totals": totals, "total": sum(totals)}
    return head | {"irqs": rows(query)[1]}


def per_cpu(query: dict[str, list[str]]) -> dict[str, object]:
    """Return the answer of `/cpus`."""
    answer = counted(query)
    loads = [sum(row["counts"][cpu] for row in answer["irqs"] if row["device"]) for cpu in range(4)]
    cpus = [
        {"cpu": cpu, "total": answer["totals"][cpu], "rate": answer["totals"][cpu] / 60}
        | {"devices": loads[cpu]}
        for cpu in range(4)
    ]
    figures = {"total": answer["total"], "imbalance": 4 * max(loads) / sum(loads)}
    return {"window": machine.WINDOW, "cpus": cpus} | figures


def series(query: dict[str, list[str]]) -> dict[str, object]:
    """Return the answer of `/series`: six steps."""
    (by,) = query["by"]
    answer = counted(query)
    counts = {row["irq"]: row["total"] for row in answer["irqs"] if row["total"]}
    if by == "cpu":
        counts = {str(cpu): total for cpu, total in enumerate(answer["totals"])}
    points = [
        {
            "start": f"2026-01-01T00:00:{10 * step:02d}Z",
            "end": f"2026-01-01T00:{'01:00' if step == 5 else f'00:{10 * step + 10}'}Z",
            "total": round(share * answer["total"]),
            "counts": {key: round(share * total) for key, total in counts.items()},
        }
        for step, share in enumerate(SHARES)
    ]
    return {"window": machine.WINDOW, "step_seconds": 10.0, "by": by, "points": points}


def events(query: dict[str, list[str]]) -> dict[str, object]:
    """Return the answer of `/events`, filtered by IRQ or device."""
    irqs = [row["irq"] for row in rows(query)[1]]
    names = ("event", "irq", "detail", "by")
    found = [
        {"time": f"2026-01-01T00:00:{10 * number + 2:02d}Z", "cpu": None}
        | dict(zip(names, event, strict=True))
        for number, event in enumerate(EVENTS)
        if event[1] in irqs or not ("irq" in query or "device" in query)
    ]
    return {"window": machine.WINDOW, "events": found}


def answer(_: WebService, request: Request) -> bytes:
    """Answer as an irq_server on a machine of four CPUs, whatever the window."""
    query: dict[str, list[str]] = {}
    for name, value in request.query:
        query.setdefault(name, []).append(value)
    host, _, path = request.path.partition("/api/v1/")
    kind, *rest = path.split("/")
    if (host, kind) == ("/web2", "cpus"):
        return json_reply(per_cpu({}) | {"imbalance": 1.21})
    if kind == "irqs" and rest[1:]:
        cpus = json.loads(request.body)["cpus"] if request.body else AFFINITY[rest[0]]
        (row,) = rows({"irq": rest[:1]})[1]
        return json_reply(row | {"affinity": cpus, "writable": True, "pending": False})
    if kind in ("irqs", "interrupts"):
        found = counted(query | ({"irq": rest} if rest else {}))
        return json_reply(found | (found["irqs"][0] if rest else {}))
    if kind == "cpus" and rest:
        found = counted(query | {"cpu": rest})
        return json_reply(found | {"cpu": int(rest[0]), "rate": found["total"] / 60})
    answers = {"cpus": per_cpu, "series": series, "events": events}
    return json_reply(answers[kind](query) if kind in answers else STATUS)


class NoTime:
    """A clock that only moves by its sleep."""

    now = 0.0

    def monotonic(self) -> float:
        """Return the seconds slept so far."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds


def test_the_guide_answers_every_question():
    assert len(BLOCKS) == GUIDE.read_text().count("\n## ") >= 20


def run(command: str) -> tuple[int, str, str]:
    """Run a command of the guide; return exit status, output and messages."""
    with WebService(answer) as service, TemporaryDirectory() as folder:
        hosts = Path(folder, "hosts")
        hosts.write_text(f"web2 {service.url}/web2\nweb1 {service.url}/web1\n")
        server = {} if "--hosts" in command else {"IRQ_CLIENT_SERVER": service.url}
        given = streams(server | {"COLUMNS": "80"})
        status = main(shlex.split(command.replace("--hosts hosts", f"--hosts {hosts}"))[1:], given)
    return status, written(given.stdout).replace("\r", ""), written(given.stderr)


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_a_command_of_the_guide_prints_what_the_guide_shows(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("irq_client.commands.watch.time", NoTime())

    status, printed, messages = run(command)

    assert (status, messages) == (0, "")
    # a long answer is shown by its beginning
    head, is_part, _ = shown.partition("…\n")
    assert printed.startswith(head) if is_part else printed == shown


def rewritten(guide: str) -> str:
    """Return the guide with what its commands print now; long answers stay as long as they are."""

    def block(found: re.Match[str]) -> str:
        printed = run(found[1])[1]
        head, is_part, _ = found[2].partition("…\n")
        shown = printed[: len(head)] + "…\n" if is_part else printed
        return f"```console\n$ {found[1]}\n{shown}```"

    return BLOCK.sub(block, guide)


if __name__ == "__main__":  # PYTHONPATH=src/main/python TZ=UTC0 python src/unittest/python/...
    watch.time = NoTime()  # type: ignore[assignment]
    GUIDE.write_text(rewritten(GUIDE.read_text("utf-8")), "utf-8")
