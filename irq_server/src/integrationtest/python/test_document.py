"""The document and the real server agree: schemathesis makes requests of it and finds nothing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pace
from conftest import Server, Tree, wait_until

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES") or (8 if pace.FULL else 1))
"""Requests of each kind for each operation; 8 take about a minute."""

SECONDS = 500 * max(1, EXAMPLES // 8)
TOKEN = "a-token-for-tests"  # noqa: S105 - of no real server

# What each parameter allows by itself a document can tell, not that start, end and period
# contradict each other when all are given, or that a range of CPUs falls: rightly a 400.
CONFIGURATION = """\
seed = 1
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "415", "421", "431", "503"]
"""


def test_schemathesis_finds_nothing(tree: Tree, start: Callable[..., Server], tmp_path: Path):
    tokens = tmp_path / "tokens"
    tokens.write_text(f"rw {TOKEN}\n")
    tokens.chmod(0o600)
    writing = ("--allow-affinity", "--token-file", tokens)
    server = start("--procfs", tree.root, "--interval", "100ms", *writing)
    wait_until(lambda: server.get("/readyz").status_code == 200)
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)

    done = subprocess.run(
        [
            *(SCHEMATHESIS, "--config-file", configuration, "run", f"{server.url}/openapi.json"),
            *("--max-examples", str(EXAMPLES), "--checks", "all", "--workers", "2"),
            *("--continue-on-failure", "--no-color"),
            *("--header", f"Authorization: Bearer {TOKEN}"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: " in done.stdout
    server.wait_for_samples()
    assert not [line for line in server.log if "Traceback" in line]
