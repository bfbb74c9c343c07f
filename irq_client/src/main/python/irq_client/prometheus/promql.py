"""Every PromQL expression of this package. Pure.

Prometheus and VictoriaMetrics evaluate them alike. Counts come from last values and subtraction,
never from rate() or increase(), which extrapolate. Only node_exporter's counters, which carry no
times of their own, are left to increase().
Source: https://prometheus.io/docs/prometheus/latest/querying/basics/.
"""

import json
import re
from collections.abc import Sequence

CELLS = "irq_interrupts_total"
"""By irq, device and cpu; the cells without a series of their own count as irq="other"."""

BY_KIND = "irq_cpu_interrupts_total"
"""By cpu and kind: "device" or "own"."""

MACHINE = "irq_machine_events_total"
"""By irq: rows with one figure for the machine."""

CHANGES = "irq_affinity_changes_total"
BOOT = "irq_server_boot_time_seconds"
INTERVAL = "irq_server_interval_seconds"
CPU_INFO = "irq_cpu_info"
NODE = "node_interrupts_total"
"""node_exporter's counters, by type (the IRQ), devices and cpu (the number of a column)."""

UP = "up"
"""Has a sample at each scrape of a host."""

OWN_STATE = (
    "irq_server_sampler_up",
    "irq_server_samples_total",
    "irq_server_late_samples_total",
    "irq_server_store_bytes",
    "irq_server_store_damaged_bytes",
)
"""The state of the host's irq_server."""

_DEVICE = {"kind": "device"}
_USABLE = {"online": "true", "isolated": "false"}


def selector(families: str | Sequence[str], /, **labels: str | Sequence[str]) -> str:
    """Return the series of a family, or of several, that have the given labels.

    A text is a label's value; a sequence holds the values of which it has one.
    """
    matchers = [_matcher(name, value) for name, value in labels.items()]
    if isinstance(families, str):
        return f"{families}{{{','.join(matchers)}}}"
    return f"{{{','.join([_matcher('__name__', families), *matchers])}}}"


def _matcher(name: str, value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return f"{name}={_quoted(value)}"
    return f"{name}=~{_quoted('|'.join(map(re.escape, value)))}"


def _quoted(text: str) -> str:
    """Return a text as PromQL writes it: JSON's escapes are escapes of PromQL too."""
    return json.dumps(text, ensure_ascii=False)


def of_hosts(family: str, pattern: str, **labels: str) -> str:
    """Return the series of the hosts whose instance matches a shell pattern, with or without port.

    The empty pattern is all hosts.
    """
    if not pattern:
        return selector(family, **labels)
    instance = f"instance=~{_quoted(f'(?:{_regular(pattern)})(?::[0-9]+)?')}"
    return f"{family}{{{','.join([instance, *(_matcher(*each) for each in labels.items())])}}}"


def _regular(pattern: str) -> str:
    """Return a shell pattern (``*``, ``?``, ``[a-c]``, ``[!a]``) as a regular expression of RE2."""
    parts = re.split(r"(\*|\?|\[!?[^]\\[^!]+\])", pattern)
    wild = {"*": ".*", "?": "."}
    return "".join(
        wild.get(each) or (each.replace("[!", "[^", 1) if number % 2 else re.escape(each))
        for number, each in enumerate(parts)
    )


def span(milliseconds: int) -> str:
    """Return a duration."""
    return f"{max(milliseconds, 1)}ms"


def raw(series: str, milliseconds: int) -> str:
    """Return all samples of the last milliseconds."""
    return f"{series}[{span(milliseconds)}]"


def last(series: str, milliseconds: int) -> str:
    """Return each series' last value of the last milliseconds, also of one that ended there."""
    return f"last_over_time({raw(series, milliseconds)})"


def first(series: str, milliseconds: int) -> str:
    """Return each series' first value of the last milliseconds: a counter's least."""
    return f"min_over_time({raw(series, milliseconds)})"


def grown(series: str, milliseconds: int) -> str:
    """Return how much each counter grew in the last milliseconds, extrapolated."""
    return f"increase({raw(series, milliseconds)})"


def changed_cpus(series: str, milliseconds: int) -> str:
    """Return the CPUs of CPU_INFO's series that came or went in the last milliseconds."""
    return f"count by (cpu) (count by (cpu, online) ({last(series, milliseconds)})) > 1"


def times(series: str) -> str:
    """Return the time of each series' newest sample in Unix seconds, in the place of its value."""
    return f"timestamp({series})"


def instances(family: str, pattern: str, milliseconds: int, **labels: str) -> str:
    """Return the hosts that had a series of a family in the last milliseconds."""
    return f"count by (instance) ({last(of_hosts(family, pattern, **labels), milliseconds)})"


def loads(pattern: str, milliseconds: int) -> str:
    """Return what devices counted on each usable CPU of each host in the last milliseconds.

    A host whose history begins inside is not there.
    """
    counter = of_hosts(BY_KIND, pattern, **_DEVICE)
    usable = of_hosts(CPU_INFO, pattern, **_USABLE)
    return f"({counter} - {counter} offset {span(milliseconds)}) and on (instance, cpu) {usable}"
