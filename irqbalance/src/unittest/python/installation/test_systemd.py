"""The root of the system that runs, and systemctl."""

import subprocess
from pathlib import Path
from unittest import mock

import pytest

from irqbalance.installation import systemd


@pytest.mark.parametrize("text", ["/", "//", "/usr/..", "/proc/self/root"])
def test_the_systems_own_root_is_known_however_it_is_written(text: str):
    assert systemd.is_own(systemd.root_of(text))


def test_another_root_is_not_run_by_systemd(tmp_path: Path):
    (tmp_path / "run/systemd/system").mkdir(parents=True)

    assert not systemd.is_own(tmp_path)
    assert not systemd.is_running(tmp_path)


@pytest.mark.parametrize(("status", "is_done"), [(0, True), (1, False)])
def test_a_failure_of_systemctl_is_returned(status: int, is_done: bool):
    done = subprocess.CompletedProcess([], status)
    with mock.patch.object(subprocess, "run", return_value=done) as run:
        assert systemd.systemctl("restart", "x.timer") is is_done

    assert run.call_args.args == (["/usr/bin/systemctl", "restart", "x.timer"],)
