"""The command migrate: which files it reads, where it writes, and that a run accepts the result."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from irqbalance.cli import main
from irqbalance.commands import migrate
from irqbalance.settings.command_line import settings_of

OLD = """\
# Options of the daemon
IRQBALANCE_BANNED_CPULIST="2-3"
IRQBALANCE_ARGS="--banirq=24 --policyscript=/etc/irq.sh"
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "irqbalance"
    path.write_text(OLD)
    return path


def test_the_settings_are_printed(old: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["migrate", str(old)]) == 0

    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"# From {old}:\n# --policyscript=/etc/irq.sh: a rule ")
    assert '\nban_cpus = "2-3"\n' in out
    assert '\nban_irq = ["24"]\n' in out


def test_the_settings_are_written_to_a_new_file_that_a_run_accepts(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    new = tmp_path / "new.toml"

    assert main(["migrate", str(old), "--output", str(new)]) == 0

    assert capsys.readouterr() == ("", "")
    assert settings_of(["--config", str(new)]).ban_cpus == {2, 3}


def test_a_file_that_exists_is_left_alone(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    there = tmp_path / "there.toml"
    there.write_text("threshold = 9\n")

    assert main(["migrate", str(old), "--output", str(there)]) == 1

    assert capsys.readouterr().err == f"irqbalance: {there}: File exists\n"
    assert there.read_text() == "threshold = 9\n"


def run(*words: str | Path, largest_file: int = 2**20, **environment: str) -> tuple[int, str]:
    """Run the command by itself; return its status and its errors."""
    done = subprocess.run(
        [sys.executable, "-m", "irqbalance", "migrate", *words],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path), **environment},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file,) * 2),
    )
    return done.returncode, done.stderr


def test_a_file_that_cannot_be_written_whole_goes(old: Path, tmp_path: Path):
    new = tmp_path / "new.toml"

    status, errors = run(old, "--output", new, largest_file=10)

    assert (status, errors) == (1, f"irqbalance: {new}: File too large\n")
    assert not new.exists()


def test_the_settings_are_in_utf_8_whatever_the_locale(old: Path, tmp_path: Path):
    old.write_text('IRQBALANCE_ARGS="--é --banirq=24"\n', "utf-8")
    new = tmp_path / "new.toml"

    ascii_alone = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert run(old, "--output", new, **ascii_alone) == (0, "")

    assert "# --é: " in new.read_text("utf-8")


def test_without_a_file_both_places_are_read_and_the_later_one_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    first, second = tmp_path / "default", tmp_path / "sysconfig"
    monkeypatch.setattr(migrate, "PLACES", (first, second))

    assert main(["migrate"]) == 1
    assert capsys.readouterr().err == (
        f"irqbalance: {first}: there is neither this file nor {second}\n"
    )
    second.write_text("IRQBALANCE_BANNED_CPULIST=7\n")
    assert main(["migrate"]) == 0
    assert 'ban_cpus = "7"' in capsys.readouterr().out
    first.write_text("IRQBALANCE_BANNED_CPULIST=1\nIRQBALANCE_ARGS=-i5\n")
    assert main(["migrate"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"# From {first} and {second}:\n")
    assert 'ban_cpus = "7"' in out
    assert 'ban_irq = ["5"]' in out


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["migrate", str(tmp_path / "none")]) == 1

    assert capsys.readouterr().err == f"irqbalance: {tmp_path}/none: No such file or directory\n"


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path):
    path = tmp_path / "bytes"
    path.write_bytes(b"IRQBALANCE_\xff=\x00\x1b[31m\nIRQBALANCE_ARGS='\xe9 \x7f'\n")

    assert main(["migrate", str(path), "--output", str(tmp_path / "new.toml")]) == 0

    settings_of(["--config", str(tmp_path / "new.toml")])
