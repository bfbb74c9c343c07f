"""Settings of the C irqbalance become a settings file that does the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irqbalance.kernel.cpuset import format_list
from irqbalance.migration.assignments import Assignment, parse_assignments
from irqbalance.migration.translate import translate
from irqbalance.settings.command_line import settings_of
from irqbalance.settings.model import Settings
from irqbalance.settings.old_options import OLD
from irqbalance.settings.values import parse_pattern


def translated(text: str) -> str:
    found = parse_assignments(text)
    return translate(found.values, found.problems, "the file")


def keys(text: str) -> list[str]:
    """Return the lines of the translation that are no comments."""
    return [line for line in translated(text).splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IRQBALANCE_BANNED_CPULIST=2-3,6", ['ban_cpus = "2-3,6"']),
        ("IRQBALANCE_BANNED_CPULIST=-", []),
        ("IRQBALANCE_BANNED_CPULIST=", []),
        ("IRQBALANCE_BANNED_CPUS=00000001,000000f0", ['ban_cpus = "4-7,32"']),
        ("IRQBALANCE_BANNED_CPUS=f0\nIRQBALANCE_BANNED_CPULIST=2-3", ['ban_cpus = "2-7"']),
        ("IRQBALANCE_DEBUG=", ["verbose = true"]),
        ("IRQBALANCE_ONESHOT=yes", []),
        ("IRQBALANCE_ARGS='--banirq=24 --banirq 25 -i 26 -i27'",
         ['ban_irq = ["24", "25", "26", "27"]']),
        ("IRQBALANCE_ARGS='--bani=24'", ['ban_irq = ["24"]']),
        ("IRQBALANCE_ARGS=-od", ["verbose = true"]),
        ("IRQBALANCE_ARGS=-di24", ["verbose = true", 'ban_irq = ["24"]']),
        ("IRQBALANCE_ARGS='--debug --journal'", ["verbose = true", 'log = "syslog"']),
        ("IRQBALANCE_ARGS='-t 20'", ['interval = "20"']),
        ("IRQBALANCE_ARGS='--interval=20 --interval=30'", ['interval = "30"']),
        ("IRQBALANCE_ARGS=--migrateval=4", ['threshold = "25"']),
        ("IRQBALANCE_ARGS='-e 3'", ['threshold = "33.3333"']),
        ("IRQBALANCE_ARGS='-e 0'", ['threshold = "0"']),
        ("FOO=1\nIRQBALANCE_BANNED_CPULIST=1\nIRQBALANCE_BANNED_CPULIST=2", ['ban_cpus = "2"']),
        # what is not understood sets nothing
        ("IRQBALANCE_BANNED_CPUS=0xf0", []),
        ("IRQBALANCE_ARGS='--banirq=eth0 -t 0 -e x'", []),
    ],
)  # fmt: skip
def test_a_setting_that_has_a_counterpart_is_translated(text: str, expected: list[str]):
    assert keys(text) == expected


@pytest.mark.parametrize(
    ("words", "old"),
    [(f"{name}={old.argument}" if old.argument else name, old)
     for old in OLD for name in old.names if name.startswith("--") and not old.key],
)  # fmt: skip
def test_what_has_no_counterpart_is_named_with_what_to_do_instead(words: str, old: Any):
    text = translated(f"IRQBALANCE_ARGS={words}")

    assert f"# {words}: {old.instead}\n" in text
    assert keys(f"IRQBALANCE_ARGS={words}") == []


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("IRQBALANCE_ARGS=--huh", "# --huh: no option of the C irqbalance is known by this name"),
        ("IRQBALANCE_ARGS='--ban=1'", "# --ban=1: no option of the C irqbalance is known"),
        ("IRQBALANCE_NEW=1", "# IRQBALANCE_NEW=1: no option of the C irqbalance is known"),
        ("IRQBALANCE_BANNED_CPUS=0xf0", "# IRQBALANCE_BANNED_CPUS=0xf0: left out: expected a CPU"),
        ("IRQBALANCE_ARGS='-t 0'", "# -t 0: left out: interval: expected a duration above 0"),
        ("IRQBALANCE_ARGS=--banirq", "# --banirq: left out: expected a whole number"),
        ("if true; then", "# line 1 sets no variable"),
        ("IRQBALANCE_BANNED_CPULIST=1", "# This one never does, unless `cpus` names them."),
        ("", "#   systemctl disable --now irqbalance"),
    ],
)
def test_a_comment_says_what_was_left_out_and_what_differs(text: str, comment: str):
    assert any(line.startswith(comment) for line in translated(text).splitlines())


def test_a_banned_module_becomes_a_ban_of_its_pci_devices():
    found = parse_assignments("IRQBALANCE_ARGS='--banmod=ice -m other --banirq=9'")
    devices = {"ice": ["0000:3b:00.0", "0000:3b:00.1"]}

    lines = translate(
        found.values, found.problems, "the file", lambda module: devices.get(module, [])
    ).splitlines()

    assert 'ban_irq = ["0000:3b:00.0", "0000:3b:00.1", "9"]' in lines
    assert "# --banmod=ice --banirq=9" in lines
    assert any(line.startswith("# -m other: no PCI device has this module now:") for line in lines)


def accepted(folder: Path, text: str) -> Settings:
    """Return the settings of a run with `text` as its settings file."""
    path = folder / "irqbalance.toml"
    path.write_text(text)
    path.chmod(0o644)
    return settings_of(["--config", str(path)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("translated")


CPUS = st.sets(st.integers(0, 200))


@given(
    banned=CPUS,
    masked=CPUS,
    irqs=st.lists(st.integers(0, 999_999_999)),
    interval=st.none() | st.integers(1, 86_400),
    ratio=st.none() | st.integers(1, 1000),
    debug=st.booleans(),
    journal=st.booleans(),
    noise=st.lists(st.sampled_from(["--foreground", "-o", "-c 2", "--policyscript=/x", "-p off"])),
    export=st.sampled_from(["", "export "]),
    data=st.data(),
)
def test_a_run_with_the_translation_does_what_the_old_settings_say(
    folder, banned, masked, irqs, interval, ratio, debug, journal, noise, export, data
):
    form = st.sampled_from(["--banirq={}", "--banirq {}", "-i {}", "-i{}"])
    words = [data.draw(form).format(irq) for irq in irqs] + noise
    words += [] if interval is None else [f"--interval={interval}"]
    words += [] if ratio is None else [f"-e {ratio}"]
    words += ["--debug"] * debug + ["-j"] * journal
    words = data.draw(st.permutations(words))
    mask = sum(1 << cpu for cpu in masked)
    digits = f"{mask:x}"
    groups = [digits[max(0, end - 8) : end] for end in range(len(digits), 0, -8)]
    text = (
        f"{export}IRQBALANCE_BANNED_CPULIST='{format_list(banned)}'\n"
        f'{export}IRQBALANCE_BANNED_CPUS="{",".join(reversed(groups))}"\n'
        f'{export}IRQBALANCE_ARGS="{" ".join(words)}"\n'
    )

    settings = accepted(folder, translated(text))

    assert settings.ban_cpus == banned | masked
    assert sorted(settings.ban_irq) == sorted(parse_pattern(str(irq)) for irq in irqs)
    assert settings.interval == interval
    assert settings.threshold == (5.0 if ratio is None else pytest.approx(100 / ratio, abs=1e-4))
    assert (settings.verbose, settings.log) == (debug, "syslog" if journal else "none")


NAMES = st.sampled_from(
    ["IRQBALANCE_ARGS", "IRQBALANCE_BANNED_CPUS", "IRQBALANCE_BANNED_CPULIST", "IRQBALANCE_DEBUG"]
)
WORDS = st.lists(
    st.sampled_from([name for old in OLD for name in old.names]) | st.text(), max_size=5
)


@given(st.lists(st.tuples(NAMES | st.text(), st.text() | WORDS.map(" ".join))))
def test_whatever_the_file_says_the_translation_is_accepted(
    folder: Path, pairs: Sequence[tuple[str, str]]
):
    variables = [Assignment(name, value, 1) for name, value in pairs]

    accepted(folder, translate(variables, [], "the file"))
