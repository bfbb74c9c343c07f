"""The settings file: its keys, its rules, and what it cannot say."""

import os
from pathlib import Path

import pytest

from irqbalance.errors import FileError, SettingError
from irqbalance.settings.command_line import settings_of
from irqbalance.settings.model import Rule
from irqbalance.settings.values import Pattern


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


def give_away(path: Path) -> None:
    """Make another user than root own a file, as it is already if root does not run the tests."""
    if os.getuid() == 0:
        os.chown(path, 1000, 1000, follow_symlinks=False)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, None])
@pytest.mark.parametrize("linked", [True, False])
def test_root_refuses_a_file_that_another_user_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int | None, linked: bool
):
    path = Path(config(tmp_path, "threshold = 7\n"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if mode is None:
        give_away(path)
    else:
        path.chmod(mode)
    if linked:
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"

    with pytest.raises(FileError, match="so root does not use it"):
        settings_of(["--config", str(path)])


def test_a_pipe_of_another_user_is_refused_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_time: None
):
    assert in_time is None
    os.mkfifo(tmp_path / "pipe")
    give_away(tmp_path / "pipe")
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    with pytest.raises(FileError, match="so root does not use it"):
        settings_of(["--config", str(tmp_path / "pipe")])


@pytest.mark.parametrize("mode", [0o664, 0o666])
def test_an_ordinary_user_takes_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
):
    path = Path(config(tmp_path, "threshold = 7\n"))
    path.chmod(mode)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert settings_of(["--config", str(path)]).threshold == 7


def test_of_a_link_to_a_file_the_file_counts_and_the_folder_does_not(tmp_path: Path):
    path = Path(config(tmp_path, "threshold = 7\n"))
    tmp_path.chmod(0o1777)
    (tmp_path / "link").symlink_to(path)
    give_away(tmp_path / "link")

    assert settings_of(["--config", str(tmp_path / "link")]).threshold == 7


def test_a_pipe_of_ones_own_is_read(tmp_path: Path):
    # as the shell makes for --config <(command)
    reading, writing = os.pipe()
    os.write(writing, b"threshold = 7\n")
    os.close(writing)
    try:
        assert settings_of(["--config", f"/proc/self/fd/{reading}"]).threshold == 7
    finally:
        os.close(reading)
    assert tmp_path.is_dir()


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
        (
            '[[rules]]\npattern = "x"\n',
            "rule 1: expected ban = true, or near, or cpus and one_node = true; one of these alone",
        ),
        (
            '[[rules]]\npattern = "x"\nban = true\ncpus = "1"\n',
            "rule 1: expected ban = true, or near",
        ),
        ('[[rules]]\npattern = "x"\nban = "yes"\n', "rule 1: expected true or false"),
        ("[[rules]]\nban = true\n", "rule 1: pattern"),
        ('[[rules]]\npattern = ""\nban = true\n', "rule 1: expected an IRQ"),
        ('[[rules]]\npattern = "x"\ncpus = "z"\n', "rule 1: expected a CPU list"),
        (
            '[[rules]]\npattern = "x"\nban = true\ncpu = 1\n',
            "the keys ban, cpus, near, one_node, pattern",
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


def test_rules_are_read_in_their_order(tmp_path: Path):
    path = config(
        tmp_path,
        '[[rules]]\npattern = "eth*"\ncpus = "2-3"\n'
        '[[rules]]\npattern = "nvme*"\nban = true\n'
        '[[rules]]\npattern = "40-47"\ncpus = 1\none_node = true\n',
    )

    rules = settings_of(["--config", path]).selection.rules

    assert rules == (
        Rule(Pattern("eth*"), frozenset({2, 3}), ban=False),
        Rule(Pattern("nvme*"), None, ban=True),
        Rule(Pattern("40-47", range(40, 48)), frozenset({1}), ban=False, one_node=True),
    )


def test_a_rule_keeps_irqs_near_cpus_and_says_nothing_else(tmp_path: Path):
    rule = '[[rules]]\npattern = "eth0"\nnear = "8-9"\n'

    (found,) = settings_of(["--config", config(tmp_path, rule)]).rules
    assert (found.pattern.text, found.near, found.cpus, found.ban) == ("eth0", {8, 9}, None, False)
    for more in ('cpus = "1"', "one_node = true", "ban = true"):
        with pytest.raises(SettingError, match="one of these alone"):
            settings_of(["--config", config(tmp_path, f"{rule}{more}\n")])
    for wrong in ('"x"', '""', "true"):
        with pytest.raises(SettingError, match="rule 1"):
            settings_of(["--config", config(tmp_path, rule.replace('"8-9"', wrong))])
