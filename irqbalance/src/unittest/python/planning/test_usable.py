"""The CPUs that IRQs may go to, and why the others are left out."""

import pytest

from irqbalance.errors import NoUsableCpuError
from irqbalance.planning.usable import LeftOut, usable_cpus
from irqbalance.settings.command_line import settings_of

ONLINE = frozenset(range(8))
FREE = {"isolated": frozenset({6}), "nohz_full": frozenset({6, 7})}


def test_the_default_leaves_out_what_the_kernel_keeps_free_and_the_default_mask_lacks():
    found = usable_cpus(settings_of([]), ONLINE, FREE, frozenset({0, 1, 2, 6}))

    assert found.cpus == {0, 1, 2}
    assert found.left_out == (
        LeftOut(frozenset({6}), "isolated"),
        LeftOut(frozenset({6, 7}), "nohz_full"),
        LeftOut(frozenset({3, 4, 5, 7}), "not in /proc/irq/default_smp_affinity"),
    )


def test_named_cpus_replace_the_defaults_but_no_ban_and_no_offline_cpu():
    settings = settings_of(
        ["--cpus", "0-9", "--ban-cpus", "1", "--isolate", "2"], {"IRQBALANCE_BANNED_CPUS": "8"}
    )

    found = usable_cpus(settings, ONLINE, FREE, frozenset({0}))

    assert found.cpus == {0, 4, 5, 6, 7}
    assert [each.sentence() for each in found.left_out] == [
        "CPU 1 is banned by --ban-cpus",
        "CPU 3 is banned by IRQBALANCE_BANNED_CPUS",
        "CPU 2 is to be empty by --isolate",
    ]


def test_a_reason_that_leaves_out_no_online_cpu_is_not_named():
    settings = settings_of(["--ban-cpus", "20"])

    assert usable_cpus(settings, ONLINE, {"isolated": frozenset()}, ONLINE).left_out == ()


def test_no_usable_cpu_is_an_error_with_every_reason():
    settings = settings_of(["--isolate", "0-3"])

    with pytest.raises(NoUsableCpuError) as error:
        usable_cpus(settings, ONLINE, {}, frozenset({0, 1}))
    assert str(error.value) == (
        "no CPU is left to use: CPUs 0-7 are online, "
        "CPUs 2-7 are not in /proc/irq/default_smp_affinity, "
        "CPUs 0-3 are to be empty by --isolate"
    )


def test_the_sentence_on_a_machine_of_one_cpu_is_of_one():
    with pytest.raises(NoUsableCpuError, match="CPU 0 is online, CPU 0 is to be empty"):
        usable_cpus(settings_of(["--isolate", "0"]), frozenset({0}), {})
