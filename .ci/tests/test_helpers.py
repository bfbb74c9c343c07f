"""The tests' helpers: skips that name a package, processes left running, and the summary."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from conftest import ROOT

TESTING = ROOT / "irqbalance/src/testing/python"


def run_tests(folder: Path, source: str, **environment: str) -> tuple[int, str]:
    """Run a module of tests with the helpers; return pytest's exit status and what it printed."""
    (folder / "test_it.py").write_text(source)
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    options = ["-ra", "-p", "leftovers", "-p", "no:cacheprovider", "-o", f"pythonpath={TESTING}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", folder, *options, "test_it.py"],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


LEAVES_TWO = """
import os, subprocess
def test_a_child_is_left():
    subprocess.Popen(["sleep", "600"])
def test_a_daemon_is_left(tmp_path):
    daemon = "setsid sleep 601 </dev/null >/dev/null 2>&1 & echo $!"
    here = {"PATH": os.environ["PATH"], "FOLDER": str(tmp_path)}
    print(subprocess.run(["sh", "-c", daemon], env=here, capture_output=True).stdout)
"""


def test_processes_that_tests_leave_fail_the_run_and_are_ended(tmp_path: Path):
    status, printed = run_tests(tmp_path, LEAVES_TWO)

    assert status == 1, printed
    assert "tests left processes running" in printed
    assert "sleep 600" in printed
    assert "sleep 601" in printed
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert {b"sleep\x00600\x00", b"sleep\x00601\x00"}.isdisjoint(commands)


NEEDS_NGINX = """
import needs
def test_of_nginx():
    needs.FOLDERS = "/nowhere"
    needs.program("nginx")
"""


@pytest.mark.parametrize(
    ("environment", "status", "words"),
    [
        ({}, 0, "needs nginx: apt-get install nginx\n"),
        ({"CI": "true"}, 1, "Failed: needs nginx: apt-get install nginx (CI is set"),
    ],
)
def test_a_missing_program_skips_with_its_package_and_fails_in_ci(
    tmp_path: Path, environment: dict[str, str], status: int, words: str
):
    found, printed = run_tests(tmp_path, NEEDS_NGINX, **environment)

    assert found == status, printed
    assert words in printed
    assert ("1 skipped" in printed) is (status == 0)


def load_build() -> ModuleType:
    """Import .ci/build, whose name has no ending."""
    loader = importlib.machinery.SourceFileLoader("ci_build", str(ROOT / ".ci/build"))
    spec = importlib.util.spec_from_loader("ci_build", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.modules["ci_build"] = module
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


def test_the_summary_says_what_ran_and_what_would_run_the_rest():
    build = load_build()
    output = (
        "===== 12 passed in 3.10s =====\n"
        "SKIPPED [8] src/needs.py:70: needs nginx: apt-get install nginx\n"
        "SKIPPED [1] src/needs.py:70: needs root\n"
        "= 1 failed, 5 passed, 9 skipped, 2 deselected in 61.00s (0:01:01) =\n"
    )

    lines = build.summary(
        [build.Done("irq_server", output, 1, 64.4), build.Done("irq_client", "", 0, 2.0)]
    )

    assert lines[0].split() == (
        "irq_server FAILED 64 s 12 passed; 1 failed, 5 passed, 9 skipped, 2 deselected".split()
    )
    assert lines[1].split() == ["irq_client", "passed", "2", "s", "no", "test", "ran"]
    assert lines[2:4] == [
        "skipped: 8 needs nginx: apt-get install nginx",
        "skipped: 1 needs root",
    ]
    assert lines[4].endswith("apt-get install --no-install-recommends nginx")
