"""Other programs that balance are noticed, and nothing else is."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import FakeMachine
from irqbalance.kernel.balancers import find_balancers

ROOT = (0, 0, 0, 0)

pytestmark = pytest.mark.usefixtures("in_time")


def names(fake: FakeMachine) -> list[str]:
    return [found.name for found in find_balancers(fake.procfs)]


def process(
    fake: FakeMachine,
    number: int,
    name: str,
    cmdline: str | None,
    state: str = "S",
    uids: tuple[int, ...] = ROOT,
):
    fake.write(f"proc/{number}/comm", f"{name}\n")
    ids = "\t".join(map(str, uids))
    text = f"Name:\t{name}\nUmask:\t0022\nState:\t{state}\nUid:\t{ids}\nGid:\t0\t0\t0\t0\n"
    fake.write(f"proc/{number}/status", text)
    fake.write(f"proc/{number}/stat", f"{number} ({name}) {state} 1 2 3\n")
    if cmdline is not None:
        fake.write(f"proc/{number}/cmdline", cmdline)


def test_the_c_irqbalance_is_noticed(fake: FakeMachine):
    process(fake, 4242, "irqbalance", "/usr/sbin/irqbalance\0--foreground\0")

    assert names(fake) == ["irqbalance (process 4242)"]


def test_a_balancer_whose_command_line_is_hidden_is_noticed_too(fake: FakeMachine):
    process(fake, 7, "irqbalance", None)

    assert names(fake) == ["irqbalance (process 7)"]


@pytest.mark.parametrize("python", ["/usr/bin/python3", "/venv/bin/python3.11", "python"])
def test_this_program_is_not_taken_for_it(fake: FakeMachine, python: str):
    process(fake, 11, "irqbalance", f"{python}\0/usr/local/bin/irqbalance\0--quiet\0")

    assert names(fake) == []


def test_one_that_has_ended_and_other_programs_are_not_noticed(fake: FakeMachine):
    process(fake, 11, "irqbalance", "", state="Z")
    process(fake, 12, "bash", "vi irqbalance.c")
    fake.write("proc/irq/24/comm", "irqbalance")

    assert names(fake) == []


@pytest.mark.parametrize(
    "uids",
    [
        (1000, 1000, 1000, 1000),
        (65534, 65534, 65534, 65534),
        (1000, 0, 0, 0),  # a program that is setuid root, under this name by a link
        (0, 1000, 1000, 1000),
        (0, 0, 1000, 0),
        (0, 0, 0, 1000),
        (0, 0, 0),
    ],
)
@pytest.mark.parametrize("name", ["irqbalance", "tuned"])
def test_a_process_that_is_not_wholly_roots_stops_nobody(
    fake: FakeMachine, uids: tuple[int, ...], name: str
):
    tuned(fake, "mine", mine="[irqbalance]\n")
    process(fake, 99, name, "/home/me/irqbalance\0", uids=uids)

    assert names(fake) == []


@pytest.mark.parametrize(
    "status",
    [
        None,
        "",
        "Name:\tirqbalance\n",
        "Uid:\n",
        "Uid:\t0\t0\t0\tx\n",
        # the name of a process may hold what some take for the end of a line
        "Name:\t\x0bUid:\t0\t0\t0\t0\nUid:\t1000\t1000\t1000\t1000\n",
        "Name:\t\x85Uid:\t0\t0\t0\t0\nUid:\t1000\t1000\t1000\t1000\n",
        "Name:\t\rUid:\t0\t0\t0\t0\nUid:\t1000\t1000\t1000\t1000\n",
    ],
)
def test_a_process_whose_user_is_unknown_stops_nobody(fake: FakeMachine, status: str | None):
    process(fake, 7, "irqbalance", "/usr/sbin/irqbalance\0")
    (fake.procfs / "7/status").unlink()
    if status is not None:
        (fake.procfs / "7/status").write_bytes(status.encode())

    assert names(fake) == []


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("/usr/sbin/irqbalance", True),
        ("/usr/sbin/irqbalance (deleted)", True),  # the package was upgraded
        ("/usr/bin/sudo", False),  # it waits for a password, all its ids are 0
    ],
)
def test_a_program_of_another_name_is_no_balancer(fake: FakeMachine, program: str, found: bool):
    process(fake, 7, "irqbalance", "irqbalance\0")
    (fake.procfs / "7/exe").symlink_to(program)

    assert names(fake) == (["irqbalance (process 7)"] if found else [])


def test_a_link_among_the_processes_is_none(fake: FakeMachine):
    process(fake, 7, "irqbalance", "/usr/sbin/irqbalance\0")
    (fake.procfs / "7").rename(fake.root / "elsewhere")
    (fake.procfs / "7").symlink_to(fake.root / "elsewhere")

    assert names(fake) == []


@pytest.mark.parametrize("name", ["comm", "status", "stat", "cmdline"])
def test_a_pipe_among_the_files_of_a_process_is_not_waited_for(fake: FakeMachine, name: str):
    process(fake, 7, "irqbalance", "/usr/sbin/irqbalance\0")
    (fake.procfs / "7" / name).unlink()
    os.mkfifo(fake.procfs / "7" / name)

    assert len(names(fake)) == (name in ("stat", "cmdline"))


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

    assert names(fake) == ["tuned with its irqbalance plug-in (process 99)"]


def test_tuned_without_it_is_not(fake: FakeMachine):
    tuned(fake, "balanced ../evil", balanced="[main]\ninclude=gone\n[cpu]\ngovernor=x\n")

    assert names(fake) == []


WITH = "[irqbalance]\n"
ACTIVE, PROFILE = "etc/tuned/active_profile", "usr/lib/tuned/mine/tuned.conf"


def test_the_root_of_a_process_is_a_link_as_in_proc(fake: FakeMachine):
    tuned(fake, "mine", mine=WITH)
    (fake.procfs / "99/root").rename(fake.root / "container")
    (fake.procfs / "99/root").symlink_to(fake.root / "container")

    assert len(names(fake)) == 1


def a_pipe(path: Path, _outside: Path) -> None:
    os.mkfifo(path)


def a_link(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def components(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[: n + 1]) for n in range(len(names))]


@pytest.mark.parametrize(
    ("component", "make"),
    [
        *((each, a_link) for each in (*components(ACTIVE), *components(PROFILE))),
        (ACTIVE, a_pipe),
        (PROFILE, a_pipe),
    ],
)
def test_what_a_container_puts_in_the_place_of_tuneds_files_is_not_read(
    fake: FakeMachine, component: str, make: Callable[[Path, Path], None]
):
    tuned(fake, "mine", mine=WITH)
    path = fake.procfs / "99/root" / component
    path.rename(fake.root / "outside")
    make(path, fake.root / "outside")

    assert names(fake) == []


@pytest.mark.parametrize("name", ["..", ".", "../mine", "/etc", "mine/../mine"])
def test_a_name_that_is_a_path_is_no_profile(fake: FakeMachine, name: str):
    tuned(fake, name, mine=WITH)
    fake.write("proc/99/root/usr/lib/tuned.conf", WITH)
    fake.write("proc/99/root/usr/lib/tuned/tuned.conf", WITH)

    assert names(fake) == []


def test_a_profile_of_an_absurd_size_is_not_read(fake: FakeMachine):
    tuned(fake, "mine", mine=WITH + "#" * 2**20)

    assert names(fake) == []


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 60_000,
        " " * 60_000,
        "include=\n" * 7_000,
        "include=" + " " * 60_000,
        "type" + "=" * 60_000,
        "type =" * 10_000,
        "[irqbalance" * 5_000,
    ],
)
def test_no_text_of_a_profile_takes_long(fake: FakeMachine, text: str):
    tuned(fake, "mine", mine=text)
    start = time.process_time()

    assert names(fake) == []
    assert time.process_time() - start < 2


def test_includes_without_end_are_not_followed_without_end(fake: FakeMachine):
    many = 3_000
    names = " ".join(f"p{n}" for n in range(many))
    tuned(fake, "mine", mine=f"[main]\ninclude={names}\n")
    for n in range(many):
        fake.write(f"proc/99/root/etc/tuned/p{n}/tuned.conf", "#" * 100)
    fake.write("proc/99/root/etc/tuned/p0/tuned.conf", WITH)
    opened: list[object] = []
    real = os.open

    def counted(path: object, *rest: object, **more: object) -> int:
        opened.append(path)
        return real(path, *rest, **more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", counted)
        find_balancers(fake.procfs)

    assert len(opened) < 5_000
