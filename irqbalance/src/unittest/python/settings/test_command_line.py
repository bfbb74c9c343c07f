"""The settings: the table, the command line, the file, and that they agree."""

from pathlib import Path
from typing import Any

import pytest

from conftest import row
from documents import completion, man_options, readme_table
from irqbalance.errors import FileError, SettingError
from irqbalance.kernel.interrupts import parse
from irqbalance.planning.policy import OBJECTIVE
from irqbalance.settings.command_line import parser, settings_of
from irqbalance.settings.model import Settings
from irqbalance.settings.table import SETTINGS
from irqbalance.settings.values import Pattern

PROJECT = Path(__file__).parents[4]
ROWS = parse(
    "\n".join(["CPU0", row(24, 1, device="eth0-rx"), row(25, 1, device="nvme0q1"), row(26, 1)])
).rows


def test_the_table_the_settings_the_help_and_the_readme_agree():
    names = [setting.name for setting in SETTINGS]

    assert sorted([*names, "rules"]) == sorted(Settings._fields)
    text = parser().format_help()
    assert all(option in text for setting in SETTINGS for option in setting.options)
    assert readme_table() in (PROJECT / "README.md").read_text()


def test_the_man_page_and_the_completion_know_every_option():
    data = PROJECT / "src/main/data"
    page = (data / "irqbalance.8").read_text()

    assert man_options() in page
    assert (data / "bash-completion/irqbalance").read_text() == completion()
    shown = page.replace("\\-", "-")
    words = completion().split()
    for option in parser()._option_string_actions:
        assert f"\\fB{option}\\fR" in shown, option
        assert any(word.strip("')") == option for word in words), option


def test_the_readme_and_the_man_page_state_the_objective():
    goals = " ".join(f"{number}. {goal}" for number, goal in enumerate(OBJECTIVE, 1))
    page = (PROJECT / "src/main/data/irqbalance.8").read_text()
    shown = page.replace(".br\n", "").replace("\\-", "-").replace("\\(aq", "'")

    assert goals in " ".join((PROJECT / "README.md").read_text().split())
    assert goals in " ".join(shown.split())


def test_the_service_and_the_cron_file_run_the_command_by_its_full_path():
    data = PROJECT / "src/main/data"
    service = (data / "irqbalance-once.service").read_text()

    assert "ExecStart=/usr/local/bin/irqbalance --quiet" in service
    assert "ProtectKernelTunables=no" in service
    assert "ReadOnlyPaths=/ /proc /sys /run\n" in service
    assert "ReadWritePaths=/proc/irq " in service
    assert (
        "* * * * root /usr/local/bin/irqbalance --quiet" in (data / "irqbalance.cron").read_text()
    )


def test_the_version_is_the_builds():
    from irqbalance import __version__

    assert f'version = "{__version__}"' in (PROJECT / "build.py").read_text()
    assert f"## [{__version__}]" in (PROJECT / "CHANGELOG.md").read_text()


def test_without_arguments_the_defaults_hold():
    settings = settings_of([])

    assert settings.state_dir == Path("/var/lib/irqbalance")
    assert (settings.threshold, settings.max_moves, settings.interval) == (5.0, None, None)
    assert settings.writes


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        (["-n"], "dry_run", True),
        (["--interval", "20ms"], "interval", 0.02),
        (["--cpus", "0-2"], "cpus", frozenset({0, 1, 2})),
        (
            ["--ban-irq", "24", "--ban-irq", "eth*"],
            "ban_irq",
            (Pattern("24", range(24, 25)), Pattern("eth*")),
        ),
        (["--threshold=0"], "threshold", 0.0),
        (["--max-moves", "3"], "max_moves", 3),
        (["--format", "json"], "format", "json"),
        (["--from", "a", "--to", "b"], "to_file", Path("b")),
        (["-v"], "verbose", True),
    ],
)
def test_an_option_sets_its_field(argv: list[str], field: str, value: Any):
    assert getattr(settings_of(argv), field) == value


@pytest.mark.parametrize("option", [["--dry-run"], ["--check"], ["--from", "x"]])
def test_some_runs_write_nothing(option: list[str]):
    assert not settings_of(option).writes


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--interval", "0"], "--interval: expected a duration"),
        (["--interval", "soon"], "found 'soon'"),
        (["--cpus", "x"], "--cpus: expected a CPU list"),
        (["--threshold", "-1"], "--threshold"),
        (["--max-moves=-1"], "--max-moves: expected a whole number"),
        (["--format", "xml"], "one of table, json, csv"),
        (["--only-irq", "9-3"], "--only-irq"),
        (["--to", "x"], "--to: expected --from"),
        (["--from", "x", "--interval", "1"], "no --interval"),
        (["--from", "x", "--restore"], "no --restore"),
        (["--check", "--restore"], "no --restore"),
        (["--from", "x", "--load", "time"], "--load: expected counts"),
        (["-v", "-q"], "no --quiet"),
    ],
)
def test_wrong_values_and_contradictions_are_named(argv: list[str], words: str):
    with pytest.raises((SettingError, SystemExit)) as caught:
        settings_of(argv)

    assert words in str(caught.value) or isinstance(caught.value, SystemExit)


def config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "irqbalance.toml"
    path.write_text(text)
    return str(path)


def test_a_file_gives_settings_and_the_command_line_wins(tmp_path: Path):
    path = config(
        tmp_path,
        'interval = "2m"\nthreshold = 7.5\nmax_moves = 4\nban_irq = ["24", "eth*"]\n'
        'only_irq = "25"\nquiet = true\ncpus = "0-1"\n',
    )

    settings = settings_of(["--config", path, "--threshold", "1"])

    assert settings.interval == 120
    assert settings.threshold == 1
    assert settings.max_moves == 4
    assert [pattern.text for pattern in settings.ban_irq] == ["24", "eth*"]
    assert [pattern.text for pattern in settings.only_irq] == ["25"]
    assert settings.quiet
    assert settings.cpus == {0, 1}


def test_verbose_on_the_command_line_ends_the_files_quiet(tmp_path: Path):
    path = config(tmp_path, "quiet = true\nverbose = true\n")

    assert settings_of(["--config", path, "-v"]).verbose
    assert not settings_of(["--config", path, "-v"]).quiet
    assert not settings_of(["--config", path, "-q"]).verbose


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("threshold = ", "expected TOML"),
        ("thresholds = 5", "found 'thresholds'"),
        ("dry_run = true", "found 'dry_run'"),
        ("threshold = true", "threshold: expected a text or a number"),
        ("threshold = 500", "threshold: expected a percentage"),
        ("quiet = 1", "quiet: expected true or false"),
        ("rules = 5", "tables headed [[rules]]"),
        ('[[rules]]\npattern = "x"\n', "rule 1: expected either ban = true or cpus and one_node"),
        ('[[rules]]\npattern = "x"\nban = true\ncpus = "1"\n', "rule 1: expected either"),
        ('[[rules]]\npattern = "x"\nban = "yes"\n', "rule 1: expected true or false"),
        ("[[rules]]\nban = true\n", "rule 1: pattern"),
        ('[[rules]]\npattern = ""\nban = true\n', "rule 1: expected an IRQ"),
        ('[[rules]]\npattern = "x"\ncpus = "z"\n', "rule 1: expected a CPU list"),
        (
            '[[rules]]\npattern = "x"\nban = true\ncpu = 1\n',
            "the keys ban, cpus, one_node, pattern",
        ),
    ],
)
def test_a_file_that_says_what_it_cannot_is_named(tmp_path: Path, text: str, words: str):
    with pytest.raises(SettingError) as caught:
        settings_of(["--config", config(tmp_path, text)])

    assert words in str(caught.value)
    assert "irqbalance.toml" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(FileError, match="No such file"):
        settings_of(["--config", str(tmp_path / "none.toml")])


def reasons(argv: list[str]) -> list[str]:
    selection = settings_of(argv).selection
    return [selection.why_fixed(each) for each in ROWS]


def test_patterns_keep_irqs_where_they_are():
    assert reasons(["--ban-irq", "eth*"]) == ["banned by --ban-irq eth*", "", ""]
    assert reasons(["--only-irq", "24-25", "--ban-irq", "25"]) == [
        "",
        "banned by --ban-irq 25",
        "left out by --only-irq",
    ]


def test_the_first_rule_that_matches_counts(tmp_path: Path):
    path = config(
        tmp_path,
        '[[rules]]\npattern = "eth*"\ncpus = "2-3"\n'
        '[[rules]]\npattern = "nvme*"\nban = true\n'
        '[[rules]]\npattern = "*"\ncpus = 1\n',
    )

    selection = settings_of(["--config", path]).selection

    assert [selection.why_fixed(each) for each in ROWS] == ["", "banned by the rule for nvme*", ""]
    assert [selection.allowed(each) for each in ROWS] == [{2, 3}, None, {1}]


def test_a_rule_keeps_irqs_on_one_node(tmp_path: Path):
    text = '[[rules]]\npattern = "eth0-*"\none_node = true\n'

    selection = settings_of(["--config", config(tmp_path, text)]).selection

    assert [selection.together(each) for each in ROWS] == ["eth0-*", "", ""]
    assert [selection.why_fixed(each) for each in ROWS] == ["", "", ""]
