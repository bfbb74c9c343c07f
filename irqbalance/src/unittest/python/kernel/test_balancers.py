"""Other programs that balance are noticed, and nothing else is."""

from pathlib import Path

import pytest

from conftest import FakeMachine
from irqbalance.kernel.balancers import find_balancers


def process(fake: FakeMachine, number: int, name: str, cmdline: str | None, state: str = "S"):
    fake.write(f"proc/{number}/comm", f"{name}\n")
    fake.write(f"proc/{number}/stat", f"{number} ({name}) {state} 1 2 3\n")
    if cmdline is not None:
        fake.write(f"proc/{number}/cmdline", cmdline)


def test_the_c_irqbalance_is_noticed(fake: FakeMachine):
    process(fake, 4242, "irqbalance", "/usr/sbin/irqbalance\0--foreground\0")

    assert find_balancers(fake.procfs) == ["irqbalance (process 4242)"]


def test_a_balancer_whose_command_line_is_hidden_is_noticed_too(fake: FakeMachine):
    process(fake, 7, "irqbalance", None)

    assert find_balancers(fake.procfs) == ["irqbalance (process 7)"]


@pytest.mark.parametrize("python", ["/usr/bin/python3", "/venv/bin/python3.11", "python"])
def test_this_program_is_not_taken_for_it(fake: FakeMachine, python: str):
    process(fake, 11, "irqbalance", f"{python}\0/usr/local/bin/irqbalance\0--quiet\0")

    assert find_balancers(fake.procfs) == []


def test_one_that_has_ended_and_other_programs_are_not_noticed(fake: FakeMachine):
    process(fake, 11, "irqbalance", "", state="Z")
    process(fake, 12, "bash", "vi irqbalance.c")
    fake.write("proc/irq/24/comm", "irqbalance")

    assert find_balancers(fake.procfs) == []


def test_without_processes_there_is_nobody(tmp_path: Path):
    assert find_balancers(tmp_path / "nothing") == []


def tuned(fake: FakeMachine, active: str, **profiles: str):
    process(fake, 99, "tuned", "/usr/bin/python3 -Es\0/usr/sbin/tuned\0")
    fake.write("proc/99/root/etc/tuned/active_profile", f"{active}\n")
    for name, text in profiles.items():
        fake.write(f"proc/99/root/usr/lib/tuned/{name.replace('_', '-')}/tuned.conf", text)


def test_tuned_with_its_plug_in_is_noticed_through_included_profiles(fake: FakeMachine):
    tuned(
        fake,
        "mine",
        mine="[main]\ninclude=cpu-partitioning, mine\n",
        cpu_partitioning="[main]\n[irqbalance]\nbanned_cpus=1\n",
    )

    assert find_balancers(fake.procfs) == ["tuned with its irqbalance plug-in (process 99)"]


def test_tuned_without_it_is_not(fake: FakeMachine):
    tuned(fake, "balanced ../evil", balanced="[main]\ninclude=gone\n[cpu]\ngovernor=x\n")

    assert find_balancers(fake.procfs) == []
