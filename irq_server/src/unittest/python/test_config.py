"""The table of settings, and all that is written of it for people."""

from pathlib import Path

import pytest

from irq_server import cli, config

README = Path(__file__).parents[3] / "README.md"


def test_the_help_tells_every_setting_with_its_default_and_variable(
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    manual = " ".join(capsys.readouterr().out.split())
    for setting in config.SETTINGS:
        assert f"--{setting.name}" in manual
        assert (
            " ".join(f"(default: {setting.default or 'none'}; {setting.variable})".split())
            in manual
        )


def test_the_readmes_table_is_the_table_of_settings():
    rows = [
        f"| `--{each.name}{' ' + each.metavar if each.metavar else ''}` "
        f"| {_code(each.default)} | {each.help} |"
        for each in config.SETTINGS
    ]

    table = [line for line in README.read_text().splitlines() if line.startswith("| `--")]
    assert table == rows


def _code(default: str) -> str:
    if not default:
        return "none"
    if default != config.DEFAULT_DATA_DIR:
        return f"`{default}`"
    return "`/var/lib/irq_server` as root, else `~/.local/state/irq_server`"
