"""The CPUs that IRQs may go to, and why others are left out. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..errors import NoUsableCpuError
from ..kernel.cpuset import format_list
from ..settings.model import Settings

Cpus = frozenset[int]


class LeftOut(NamedTuple):
    """Online CPUs that no IRQ may go to, and why: ``isolated``, ``banned by --ban-cpus``."""

    cpus: Cpus
    reason: str

    def sentence(self) -> str:
        """Return it as a person reads it."""
        one = len(self.cpus) == 1
        return (
            f"{'CPU' if one else 'CPUs'} {format_list(self.cpus)} {'is' if one else 'are'}"
            f" {self.reason}"
        )


class Usable(NamedTuple):
    """The usable CPUs, at least one, and the others that are online. A CPU may have two reasons."""

    cpus: Cpus
    left_out: tuple[LeftOut, ...] = ()


def usable_cpus(
    settings: Settings,
    online: Cpus,
    kept_free: Mapping[str, Cpus],
    default_affinity: Cpus | None = None,
) -> Usable:
    """Return which of the `online` CPUs are usable; raise NoUsableCpuError if none is.

    `kept_free` has the CPUs that the kernel keeps free of work, by what keeps them free.
    `default_affinity` is the affinity of new IRQs, None if unknown: a container runtime takes the
    CPUs of its containers out of it. ``--cpus`` replaces both. A ban holds in any case.
    """
    found = []
    for cpus, reason in _reasons(settings, online, kept_free, default_affinity):
        if cpus & online:
            found.append(LeftOut(cpus & online, reason))
    usable = online.difference(*(each.cpus for each in found))
    if not usable:
        why = [each.sentence() for each in (LeftOut(online, "online"), *found)]
        raise NoUsableCpuError(", ".join(why))
    return Usable(usable, tuple(found))


def _reasons(
    settings: Settings, online: Cpus, kept_free: Mapping[str, Cpus], default: Cpus | None
) -> Iterator[tuple[Cpus, str]]:
    if settings.cpus is not None:
        yield online - settings.cpus, "not in --cpus"
    else:
        for reason, cpus in kept_free.items():
            yield cpus, reason
        if default is not None:
            yield online - default, "not in /proc/irq/default_smp_affinity"
    yield settings.ban_cpus, "banned by --ban-cpus"
    for variable, cpus in settings.banned_by:
        yield cpus, f"banned by {variable}"
    yield settings.isolate, "to be empty by --isolate"
