"""Affinities written over the wire, into a tree in the place of /proc."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from conftest import REQUEST_SECONDS, Server, Tree, wait_until

TOKEN = "a-token-for-tests"  # noqa: S105 - of no real server


@pytest.fixture
def server(tree: Tree, start: Callable[..., Server], tmp_path: Path) -> Server:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"rw {TOKEN}\n")
    tokens.chmod(0o600)
    writing = ("--allow-affinity", "--token-file", tokens)
    started = start("--procfs", tree.root, "--interval", "100ms", *writing)
    wait_until(lambda: started.get("/readyz").status_code == 200)
    return started


def put(server: Server, irq: str, body: object) -> requests.Response:
    return requests.put(
        f"{server.url}/api/v1/irqs/{irq}/affinity",
        json=body,
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=REQUEST_SECONDS,
    )


def recorded(server: Server) -> list[tuple[str, str]]:
    events = server.json("/api/v1/events", period="1h", irq="24")["events"]
    return [(each["event"], each["detail"]) for each in events]


def test_an_affinity_is_written_answered_and_told_once(server: Server, tree: Tree):
    answer = put(server, "24", {"cpus": "1"})

    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "irq": "24",
        "device": "eth0-rx-0",
        "affinity": "1",
        "effective_affinity": "1",
        "writable": True,
        "pending": False,
    }
    assert (tree.root / "irq/24/smp_affinity_list").read_text() == "1\n"
    expected = [("affinity_request", "1 from 127.0.0.1"), ("affinity", "0-1 -> 1")]
    assert recorded(server) == expected
    server.wait_for_samples(3)
    assert recorded(server) == expected


def test_a_refusal_changes_nothing_and_is_told(server: Server, tree: Tree):
    path = tree.root / "irq/24/smp_affinity_list"
    path.chmod(0o444)

    answer = put(server, "24", {"cpu": 0})

    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "managed by the kernel" in answer.json()["detail"]
    assert path.read_text() == "0-1\n"
    assert recorded(server)[0][1].startswith("0 from 127.0.0.1: refused: managed by the kernel")
