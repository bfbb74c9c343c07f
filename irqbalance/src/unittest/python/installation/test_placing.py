"""Files are written and taken back, and those of others stay."""

from pathlib import Path

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
    assert [path for each in folders for path in each.glob(".prog-*")] == []


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


def test_the_others_are_taken_back_but_not_somebody_elses(tmp_path: Path):
    put(tmp_path)
    other = Piece("/etc/cron.d/x", "* * * * * root x\n")

    done = install((other,), ALL, tmp_path, "prog", False)

    assert len(done) == 4
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x"]
