"""irqbalance install and uninstall, below another root."""

import sys
from pathlib import Path
from types import SimpleNamespace

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


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir()
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
    program: Path, root: Path, capsys: pytest.CaptureFixture[str]
):
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


def test_cron_takes_the_timers_place_and_uninstall_leaves_nothing(program: Path, root: Path):
    main(["install", "--timer", "--root", str(root)])

    assert main(["install", "--cron", "--root", str(root)]) == 0
    assert files(root) == ["etc/cron.d/irqbalance-once", *DOCUMENTS]
    line = (root / "etc/cron.d/irqbalance-once").read_text().splitlines()[-2]
    assert line.startswith(f"*/10 * * * * root {program} --quiet")

    assert main(["uninstall", "--root", str(root)]) == 0
    assert files(root) == []


@pytest.mark.usefixtures("program")
def test_an_edited_file_stays_and_is_named(root: Path, capsys: pytest.CaptureFixture[str]):
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
    program: Path, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("irqbalance.commands.install.needs_home", lambda paths: program in paths)
    main(["install", "--timer", "--root", str(root)])

    unit = (root / "etc/systemd/system/irqbalance-once.service").read_text()
    assert "\nProtectHome=read-only\n" in unit


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("command", [["install", "--cron", "--force"], ["uninstall"]])
@pytest.mark.parametrize("name", ["", "missing", "file"])
def test_a_root_that_is_no_folder_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str], name: str
):
    (tmp_path / "file").touch()
    named = str(tmp_path / name) if name else ""

    assert main([*command, "--root", named]) == 2

    assert f"'{named}' is no folder" in capsys.readouterr().err
    assert not (tmp_path / "missing").exists()


@pytest.mark.usefixtures("program")
def test_a_path_that_cron_would_read_as_two_lines_is_refused_for_an_image_too(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "a\n* * * * * root evil/irqbalance"
    path.parent.mkdir(parents=True)
    path.touch(0o755)
    monkeypatch.setattr(sys, "argv", [str(path)])

    assert main(["install", "--cron", "--force", "--root", str(root)]) == 1

    assert "units and cron files take for another" in capsys.readouterr().err
    assert files(root) == []


@pytest.mark.usefixtures("program")
def test_a_single_file_gets_its_man_page_wherever_it_lies(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    loader = SimpleNamespace(archive="/usr/local/bin/irqbalance.pyz")
    monkeypatch.setattr("irqbalance.installation.running.__loader__", loader)

    assert main(["install", "--cron", "--root", str(root)]) == 0

    assert files(root) == ["etc/cron.d/irqbalance-once", *DOCUMENTS]


def test_the_help_of_uninstall_is_of_removing_alone(capsys: pytest.CaptureFixture[str]):
    assert main(["uninstall", "--help"]) == 0

    shown = capsys.readouterr().out
    assert "remove files" in shown
    assert "overwrite" not in shown
    assert "others than root may change" not in shown


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize(
    ("kind", "word", "status"), [("--timer", "restart", 1), ("--cron", "stop", 0)]
)
def test_a_timer_that_does_not_start_is_a_failure_and_one_that_never_ran_is_none(
    root: Path, monkeypatch: pytest.MonkeyPatch, kind: str, word: str, status: int
):
    called = []

    def systemctl(*words: str) -> bool:
        called.append(words)
        return words[0] == "daemon-reload"

    monkeypatch.setattr("irqbalance.commands.install.is_running", lambda given: given == root)
    monkeypatch.setattr("irqbalance.commands.install.systemctl", systemctl)

    assert main(["install", kind, "--root", str(root)]) == status

    assert called == [("daemon-reload",), (word, "irqbalance-once.timer")]
