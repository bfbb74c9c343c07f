"""Faults of machine and disk under a running server: reported everywhere, over by themselves."""

import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Server, Tree, wait_until

Start = Callable[..., Server]
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def is_told_everywhere(server: Server, reason: str) -> bool:
    """Whether the log, /status, /readyz and /metrics say that samples fail, and why."""
    sampler = server.json("/api/v1/status")["sampler"]
    ready = server.get("/readyz")
    return (
        sampler["state"] == "failing"
        and reason in sampler["last_error"]
        and ready.status_code == 503
        and reason in ready.json()["detail"]
        and "irq_server_sampler_up 0.0" in server.get("/metrics").text
        and any("cannot sample" in line and reason in line for line in server.log)
    )


def is_over(server: Server) -> bool:
    """Whether samples come again and nobody complains."""
    sampler = server.json("/api/v1/status")["sampler"]
    return (
        (sampler["state"], sampler["last_error"]) == ("running", None)
        and server.get("/readyz").status_code == 200
        and "irq_server_sampler_up 1.0" in server.get("/metrics").text
    )


def counts_of(server: Server, start: str) -> Any:
    """Return what IRQ 24 counted since `start`."""
    return server.json("/api/v1/irqs/24", start=start)["counts"]


def begun(tree: Tree, start: Start, *arguments: object) -> tuple[Server, str]:
    """Return a server with samples, and the time of its first."""
    tree.fire("24", 1, 1)
    server = start("--procfs", tree.root, "--interval", "50ms", *arguments)
    server.wait_for_samples()
    return server, server.json("/api/v1/cpus", start="0")["window"]["start"]


def test_a_read_that_hangs_is_told_and_sampling_resumes(tree: Tree, start: Start):
    server, first = begun(tree, start)
    pipe = tree.root / "pipe"
    os.mkfifo(pipe)  # who opens it waits for somebody at its other end
    os.link(pipe, tree.root / "interrupts.new")
    (tree.root / "interrupts.new").rename(tree.root / "interrupts")

    wait_until(lambda: is_told_everywhere(server, "stuck"))
    assert counts_of(server, first) == [0, 0]
    assert server.get("/healthz").status_code == 200

    tree.fire("24", 5, 3)
    pipe.open("w").close()
    wait_until(lambda: is_over(server))
    server.wait_for_samples()
    assert counts_of(server, first) == [5, 3]
    assert sum("stuck" in line for line in server.log) == 1
    assert server.stop() == 0


def test_a_disk_that_takes_no_more_is_told_and_nothing_is_lost(
    tree: Tree, start: Start, tmp_path: Path
):
    server, first = begun(tree, start)
    (segment,) = (tmp_path / "data/raw").glob("*/*.csv")
    # no file of the server's may grow beyond: a write there is short, as on a full disk
    limit = segment.stat().st_size + 100
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, NO_LIMIT[1]))
    tree.fire("24", 5, 3)

    wait_until(lambda: is_told_everywhere(server, ""))
    tree.fire("24", 5, 3)
    assert counts_of(server, first)[1] in (0, 3)

    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
    wait_until(lambda: is_over(server))
    server.wait_for_samples()
    assert counts_of(server, first) == [10, 6]
    assert server.stop() == 0


@pytest.mark.parametrize("whole", [True, False], ids=["all of it", "a tier"])
def test_a_directory_that_vanishes_is_made_again(
    tree: Tree, start: Start, tmp_path: Path, whole: bool
):
    server, _ = begun(tree, start)
    tree.fire("24", 5, 3)
    server.wait_for_samples()
    gone = tmp_path / "data" if whole else tmp_path / "data/raw"
    gone.rename(tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "elsewhere")

    wait_until(lambda: any((tmp_path / "data/raw").glob("*/*.csv")))
    wait_until(lambda: is_over(server))
    server.wait_for_samples()
    assert server.stop() == 0
    server = start("--procfs", tree.root, "--interval", "50ms")
    server.wait_for_samples()
    first = server.json("/api/v1/cpus", start="0")["window"]["start"]
    tree.fire("24", 0, 2)
    server.wait_for_samples()
    # of what was counted before, the coarser tiers know where they are left
    assert counts_of(server, first) == ([0, 2] if whole else [5, 5])
