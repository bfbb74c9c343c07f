"""irq_server install and uninstall, below another root."""

import sys
from pathlib import Path

import pytest

from irq_server.cli import main


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a command that this test seems to be."""
    path = tmp_path / "bin/irq_server"
    path.parent.mkdir()
    path.touch(0o755)
    monkeypatch.setattr(sys, "argv", [str(path)])
    return path


def files(root: Path) -> list[str]:
    return sorted(str(each.relative_to(root)) for each in root.rglob("*") if not each.is_dir())


def test_a_service_runs_the_program_by_its_own_path_and_is_taken_back(
    program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    root = tmp_path / "root"
    root.mkdir()

    assert main(["install", "--root", str(root)]) == 0

    assert files(root) == [
        "etc/systemd/system/irq_server.service",
        "etc/systemd/system/multi-user.target.wants/irq_server.service",
        "usr/local/share/bash-completion/completions/irq_server",
        "usr/local/share/fish/vendor_completions.d/irq_server.fish",
        "usr/local/share/man/man8/irq_server.8",
        "usr/local/share/zsh/site-functions/_irq_server",
    ]
    unit = (root / "etc/systemd/system/irq_server.service").read_text()
    assert f"\nExecStart={program}\n" in unit
    assert f"runs as a service: {program}\n" in capsys.readouterr().out

    assert main(["uninstall", "--root", str(root)]) == 0
    assert files(root) == []


@pytest.mark.usefixtures("program")
def test_an_edited_unit_stays_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = tmp_path / "root"
    root.mkdir()
    main(["install", "--root", str(root)])
    unit = root / "etc/systemd/system/irq_server.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=60", "WatchdogSec=90"))

    assert main(["install", "--root", str(root)]) == 1
    assert f"{unit}: irq_server did not write it, or it was edited" in capsys.readouterr().err
    assert main(["uninstall", "--root", str(root)]) == 1
    assert unit.exists()
    assert main(["install", "--root", str(root), "--force"]) == 0
    assert "WatchdogSec=60" in unit.read_text()


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_root_that_is_no_folder_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
):
    with pytest.raises(SystemExit) as raised:
        main([command, "--root", str(tmp_path / "missing")])

    assert raised.value.code == 2
    assert f"'{tmp_path}/missing' is no folder" in capsys.readouterr().err
    assert not (tmp_path / "missing").exists()


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("status", [0, 1])
def test_a_service_that_does_not_start_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
):
    called = []

    def systemctl(*words: str) -> bool:
        called.append(words)
        return status == 0

    monkeypatch.setattr("irq_server.installation.command.is_running", lambda root: root == tmp_path)
    monkeypatch.setattr("irq_server.installation.command.systemctl", systemctl)

    assert main(["install", "--root", str(tmp_path)]) == status

    assert called == [("daemon-reload",), ("restart", "irq_server.service")]
