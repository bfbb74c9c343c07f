"""irqbalance install and uninstall, below another root."""

import sys
from pathlib import Path

import pytest

from irqbalance.cli import main


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a command that this test seems to be."""
    path = tmp_path / "bin/irqbalance"
    path.parent.mkdir()
    path.touch(0o755)
    monkeypatch.setattr(sys, "argv", [str(path)])
    return path


def files(root: Path) -> list[str]:
    return sorted(str(each.relative_to(root)) for each in root.rglob("*") if not each.is_dir())


DOCUMENTS = [
    "usr/local/share/bash-completion/completions/irqbalance",
    "usr/local/share/fish/vendor_completions.d/irqbalance.fish",
    "usr/local/share/man/man8/irqbalance.8",
    "usr/local/share/zsh/site-functions/_irqbalance",
]


def test_a_timer_runs_the_program_by_its_own_path(
    program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    root = tmp_path / "root"

    assert main(["install", "--timer", "--root", str(root)]) == 0

    assert files(root) == [
        "etc/systemd/system/irqbalance-once.service",
        "etc/systemd/system/irqbalance-once.timer",
        "etc/systemd/system/timers.target.wants/irqbalance-once.timer",
        "etc/udev/rules.d/90-irqbalance-once.rules",
        *DOCUMENTS,
    ]
    unit = (root / "etc/systemd/system/irqbalance-once.service").read_text()
    assert f"\nExecStart={program} --quiet" in unit
    out = capsys.readouterr().out
    assert f"runs every ten minutes: {program}\n" in out
    assert all(f"{root}/{each}" in out for each in files(root))


def test_cron_takes_the_timers_place_and_uninstall_leaves_nothing(program: Path, tmp_path: Path):
    root = tmp_path / "root"
    main(["install", "--timer", "--root", str(root)])

    assert main(["install", "--cron", "--root", str(root)]) == 0
    assert files(root) == ["etc/cron.d/irqbalance-once", *DOCUMENTS]
    line = (root / "etc/cron.d/irqbalance-once").read_text().splitlines()[-2]
    assert line.startswith(f"*/10 * * * * root {program} --quiet")

    assert main(["uninstall", "--root", str(root)]) == 0
    assert files(root) == []


@pytest.mark.usefixtures("program")
def test_an_edited_file_stays_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = tmp_path / "root"
    main(["install", "--cron", "--root", str(root)])
    cron = root / "etc/cron.d/irqbalance-once"
    cron.write_text(cron.read_text().replace("*/10", "*/5"))

    assert main(["install", "--cron", "--root", str(root)]) == 1
    assert f"{cron}: irqbalance did not write it, or it was edited" in capsys.readouterr().err
    assert main(["uninstall", "--root", str(root)]) == 1
    assert f"kept {cron}: " in capsys.readouterr().out
    assert main(["uninstall", "--root", str(root), "--force"]) == 0
    assert files(root) == []


@pytest.mark.parametrize("words", [["install"], ["install", "--timer", "--cron"]])
def test_it_is_a_timer_or_cron(words: list[str]):
    assert main(words) == 2


def test_a_command_in_a_home_is_not_hidden_from_the_service(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("irqbalance.commands.install.needs_home", lambda paths: program in paths)
    main(["install", "--timer", "--root", str(tmp_path)])

    unit = (tmp_path / "etc/systemd/system/irqbalance-once.service").read_text()
    assert "\nProtectHome=read-only\n" in unit
