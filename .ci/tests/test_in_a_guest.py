"""irq_server and irq_client on real kernels under QEMU: they show every count, change and reboot.

A guest boots twice with the same history; `inside/whole.py` reports what each boot saw.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import needs

ROOT = Path(__file__).parents[2]
GUEST = ROOT / "irqbalance/src/integrationtest/python"
sys.path.append(str(GUEST))

from guest import image, machine  # noqa: E402 - irqbalance's tests hold what boots a guest

pytestmark = [pytest.mark.guests, pytest.mark.slow]

PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
"""Which Python Debian's releases have: the wheels of what irq_server needs must fit it."""

Seen = dict[str, Any]


def wheels(python: str, folder: Path) -> Path:
    """Download the three wheels and their dependencies for a guest's Python; return the folder."""
    ours = [str(each) for each in ROOT.glob("*/target/dist/*/dist/*.whl")]
    assert len(ours) == 3
    platforms = [f"--platform=manylinux{each}_x86_64" for each in ("_2_17", "_2_28", "2014")]
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
    constraint = ["--constraint", str(ROOT / "requirements.txt")]
    version = [f"--python-version={python}", *platforms]
    subprocess.run([*download, *version, *constraint, "--dest", folder, *ours], check=True)
    return folder


@cache
def boots(suite: str, folder: Path) -> tuple[Seen, Seen]:
    """Return what two boots of a guest saw, one after the other, with one history."""
    needs.everything([*image.missing(), *machine.is_missing()], "a QEMU guest, as root")
    files = {
        "wheels": wheels(PYTHONS[suite], folder / "wheels"),
        "inside": GUEST / "guest/inside",
        "whole.py": ROOT / ".ci/tests/inside/whole.py",
    }
    pip = "pip install --quiet --no-index --find-links /in/wheels --break-system-packages"
    install = f"{pip} irqbalance irq_server irq_client >&2"
    # without IPv6 a NIC that is up sends nothing by itself
    guest = machine.Machine(image.image(suite), arguments="ipv6.disable=1")
    found = []
    with machine.make_disk() as disk:
        for boot in ("first", "second"):
            command = f"{install} && PYTHONPATH=/in/inside python3 /in/whole.py {boot}"
            result = machine.run(guest, command, files, data=disk)
            assert result.status == 0, result.err[-5000:]
            found.append(json.loads(result.out))
    return found[0], found[1]


@pytest.fixture(scope="module", params=PYTHONS)
def seen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Seen, Seen]:
    return boots(request.param, tmp_path_factory.mktemp("guest"))


def events(boot: Seen, name: str) -> list[Seen]:
    return [each for each in boot["events"] if each["event"] == name]


def test_a_window_has_what_proc_interrupts_shows_to_the_interrupt(seen: tuple[Seen, Seen]):
    counts = seen[0]["counts"]

    busy = {irq for irq, cells in counts["by_hand"].items() if sum(cells) >= 50}
    assert len(busy) >= 5
    assert {irq: counts["told"][irq] for irq in counts["by_hand"]} == counts["by_hand"]


def test_a_cpu_that_goes_and_comes_back_is_told(seen: tuple[Seen, Seen]):
    cpu = seen[0]["hotplug"]["cpu"]

    for name in ("cpu_offline", "cpu_online"):
        assert cpu in {each["cpu"] for each in events(seen[0], name)}


def test_an_affinity_is_set_and_told(seen: tuple[Seen, Seen]):
    granted = seen[0]["granted"]

    assert (granted["status"], granted["err"]) == (0, "")
    assert granted["kernel"].strip() == json.loads(granted["out"])["affinity"] == "2"
    told = [each["detail"] for each in events(seen[0], "affinity") if each["irq"] == granted["irq"]]
    assert [detail for detail in told if detail.endswith(" -> 2")]
    requests = [e for e in events(seen[0], "affinity_request") if e["irq"] == granted["irq"]]
    assert [each["detail"] for each in requests] == ["2 from 127.0.0.1"]


def test_a_managed_irq_is_refused_with_the_reason(seen: tuple[Seen, Seen]):
    refused = seen[0]["refused"]

    assert refused["status"] == 4
    assert "managed" in refused["err"]
    assert "Traceback" not in refused["err"]
    requests = [e for e in events(seen[0], "affinity_request") if e["irq"] == refused["irq"]]
    assert [each["detail"].partition(": ")[0] for each in requests] == ["2 from 127.0.0.1"]
    assert not [each for each in events(seen[0], "affinity") if each["irq"] == refused["irq"]]


def test_a_change_by_hand_is_noticed(seen: tuple[Seen, Seen]):
    by_hand = seen[0]["by_hand"]

    told = [each["detail"] for each in events(seen[0], "affinity") if each["irq"] == by_hand["irq"]]
    assert by_hand["change"] in told


def test_a_reboot_is_told_and_no_total_falls(seen: tuple[Seen, Seen]):
    first, second = seen

    assert (first["server_status"], second["server_status"]) == (0, 0)
    assert first["boot_id"] != second["boot_id"]
    assert len(events(second, "boot")) == len(events(first, "boot")) + 1
    assert len(events(second, "start")) == len(events(first, "start")) + 1
    assert events(second, "stop")
    # from the history's first sample to its last: all that was counted, less what the reboot lost
    assert first["window"]["complete"] is True
    assert second["window"]["complete"] is False
    assert first["totals"]
    assert {
        key: total for key, total in first["totals"].items() if second["totals"].get(key, 0) < total
    } == {}
