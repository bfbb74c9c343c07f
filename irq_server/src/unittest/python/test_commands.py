"""The commands on a data directory: what they print, and their exit statuses."""

import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mock
import pytest

import needs
from irq_server import cli
from irq_server.commands import main
from irq_server.store.segments import segment
from segments import encoded

NOBODY = 65534


def put(folder: Path, *moments: int) -> Path:
    path = folder / "raw/19700101/600.csv"
    path.parent.mkdir(parents=True)
    parts = encoded(*((moment, {"24,0": moment}) for moment in moments))
    path.write_bytes(segment.HEADER + b"".join(parts))
    return path


def test_a_sound_store_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = put(tmp_path, 600, 610)

    assert main(["verify", str(tmp_path)]) == 0
    size = path.stat().st_size
    assert capsys.readouterr().out == f"1 segments, 2 samples, {size} bytes, 0 damaged\n"


def test_damage_is_told_with_its_bytes_and_repaired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = put(tmp_path, 600, 610)
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    cut = whole.index(b"610")

    assert main(["verify", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        f"{path}: bytes {cut} to {len(whole) - 2} damaged"
    )
    assert main(["repair", str(tmp_path)]) == 0
    assert ": set aside\n" in capsys.readouterr().out
    assert main(["verify", str(tmp_path)]) == 0


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    put(tmp_path, 600).with_name("700.csv.gz").mkdir()

    assert main(["verify", str(tmp_path)]) == 1
    assert "700.csv.gz: cannot be read: " in capsys.readouterr().out


def test_a_missing_store_is_one_line_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["verify", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"irq_server: {tmp_path}: no store: it has no tier such as raw, 1m or 1h\n"


def test_export_writes_to_standard_output_and_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    put(tmp_path, 600, 610)
    target = tmp_path / "table.csv"

    where = ["export", str(tmp_path), "--host", "web1"]
    assert main([*where, "--start", "605"]) == 0
    assert main([*where, "--output", str(target), "--end", "600"]) == 0

    header = "host,time,irq,device,cpu,count\n"
    assert capsys.readouterr().out == f"{header}web1,600,24,,0,600\nweb1,610,24,,0,610\n"
    assert target.read_text() == f"{header}web1,600,24,,0,600\n"


def test_export_writes_openmetrics_for_promtool(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    put(tmp_path, 600, 610)

    command = ["export", str(tmp_path), "--host", "web1", "--format", "openmetrics"]
    assert main([*command, "--tier", "raw"]) == 0

    lines = capsys.readouterr().out.splitlines()
    series = 'irq_interrupts_total{instance="web1",irq="24",device="",cpu="0"}'
    assert lines == [
        "# TYPE irq_interrupts counter",
        f"{series} 600 600",
        f"{series} 610 610",
        "# EOF",
    ]


def test_ship_names_each_file_that_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    put(tmp_path / "data", 600, 610)
    command = ["ship", str(tmp_path / "park"), "--data-dir", str(tmp_path / "data")]

    assert main([*command, "--host", "web1"]) == 0
    path = tmp_path / "park/tier=raw/date=1970-01-01/host=web1/part.parquet"
    assert capsys.readouterr().out == f"{path}\n"
    assert path.exists()
    assert main([*command, "--host", "web1"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("host", ["", "..", "a/b", "a b", "-x", "\x1b[2J"])
def test_a_host_that_is_no_name_is_wrong_usage(
    tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        main(["ship", str(tmp_path), f"--host={host}"])
    assert ended.value.code == 2
    assert "a machine's name" in capsys.readouterr().err


def test_a_relative_time_needs_no_equals_sign(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    put(tmp_path, 600, 610)

    assert main(["export", str(tmp_path), "--start", "-1h"]) == 0
    assert capsys.readouterr().out.endswith(",610,24,,0,610\n")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path):
    put(tmp_path, 600)
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as pipe, mock.patch("sys.stdout", pipe):
        assert main(["export", str(tmp_path)]) == 0


def test_a_file_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    put(tmp_path, 600)

    assert main(["export", str(tmp_path), "--output", str(tmp_path / "no/where")]) == 1
    assert capsys.readouterr().err == (
        f"irq_server: {tmp_path}/no/where: No such file or directory\n"
    )


def test_files_are_imported_at_their_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("  CPU0\n 24: 5 PCI-MSI 1-edge eth0\n")
    two.write_text("  CPU0\n 24: 8 PCI-MSI 1-edge eth0\n")
    os.utime(two, (1767225660, 1767225660))

    status = main(
        ["import", "--data-dir", str(tmp_path / "d"), f"2026-01-01T00:00:00Z={one}", str(two)]
    )

    assert status == 0
    assert capsys.readouterr().out == "2 samples\n"
    assert main(["export", str(tmp_path / "d")]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    ends = ["1767225600,24,eth0,0,5", "1767225660,24,eth0,0,8"]
    assert [line.partition(",")[2] for line in lines] == ends


@pytest.mark.parametrize(
    "words",
    [
        ["export", "--start", "soon"],
        ["export", "--format", "parquet"],
        ["import"],
        ["import", "/no/such/file"],
        ["verify", "--nonsense"],
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(words)

    assert caught.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_the_command_line_finds_the_commands(tmp_path: Path):
    with mock.patch("sys.stdout", io.StringIO()) as shown:
        assert cli.main(["verify", str(put(tmp_path, 600).parents[2])]) == 0
    assert shown.getvalue().startswith("1 segments, 1 samples")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder of root's that every user reaches, as the tests' own is closed to others."""
    needs.root()
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def foreign(reachable: Path) -> Path:
    """Return a data directory of the user nobody."""
    folder = reachable / "data"
    put(folder, 600, 610)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return folder


@pytest.mark.parametrize("command", ["verify", "repair", "export"])
def test_root_reads_nothing_through_a_link_that_the_owner_may_not(
    reachable: Path, command: str, capsys: pytest.CaptureFixture[str]
):
    folder = foreign(reachable)
    secret = put(reachable / "of root", 777)
    secret.write_bytes(secret.read_bytes() + b"damaged\n")
    (reachable / "of root").chmod(0o700)
    before = secret.read_bytes()
    (folder / "raw/19700102").symlink_to(secret.parent)
    secret.rename(secret.with_name("777.csv"))

    main([command, str(folder)])

    assert "777" not in capsys.readouterr().out
    assert [each.read_bytes() for each in secret.parent.iterdir()] == [before]
    assert os.geteuid() == 0


def test_root_repairs_as_the_owner(reachable: Path):
    folder = foreign(reachable)
    (path,) = folder.rglob("*.csv")
    path.write_bytes(path.read_bytes()[:-2])

    assert main(["repair", str(folder)]) == 0

    assert {each.stat().st_uid for each in folder.rglob("*")} == {NOBODY}
    assert list(folder.rglob("*.damaged"))


def test_root_exports_into_the_directory_as_the_owner_and_elsewhere_as_root(reachable: Path):
    folder = foreign(reachable)

    assert main(["export", str(folder), "--output", str(folder / "table.csv")]) == 0
    assert main(["export", str(folder), "--output", str(reachable / "table.csv")]) == 0

    assert (folder / "table.csv").stat().st_uid == NOBODY
    assert (reachable / "table.csv").stat().st_uid == 0
    assert (reachable / "table.csv").read_text() == (folder / "table.csv").read_text()


def test_root_imports_its_own_file_as_the_owner(reachable: Path):
    folder = foreign(reachable)
    saved = reachable / "saved"
    saved.write_text("  CPU0\n 24: 5 PCI-MSI 1-edge eth0\n")
    saved.chmod(0o600)

    assert main(["import", "--data-dir", str(folder), f"2026-01-01T00:00:00Z={saved}"]) == 0

    assert {each.stat().st_uid for each in folder.rglob("*")} == {NOBODY}


def test_root_repairs_no_directory_that_others_may_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    needs.root()
    put(tmp_path, 600)
    tmp_path.chmod(0o777)

    assert main(["repair", str(tmp_path)]) == 1
    assert f"{tmp_path}: root does not use this data directory" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "repair", "export"])
def test_a_command_looks_at_the_data_directory_alone(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
):
    put(tmp_path / "data", 600)
    file = tmp_path / "file.toml"
    file.write_text(f'data_dir = "{tmp_path}/data"\nhost = "0.0.0.0"\nport = "none"\n')
    monkeypatch.setenv("IRQ_SERVER_HOST", "0.0.0.0")  # noqa: S104 - a server would need a token
    monkeypatch.setenv("IRQ_SERVER_PORT", "no port")

    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert main([command, "--config", str(file)]) == 0
    monkeypatch.setenv("IRQ_SERVER_CONFIG", str(file))
    assert main([command]) == 0
    monkeypatch.setenv("IRQ_SERVER_DATA_DIR", str(tmp_path / "none"))
    assert main([command]) == 1
    assert main([command, str(tmp_path / "data")]) == 0


def test_a_settings_file_without_a_usable_data_directory_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "file.toml"
    file.write_text("data_dir = 5\n")

    assert main(["verify", "--config", str(file)]) == 2
    assert main(["verify", "--config", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.splitlines()[0] == (
        f"irq_server: {file}: data_dir: expected a string in quotes, found '5'"
    )
