"""Install writes its files, uninstall removes them, and files of others stay."""

import errno
import os
import shutil
import stat
from pathlib import Path
from unittest import mock

import pytest

from irqbalance.installation.placing import Piece, install, is_foreign, uninstall

UNIT = Piece("/etc/systemd/system/x.service", "[Unit]\n", "/usr/lib/systemd/system/x.service")
LINK = Piece("/etc/systemd/system/y.wants/x.service", target="../x.service")
PAGE = Piece("/usr/local/share/x.8", ".TH X 8\n", comment='.\\"')
ALL = (UNIT, LINK, PAGE)


def put(root: Path, forced: bool = False) -> list[str]:
    return install(ALL, (), root, "prog", forced)


def test_what_is_written_says_who_wrote_it_and_is_whole(tmp_path: Path):
    done = put(tmp_path)

    lines = (tmp_path / "etc/systemd/system/x.service").read_text().splitlines()
    assert lines[0] == "[Unit]"
    assert lines[1].startswith('# written by "prog install", ')
    assert (tmp_path / "usr/local/share/x.8").read_text().splitlines()[1].startswith('.\\" written')
    assert (tmp_path / "etc/systemd/system/y.wants/x.service").resolve() == (
        tmp_path / "etc/systemd/system/x.service"
    )
    assert (tmp_path / "etc/systemd/system/x.service").stat().st_mode & 0o777 == 0o644
    assert done == [
        f"wrote {tmp_path}/etc/systemd/system/x.service",
        f"linked {tmp_path}/etc/systemd/system/y.wants/x.service to ../x.service",
        f"wrote {tmp_path}/usr/local/share/x.8",
    ]
    folders = {path.parent for path in tmp_path.rglob("x.*")}
    assert [path for each in folders for path in each.glob(".*")] == []


def test_a_second_install_has_nothing_to_do(tmp_path: Path):
    put(tmp_path)

    assert put(tmp_path) == []


def test_another_version_is_written_over(tmp_path: Path):
    put(tmp_path)

    done = install((UNIT._replace(text="[Unit]\n# new\n"),), (), tmp_path, "prog", False)

    assert done == [f"wrote {tmp_path}/etc/systemd/system/x.service"]


def test_all_is_taken_back(tmp_path: Path):
    put(tmp_path)

    done, stays = uninstall(ALL, tmp_path, "prog", False)

    assert (len(done), stays) == (3, [])
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []
    assert uninstall(ALL, tmp_path, "prog", False) == ([], [])


@pytest.mark.parametrize("text", ["", "[Unit]\n", "[Unit]\n# written by somebody\n", "\udcff"])
def test_a_file_of_somebody_else_stays_and_nothing_is_written(tmp_path: Path, text: str):
    theirs = tmp_path / "usr/local/share/x.8"
    theirs.parent.mkdir(parents=True)
    theirs.write_text(text, errors="surrogateescape")

    with pytest.raises(FileExistsError, match="--force overrides"):
        put(tmp_path)

    assert not (tmp_path / "etc").exists()
    assert uninstall(ALL, tmp_path, "prog", False)[1] == [
        f"kept {theirs}: prog did not write it, or it was edited"
    ]
    assert theirs.read_text(errors="surrogateescape") == text


def test_a_file_that_was_edited_stays_unless_forced(tmp_path: Path):
    put(tmp_path)
    unit = tmp_path / "etc/systemd/system/x.service"
    unit.write_text(unit.read_text().replace("[Unit]", "[Unit]\nAfter=network.target"))

    with pytest.raises(FileExistsError):
        put(tmp_path)
    assert uninstall(ALL, tmp_path, "prog", False)[1] != []
    assert "After=" in unit.read_text()

    put(tmp_path, forced=True)
    assert "After=" not in unit.read_text()


def test_a_link_in_the_place_of_a_file_is_somebody_elses_and_not_followed(tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_text("keep")
    unit = tmp_path / "etc/systemd/system/x.service"
    unit.parent.mkdir(parents=True)
    unit.symlink_to(outside)

    assert is_foreign(UNIT, tmp_path, "prog")
    put(tmp_path, forced=True)

    assert outside.read_text() == "keep"
    assert not unit.is_symlink()


def test_what_a_package_has_is_not_written_and_an_older_copy_is_taken_back(tmp_path: Path):
    put(tmp_path)
    packaged = tmp_path / "usr/lib/systemd/system/x.service"
    packaged.parent.mkdir(parents=True)
    packaged.write_text(UNIT.text)

    assert put(tmp_path) == [f"removed {tmp_path}/etc/systemd/system/x.service"]


def test_the_others_are_taken_back(tmp_path: Path):
    put(tmp_path)
    other = Piece("/etc/cron.d/x", "* * * * * root x\n")

    done = install((other,), ALL, tmp_path, "prog", False)

    assert len(done) == 4
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x"]


def test_another_that_was_edited_stays_with_a_sentence_unless_forced(tmp_path: Path):
    put(tmp_path)
    unit = tmp_path / "etc/systemd/system/x.service"
    unit.write_text("[Unit]\nAfter=network.target\n")
    other = Piece("/etc/cron.d/x", "* * * * * root x\n")

    done = install((other,), ALL, tmp_path, "prog", False)
    assert f"kept {unit}: prog did not write it, or it was edited" in done
    assert unit.exists()

    assert f"removed {unit}" in install((other,), ALL, tmp_path, "prog", True)
    assert not unit.exists()


@pytest.mark.parametrize("link", ["etc", "etc/systemd", "etc/systemd/system"])
@pytest.mark.parametrize("forced", [False, True])
def test_a_link_that_leads_out_of_the_root_is_not_followed(tmp_path: Path, link: str, forced: bool):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / link).parent.mkdir(parents=True)
    outside.mkdir()
    (root / link).symlink_to(outside)
    path = outside / Path("etc/systemd/system").relative_to(link) / "x.service"
    put(outside.parent / "other")  # a file that the program would take for its own
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(tmp_path / "other/etc/systemd/system/x.service", path)

    for act in (
        lambda: put(root, forced),
        lambda: uninstall(ALL, root, "prog", forced),
    ):
        with pytest.raises(OSError, match="leads out of the root"):
            act()

    assert [each for each in outside.rglob("*") if not each.is_dir()] == [path]


def test_a_link_within_the_root_is_followed(tmp_path: Path):
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (root / "etc").symlink_to("real")

    put(root)

    assert (root / "real/systemd/system/x.service").is_file()


def test_folders_are_open_to_all_whatever_the_umask(tmp_path: Path):
    old = os.umask(0o077)
    try:
        put(tmp_path)
    finally:
        os.umask(old)

    made = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o755}


@pytest.mark.parametrize("forced", [False, True])
def test_a_folder_in_the_place_of_a_file_stays_and_is_named(tmp_path: Path, forced: bool):
    folder = tmp_path / "etc/systemd/system/x.service"
    folder.mkdir(parents=True)

    with pytest.raises(IsADirectoryError) as raised:
        put(tmp_path, forced)

    assert raised.value.filename == str(folder)
    assert not (tmp_path / "usr").exists()
    assert uninstall(ALL, tmp_path, "prog", forced)[1] == [
        f"kept {folder}: prog did not write it, or it was edited"
    ]


def test_a_pipe_in_the_place_of_a_file_does_not_block(tmp_path: Path):
    for each in (UNIT.path, UNIT.packaged):
        path = tmp_path / each.lstrip("/")
        path.parent.mkdir(parents=True)
        os.mkfifo(path)

    with pytest.raises(FileExistsError):
        put(tmp_path)
    put(tmp_path, forced=True)

    assert (tmp_path / "etc/systemd/system/x.service").is_file()


def test_a_full_disk_is_named_and_leaves_the_others(tmp_path: Path):
    put(tmp_path)
    other = Piece("/etc/cron.d/x", "* * * * * root x\n")
    full = OSError(errno.ENOSPC, "No space left on device")  # write(2) names no file

    (tmp_path / "etc/cron.d").mkdir()
    with (
        mock.patch.object(Path, "chmod", side_effect=full),
        pytest.raises(OSError, match="No space") as raised,
    ):
        install((other,), ALL, tmp_path, "prog", False)

    assert raised.value.filename == str(tmp_path / "etc/cron.d/x")
    assert list((tmp_path / "etc/cron.d").iterdir()) == []
    assert put(tmp_path) == []  # all there


def test_what_a_killed_install_left_goes(tmp_path: Path):
    put(tmp_path)
    left = tmp_path / "etc/systemd/system/.x.service.prog"

    left.write_text("[Un")
    install((UNIT._replace(text="[Unit]\n# new\n"),), (), tmp_path, "prog", False)
    assert not left.exists()

    left.write_text("[Un")
    uninstall(ALL, tmp_path, "prog", False)
    assert not left.exists()
