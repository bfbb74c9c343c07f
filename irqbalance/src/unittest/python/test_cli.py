"""The command: runs on made machines, exit statuses, and what it says where."""

import errno
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import FakeClock, FakeMachine, row
from irqbalance import run
from irqbalance.cli import main
from irqbalance.kernel.affinity import Outcome, Writer
from irqbalance.status import Status

Command = Callable[..., int]


@pytest.fixture
def command(fake: FakeMachine) -> Command:
    """Run the command on `fake`, where IRQ 24 fires 100 times a second and IRQ 25 50 times."""
    fake.counters(row(24, 0, 0), row(25, 0, 0), row(26, 0, 0), "LOC: 0 0 Timer")
    for irq in (24, 25, 26):
        fake.irq(irq)

    def later() -> None:
        fake.counters(row(24, 100, 0), row(25, 50, 0), row(26, 0, 0), "LOC: 5 5 Timer")

    def call(*argv: str, clock: FakeClock | None = None) -> int:
        roots = ["--procfs", str(fake.procfs), "--sysfs", str(fake.sysfs)]
        state = ["--state-dir", str(fake.state)]
        return main([*roots, *state, *argv], (clock or FakeClock(later)).clock)

    return call


def full(monkeypatch: pytest.MonkeyPatch, fake: FakeMachine, irq: int) -> None:
    """Make every write of an IRQ's affinity fail with ENOSPC."""
    path = fake.procfs / f"irq/{irq}/smp_affinity_list"
    real = os.write

    def write(fd: int, data: bytes) -> int:
        if os.path.samestat(os.fstat(fd), path.stat()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)


def test_a_run_moves_and_reports(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    assert command("--interval", "1", "--format", "json") == 0

    output = capsys.readouterr()
    report = json.loads(output.out)
    assert [irq["status"] for irq in report["irqs"]] == ["kept", "applied", "kept", "fixed"]
    assert report["balance"]["after"]["loads"] == [100.0, 50.0]
    assert report["moves"] == 1
    assert output.err == ""
    assert fake.affinity(25) == "1\n"
    assert (fake.state / "snapshot.json").exists()


@pytest.mark.parametrize("option", ["--dry-run", "--check"])
def test_a_run_that_only_plans_writes_nothing_nowhere(
    fake: FakeMachine, command: Command, option: str, capsys: pytest.CaptureFixture[str]
):
    assert command("--interval", "1", option, "--format", "csv") == (
        5 if option == "--check" else 0
    )

    assert "25,dev25,50.0,0,1,planned," in capsys.readouterr().out
    assert fake.affinity(25) == "0-1\n"
    assert not fake.state.exists()


def test_check_is_content_where_a_run_would_not_act(command: Command):
    assert command("--interval", "1", "--check", "--threshold", "90") == 0


def test_quiet_says_nothing_when_all_is_well(command: Command, capsys: pytest.CaptureFixture[str]):
    assert command("--quiet", "--interval", "1") == 0

    assert capsys.readouterr() == ("", "")


def test_quiet_names_what_was_refused(
    fake: FakeMachine,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    full(monkeypatch, fake, 25)

    assert command("--quiet", "--interval", "1") == 3

    assert capsys.readouterr() == (
        "",
        "irqbalance: IRQ 25 is refused: no interrupt vector is free on that CPU (ENOSPC)\n",
    )


@pytest.mark.parametrize("component", ["irq/25", "irq/25/smp_affinity_list"])
def test_a_tree_with_a_link_is_balanced_around_it_and_the_target_stays(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str], component: str
):
    target = fake.root / "etc"
    (fake.procfs / component).rename(target)
    (fake.procfs / component).symlink_to(target)

    assert command("--interval", "1", "--format", "json") == 0

    output = capsys.readouterr()
    assert output.err == ""
    status = {irq["irq"]: (irq["status"], irq["reason"]) for irq in json.loads(output.out)["irqs"]}
    assert status["25"] == ("fixed", "its affinity is behind a symbolic link")
    assert status["24"][0] == "applied"
    assert fake.affinity(25) == "0-1\n"


def test_a_restore_does_not_write_through_a_link_and_keeps_the_record(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    assert command("--interval", "1", "--quiet") == 0
    path, target = fake.procfs / "irq/25/smp_affinity_list", fake.root / "passwd"
    path.rename(target)
    path.symlink_to(target)

    assert command("--restore", "--force", "--format", "json") == 0

    (restored,) = json.loads(capsys.readouterr().out)["irqs"]
    assert restored["status"] == "kept"
    assert restored["reason"] == "skipped: its affinity is behind a symbolic link"
    assert target.read_text() == "1\n"
    path.unlink()
    target.rename(path)
    assert command("--restore", "--quiet") == 0
    assert fake.affinity(25) == "0-1\n"


def test_the_next_run_measures_since_this_one(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    clock = FakeClock()
    command("--interval", "1", "--quiet", clock=clock)
    clock.time += 100
    fake.counters(row(24, 1000, 0), row(25, 500, 0), row(26, 0, 0))

    assert command("--format", "json", clock=clock) == 0

    assert clock.slept == [1]
    report = json.loads(capsys.readouterr().out)
    assert report["irqs"][0]["load"] == 10.0
    assert report["seconds"] == 100.0


def test_restore_puts_back_what_a_run_wrote(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    command("--interval", "1", "--quiet")
    assert command("--restore", "--dry-run") == 0
    assert fake.affinity(25) == "1\n"

    assert command("--restore", "--verbose") == 0

    assert fake.affinity(25) == "0-1\n"
    assert command("--restore") == 0
    assert capsys.readouterr().out.endswith("Nothing to restore.\n")


def test_a_restore_that_is_refused_says_so(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    command("--interval", "1", "--quiet")
    monkeypatch.setattr(Writer, "write", lambda *_arguments: Outcome(Status.REFUSED, "why (X)", 28))

    assert command("--restore", "--quiet") == 3
    assert capsys.readouterr() == ("", "irqbalance: IRQ 25 is refused: why (X)\n")


def test_another_balancer_ends_the_run_unless_forced(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    fake.write("proc/77/comm", "irqbalance\n")
    fake.write("proc/77/status", "Uid:\t0\t0\t0\t0\n")
    fake.write("proc/77/cmdline", "/usr/sbin/irqbalance\0")

    assert command("--interval", "1") == 4
    assert capsys.readouterr().err == (
        "irqbalance: irqbalance (process 77) runs too;"
        " stop it (systemctl disable --now irqbalance), or use --force\n"
    )
    assert fake.affinity(25) == "0-1\n"
    assert command("--dry-run", "--interval", "1") == 0
    assert capsys.readouterr().err == (
        "irqbalance: a run would end with exit status 4: irqbalance (process 77) runs too;"
        " stop it (systemctl disable --now irqbalance), or use --force\n"
    )
    assert command("--dry-run", "--interval", "1", "--force") == 0
    assert capsys.readouterr().err == ""
    assert command("--force", "--interval", "1") == 0


def test_two_runs_do_not_overlap(command: Command, capsys: pytest.CaptureFixture[str]):
    statuses: list[int] = []
    during = FakeClock(lambda: statuses.append(command("--interval", "1")))

    assert command("--interval", "1", clock=during) == 0

    assert statuses == [4]
    assert "another run holds" in capsys.readouterr().err


@pytest.mark.parametrize("cpus", ["7", "0-1"])
def test_no_usable_cpu_is_an_error(command: Command, cpus: str, capsys: pytest.CaptureFixture[str]):
    assert command("-n", "--interval", "1", "--cpus", cpus, "--ban-cpus", "0-1") == 1

    assert "no CPU is left to use: CPUs 0-1 are online" in capsys.readouterr().err


def test_isolated_cpus_are_left_alone_unless_asked_for(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    fake.write("sys/devices/system/cpu/isolated", "1\n")

    command("-n", "--interval", "1", "--format", "json")
    assert json.loads(capsys.readouterr().out)["cpus"] == [0]
    command("-n", "--interval", "1", "--format", "json", "--cpus", "0-9")
    output = capsys.readouterr()
    assert json.loads(output.out)["cpus"] == [0, 1]
    assert output.err == "irqbalance: --cpus: CPUs 2-9 are not online\n"


def test_broken_state_is_told_and_does_no_harm(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    fake.write("state/snapshot.json", "{")

    assert command("--quiet") == 0
    assert "snapshot.json is not used: it is not JSON" in capsys.readouterr().err
    assert command("--quiet", "--interval", "1") == 0
    assert capsys.readouterr().err == ""


def test_a_broken_undo_record_is_told_though_it_is_read_last(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    fake.write("state/undo.json", "{")

    assert command("--quiet") == 0
    assert capsys.readouterr().err.count("undo.json is not used: it is not JSON") == 1
    assert fake.affinity(25) == "1\n"


def test_broken_loads_of_the_last_run_are_told(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    assert command("--quiet") == 0
    path = fake.state / "prediction.json"
    kept = json.loads(path.read_text())
    assert kept["loads"] == {"24": 10.0, "25": 5.0}
    path.write_text(json.dumps(kept | {"loads": 3}))

    assert command("--quiet", "--interval", "1") == 0
    assert "prediction.json is not used" in capsys.readouterr().err


@pytest.fixture
def roots_state(
    fake: FakeMachine, command: Command, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Leave the state of a live run; return a function that takes the right to read it away."""
    assert command("--quiet") == 0
    real = os.open

    def refuse(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if str(path).startswith(f"{fake.state}/"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, flags, *rest, **more)

    return lambda: monkeypatch.setattr("os.open", refuse)


@pytest.mark.parametrize("option", ["--dry-run", "--check"])
@pytest.mark.parametrize("quiet", [True, False])
def test_a_dry_run_that_may_not_read_roots_state_says_so_once_and_not_if_quiet(
    fake: FakeMachine,
    command: Command,
    roots_state: Callable[[], None],
    capsys: pytest.CaptureFixture[str],
    option: str,
    quiet: bool,
):
    roots_state()

    status = command(option, "--interval", "1", *(["--quiet"] if quiet else []))

    assert status == 0
    said = f"irqbalance: {fake.state}: not allowed to read the last run's state, so it is not used"
    assert capsys.readouterr().err == ("" if quiet else f"{said}\n")


def test_a_dry_restore_that_may_not_read_the_record_fails_rather_than_restore_nothing(
    fake: FakeMachine,
    command: Command,
    roots_state: Callable[[], None],
    capsys: pytest.CaptureFixture[str],
):
    roots_state()

    assert command("--restore", "--dry-run", "--quiet") == 1

    said = f"irqbalance: {fake.state}/undo.json: not allowed to read it: that needs root\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("name", ["snapshot.json", "prediction.json", "refusals.json"])
def test_a_quiet_dry_run_names_a_damaged_file_once(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str], name: str
):
    fake.write(f"state/{name}", "{")

    assert command("--dry-run", "--quiet", "--interval", "1") == 0

    assert capsys.readouterr().err == (
        f"irqbalance: {fake.state}/{name} is not used: it is not JSON\n"
    )


def test_without_an_online_file_the_header_says_which_cpus_there_are(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    (fake.sysfs / "devices/system/cpu/online").unlink()

    assert command("-n", "--interval", "1", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["cpus"] == [0, 1]


def test_interrupt_time_that_is_not_accounted_is_told(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    fake.write("proc/stat", "cpu0 0 0 0 0 0 0 0\n")

    assert command("-n", "--interval", "1", "--load", "time") == 0
    assert "shows no time in hard interrupts" in capsys.readouterr().err


def test_a_run_by_time_behind_a_run_by_counts_measures_time(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    fake.write("proc/stat", "cpu0 0 0 0 0 0 100 0\ncpu1 0 0 0 0 0 0 0\n")
    clock = FakeClock()
    assert command("--quiet", "--interval", "1", clock=clock) == 0
    clock.time += 100

    def later() -> None:
        fake.counters(row(24, 100, 0), row(25, 50, 0), row(26, 0, 0))
        fake.write("proc/stat", "cpu0 0 0 0 0 0 250 0\ncpu1 0 0 0 0 0 0 0\n")

    clock.then = later
    assert command("--load", "time", "--format", "json", clock=clock) == 0

    output = capsys.readouterr()
    report = json.loads(output.out)
    assert report["unit"] == "CPU milliseconds per second"
    # 1.5 s in ten seconds, 100 to 50
    assert [irq["load"] for irq in report["irqs"]] == [100.0, 50.0, 0.0]
    assert output.err == ""


@pytest.mark.parametrize(("first", "second"), [("counts", "time"), ("time", "counts")])
def test_a_prediction_is_compared_with_a_measurement_of_the_same_unit_only(
    fake: FakeMachine,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    first: str,
    second: str,
):
    ticks = iter(range(100, 10**6, 100))

    def later() -> None:
        tick = next(ticks)
        fake.counters(row(24, tick, 0), row(25, tick // 2, 0), row(26, 0, 0))
        fake.write("proc/stat", f"cpu0 0 0 0 0 0 {tick} 0\ncpu1 0 0 0 0 0 0 0\n")

    later()

    def followed(load: str) -> Any:
        argv = ("--interval", "1", "--format", "json", "--load", load)
        assert command(*argv, clock=FakeClock(later)) == 0
        return json.loads(capsys.readouterr().out)["followed"]

    assert followed(first) is None
    assert (fake.state / "prediction.json").read_text().count('"predicted"') == 1
    assert followed(second) is None


def test_verbose_explains_every_irq_and_says_what_is_done(
    command: Command, capsys: pytest.CaptureFixture[str]
):
    assert command("--interval", "1", "-v") == 0

    output = capsys.readouterr()
    assert "dev26: idle: nothing to gain" in output.out
    assert "IRQ 25 (dev25): CPU 0 -> 1: applied" in output.err


def test_one_captured_file_is_planned_without_a_machine(
    captured: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
):
    path = captured("x86_64-4cpu") / "proc/interrupts"

    assert main(["--from", str(path), "--format", "json", "--cpus", "0-9", "--ban-cpus", "3"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert report["cpus"] == [0, 1, 2]
    assert all(irq["to"] in (0, 1, 2, 3, None) for irq in report["irqs"])
    assert report["unit"] == "interrupts"


@pytest.mark.parametrize("machine", ["arm64-4cpu", "x86_64-4cpu"])
def test_own_interrupts_of_a_captured_machine_are_listed_and_in_no_load(
    captured: Callable[[str], Path], capsys: pytest.CaptureFixture[str], machine: str
):
    path = captured(machine) / "proc/interrupts"
    rows = [line.split() for line in path.read_text().splitlines()[1:]]
    counts = {row[0].rstrip(":"): [int(cell) for cell in row[1:5]] for row in rows if len(row) > 5}
    own = {row[0].rstrip(":") for row in rows if row[-1] in ("arch_timer", "arm-pmu")}
    devices = {irq for irq in counts if irq.isdecimal()} - own

    assert main(["--from", str(path), "--format", "json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert {irq["irq"] for irq in report["irqs"] if not irq["own"]} == devices
    assert any(irq["own"] and irq["load"] for irq in report["irqs"])
    loads = report["balance"]["before"]["loads"]
    assert sum(loads) == sum(sum(counts[irq]) for irq in devices)


def test_captured_files_without_a_usable_cpu_are_an_error(
    captured: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
):
    path = captured("x86_64-4cpu-cpu1off") / "proc/interrupts"

    assert main(["--from", str(path), "--cpus", "1"]) == 1
    assert "CPUs 0,2-3 are not in --cpus" in capsys.readouterr().err


def test_a_file_that_is_something_else_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "x"
    path.write_text("hello\n")

    assert main(["--from", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"irqbalance: {path}: line 1: expected a header such as 'CPU0 CPU1', found 'hello'\n"
    )


@pytest.mark.parametrize("argv", [["--nonsense"], ["--interval", "x"], ["--to", "x"], ["extra"]])
def test_wrong_usage_is_status_2(argv: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(argv) == 2

    assert capsys.readouterr().err.splitlines()[-1].startswith("irqbalance: ")


@pytest.mark.parametrize(("option", "words"), [("--version", "irqbalance 0."), ("--help", "cron")])
def test_help_and_version_are_status_0(option: str, words: str, capsys: pytest.CaptureFixture[str]):
    assert main([option]) == 0
    assert words in capsys.readouterr().out


def test_an_interrupted_run_ends_like_one(command: Command):
    def interrupt() -> None:
        raise KeyboardInterrupt

    assert command("--interval", "1", clock=FakeClock(interrupt)) == 130


def test_a_read_only_proc_is_one_clear_line(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    class Status:
        f_flag = os.ST_RDONLY

    monkeypatch.setattr(run.os, "statvfs", lambda _path: Status())

    assert command("--interval", "1") == 1
    assert "mounted read-only here" in capsys.readouterr().err


def test_want_of_permission_is_one_clear_line_before_measuring(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(run.os, "access", lambda _path, _mode: False)
    clock = FakeClock()

    assert command("--interval", "1", clock=clock) == 1
    assert "needs root" in capsys.readouterr().err
    assert clock.slept == []


@pytest.mark.parametrize("call", ["stat", "lstat", "access"])
@pytest.mark.parametrize("look", [1, 2])
def test_an_irq_that_goes_while_permission_is_checked_is_passed_over(
    fake: FakeMachine, monkeypatch: pytest.MonkeyPatch, call: str, look: int
):
    fake.irq(24)
    for irq in (25, 26):
        fake.irq(irq, mode=0o444)
    going = str(fake.procfs / "irq/24/smp_affinity_list")
    real, looks = getattr(os, call), iter(range(1, 100))

    def replaced(path: Any, *rest: Any, **more: Any) -> Any:
        if str(path) == going and next(looks) == look:
            Path(going).unlink()
        return real(path, *rest, **more)

    monkeypatch.setattr(os, call, replaced)

    run.require_permission(fake.machine)  # raises nothing


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_proc_that_cannot_be_looked_at_is_one_clear_line(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
):
    def fail(path: Any) -> Any:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(run.os, "statvfs", fail)

    assert command("--interval", "1") == 1
    assert capsys.readouterr().err.endswith(f"proc/irq: {os.strerror(number)}\n")


@pytest.mark.parametrize("option", [[], ["--dry-run"], ["--check"], ["--restore"]])
def test_root_runs_with_no_state_that_others_may_write(
    fake: FakeMachine,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: list[str],
):
    fake.state.mkdir()
    fake.state.chmod(0o777)
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert command("--quiet", *option) == 1

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"irqbalance: {fake.state}: ")
    assert output.err.endswith(" so root does not use it\n")
    assert fake.affinity(25) == "0-1\n"


def test_root_runs_with_no_settings_that_others_may_write(
    fake: FakeMachine,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    path = fake.write("my.toml", "threshold = 1\n")
    path.chmod(0o666)
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert command("--config", str(path), "--dry-run") == 1

    err = capsys.readouterr().err
    assert err.startswith(f"irqbalance: {path}: ")
    assert err.endswith(" so root does not use it\n")


def test_a_machine_without_affinities_has_nothing_to_move(fake: FakeMachine):
    fake.counters("VIR: 1 2 Virtual")

    argv = ["--procfs", str(fake.procfs), "--sysfs", str(fake.sysfs), "--interval", "1"]
    assert main([*argv, "--state-dir", str(fake.state)], FakeClock().clock) == 0


def test_a_full_disk_under_the_report_is_told(
    command: Command, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert command("-n", "--interval", "1") == 1

    assert "cannot print the report: No space left" in capfd.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_failure(
    command: Command, monkeypatch: pytest.MonkeyPatch
):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        assert command("-n", "--interval", "1") == 0


def test_what_cannot_be_said_is_not_said(monkeypatch: pytest.MonkeyPatch):
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            """Fail for lack of room."""
            raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr("sys.stderr", Full())

    assert main(["--to", "x"]) == 2


def test_all_refused_for_want_of_permission_is_a_failure(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def refuse(_self: Any, _irq: str, _cpu: int) -> Outcome:
        return Outcome(Status.REFUSED, "/proc is mounted read-only here (EROFS)", 30)

    monkeypatch.setattr(Writer, "move", refuse)

    assert command("--interval", "1", "--quiet") == 1
    assert "EROFS" in capsys.readouterr().err


def test_the_next_run_says_whether_the_load_followed(
    command: Command, capsys: pytest.CaptureFixture[str]
):
    assert command("--interval", "1") == 0
    assert "The last run's moves" not in capsys.readouterr().out
    # the counters stand still from here on
    assert command("--interval", "1", "-n", "--format", "json") == 0

    # 150 and 0 are an imbalance of 2, 100 and 50 one of 1.333; an idle machine has 1
    followed = json.loads(capsys.readouterr().out)["followed"]
    assert followed == {"before": 2.0, "predicted": 1.333, "measured": 1.0}


def test_a_prediction_that_is_something_else_is_told_and_does_no_harm(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    assert command("--interval", "1") == 0
    path = fake.state / "prediction.json"
    path.write_text(path.read_text().replace('"before"', '"after"'))

    assert command("--interval", "1") == 0
    assert "prediction.json is not used: its fields are not" in capsys.readouterr().err


def test_a_pattern_that_no_irq_has_is_one_warning_line(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    rules = fake.write("irq.toml", '[[rules]]\npattern = "etj0-*"\ncpus = "0"\n')
    argv = ["--interval", "1", "--dry-run", "--ban-irq", "dev9-*", "--ban-irq", "999"]

    assert command(*argv, "--config", str(rules)) == 0

    assert capsys.readouterr().err.splitlines() == [
        "irqbalance: --ban-irq dev9-*: no IRQ matches",
        "irqbalance: --ban-irq 999: no IRQ matches",
        "irqbalance: the rule for etj0-*: no IRQ matches",
    ]


@pytest.mark.parametrize("argv", [["--quiet", "--only-irq", "dev9"], ["--ban-irq", "24-999"]])
def test_there_is_no_warning_in_a_quiet_run_or_of_a_pattern_that_an_irq_has(
    command: Command, argv: list[str], capsys: pytest.CaptureFixture[str]
):
    assert command("--interval", "1", "--dry-run", *argv) == 0

    assert capsys.readouterr().err == ""


def test_a_plan_from_a_file_warns_of_such_a_pattern_too(
    fake: FakeMachine, capsys: pytest.CaptureFixture[str]
):
    fake.counters(row(24, 5, 0))

    assert main(["--from", str(fake.procfs / "interrupts"), "--only-irq", "dev9"]) == 0

    assert capsys.readouterr().err == "irqbalance: --only-irq dev9: no IRQ matches\n"


def test_an_idle_irq_on_an_isolated_cpu_is_a_reason_to_act(
    fake: FakeMachine, command: Command, capsys: pytest.CaptureFixture[str]
):
    fake.write("sys/devices/system/cpu/isolated", "1\n")
    fake.irq(26, effective="1")

    assert command("--interval", "1", "--check") == 5
    assert command("--interval", "1", "--format", "csv") == 0
    assert '26,dev26,0.0,1,0,applied,"pending (on CPU 1' in capsys.readouterr().out
    assert fake.affinity(26) == "0\n"

    # until its next interrupt the kernel leaves it there
    assert command("--interval", "1", "--check", "--format", "csv") == 0
    assert '26,dev26,0.0,1,0,kept,"pending: ' in capsys.readouterr().out


def test_an_idle_irq_of_a_captured_file_is_left_alone(
    fake: FakeMachine, capsys: pytest.CaptureFixture[str]
):
    fake.counters(row(24, 0, 0), row(25, 5, 0))

    assert main(["--from", str(fake.procfs / "interrupts"), "--ban-cpus", "1", "--check"]) == 0
    assert "idle: nothing to gain" in capsys.readouterr().out
