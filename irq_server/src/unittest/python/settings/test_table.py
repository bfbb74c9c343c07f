"""The table of settings, and all that is written of it for people."""

from pathlib import Path

import pytest

import documents
from irq_server import cli
from irq_server.settings import table

PROJECT = Path(__file__).parents[4]


def test_the_help_tells_every_setting_with_its_default_and_variable(
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    manual = " ".join(capsys.readouterr().out.split())
    for setting in table.SETTINGS:
        assert f"--{setting.name}" in manual
        assert (
            " ".join(f"(default: {setting.default or 'none'}; {setting.variable})".split())
            in manual
        )


def test_reference_man_page_and_completion_are_made_from_the_table(tmp_path: Path):
    completions = (documents.DATA / name for name in documents.COMPLETIONS)
    files = (documents.REFERENCE, documents.MAN_PAGE, *completions)
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text((PROJECT / file).read_text())

    documents.rewrite(tmp_path)

    for file in files:
        assert (tmp_path / file).read_text() == (PROJECT / file).read_text(), (
            f"{file}: run src/unittest/python/documents.py"
        )


def test_the_references_table_has_a_row_for_each_setting():
    reference = (PROJECT / documents.REFERENCE).read_text()

    rows = [line for line in reference.splitlines() if line.startswith("| `--")]
    assert [row.split("`")[1].split()[0] for row in rows] == [
        f"--{each.name}" for each in table.SETTINGS
    ]
    assert "| `--fsync never\\|segment\\|sample` | `segment` | wait for the disk" in reference
    assert "| `--log auto\\|stderr\\|syslog` | `auto` | where the log goes" in reference
    assert "| `--log-file FILE` | none | log to this file instead" in reference


def test_man_page_and_completion_know_every_option_of_the_command():
    page = (PROJECT / documents.MAN_PAGE).read_text().replace("\\-", "-")
    words = (PROJECT / documents.DATA / documents.COMPLETIONS[0]).read_text().split()

    options = [name for action in cli.parser()._actions for name in action.option_strings]
    assert {"--port", "--config", "-q", "--help"} <= set(options)
    for option in options:
        assert f"\\fB{option}\\fR" in page, option
        assert any(word.strip("')") == option for word in words), option


def test_the_help_fits_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")

    lines = cli.parser().format_help().splitlines()

    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert "seconds without a unit" in text
    assert "example: irq_server --interval 1s" in text


def test_no_example_names_a_file_below_tmp_where_anybody_can_put_a_link_first():
    shown = [PROJECT / "README.md", *PROJECT.glob("docs/*.md")]
    shown += [each for each in (PROJECT / "src/main/data").rglob("*") if each.is_file()]

    assert len(shown) > 5
    assert [each for each in shown if "/tmp/" in each.read_text()] == []  # noqa: S108
    assert "/tmp/" not in cli.parser().format_help()  # noqa: S108 - as above


def test_settings_and_the_table_have_the_same_fields():
    assert sorted(each.field for each in table.SETTINGS) == sorted(table.Settings.__slots__)
