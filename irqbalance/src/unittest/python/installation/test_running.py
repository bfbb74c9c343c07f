"""The words that start the program, and paths that root must not run."""

import os
import sys
from pathlib import Path

import pytest

import needs
from irqbalance.installation import running


def command(folder: Path, name: str = "irqbalance") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_command_is_named_by_the_path_that_links_lead_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    real = command(tmp_path / "venv/bin")
    link = tmp_path / "irqbalance"
    link.symlink_to(real)
    monkeypatch.setattr(sys, "argv", [str(link)])

    assert running.words_of("irqbalance") == [str(real)]


def test_a_module_is_run_by_the_command_beside_its_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "irqbalance/__main__.py")])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))

    with pytest.raises(FileNotFoundError):
        running.words_of("irqbalance")
    assert running.words_of(command(tmp_path).name) == [str(tmp_path / "irqbalance")]


def test_others_than_root_must_not_be_able_to_change_it(tmp_path: Path):
    needs.root()
    folder = Path(os.sep, "run", f"{tmp_path.name}-{os.getpid()}")  # root's alone, unlike /tmp
    try:
        path = command(folder)
        running.check([path], for_others=True)

        folder.chmod(0o700)
        running.check([path], for_others=False)
        with pytest.raises(PermissionError, match="closed"):
            running.check([path], for_others=True)

        folder.chmod(0o775)
        with pytest.raises(PermissionError, match="others than root may write"):
            running.check([path], for_others=False)

        folder.chmod(0o755)
        os.chown(path, 1000, 0)
        with pytest.raises(PermissionError, match="user 1000 owns it"):
            running.check([path], for_others=False)
    finally:
        path.unlink()
        folder.rmdir()


@pytest.mark.parametrize("name", ["two words", "100%", "quo'te", "$HOME", "a\n* * * * * root x"])
def test_a_path_that_a_unit_would_read_otherwise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    path = command(tmp_path / name)
    monkeypatch.setattr(sys, "argv", [str(path)])

    with pytest.raises(OSError, match="character") as raised:
        running.words_of("irqbalance")

    assert raised.value.filename == str(path)


def test_the_folder_of_the_modules_is_part_of_the_program():
    assert Path(running.__file__).resolve().parents[1] in running.paths_of(["/usr/bin/irqbalance"])


def test_homes_are_known():
    assert running.needs_home([Path("/usr/bin/x"), Path("/root/venv/bin/x")])
    assert not running.needs_home([Path("/usr/bin/x"), Path("/rooted"), Path("/opt/home/x")])
