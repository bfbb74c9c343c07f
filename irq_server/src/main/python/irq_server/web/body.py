"""The JSON body of a request -> values; an error names the wrong field. Pure."""

import json
from typing import Any, NoReturn

from ..errors import CpuSetError, ParameterError
from ..kernel.cpuset import MAX_CPU, parse_list
from .parameters import MAX_CPU_LIST_CHARACTERS

_EXPECTED = 'expected {"cpus": "0-3,8"} or {"cpu": 3}'


def parse_affinity(data: bytes) -> frozenset[int]:
    """Return the CPUs of ``{"cpus": "0-3"}`` or ``{"cpu": 3}``, at least one.

    Raise ParameterError, which names the field, or ``body`` if it is no such object.
    """
    fields = _object(data)
    for name in fields:
        if name not in ("cpus", "cpu"):
            raise ParameterError(name[:60], f"no such field here; {_EXPECTED}")
    if len(fields) != 1:
        found = "both" if fields else "neither"
        raise ParameterError("cpus", f"{_EXPECTED}, found {found}")
    return _cpu(fields["cpu"]) if "cpu" in fields else _cpus(fields["cpus"])


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode(), object_pairs_hook=_each_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ParameterError("body", f"{_EXPECTED}, found no JSON ({reason[:100]})") from None
    if not isinstance(value, dict):
        raise ParameterError("body", f"{_EXPECTED}, found {_shown(value)}")
    return value


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _cpu(value: Any) -> frozenset[int]:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MAX_CPU:
        expected = f"expected a CPU number from 0 to {MAX_CPU}"
        raise ParameterError("cpu", f"{expected}, found {_shown(value)}")
    return frozenset({value})


def _cpus(value: Any) -> frozenset[int]:
    if isinstance(value, str) and len(value) > MAX_CPU_LIST_CHARACTERS:
        most = f"expected at most {MAX_CPU_LIST_CHARACTERS} characters, found {len(value)}"
        raise ParameterError("cpus", most)
    try:
        cpus = parse_list(value) if isinstance(value, str) else frozenset()
    except CpuSetError as error:
        raise ParameterError("cpus", str(error)) from error
    if not cpus:
        raise ParameterError("cpus", f"expected a CPU list such as 0-3,8, found {_shown(value)}")
    return cpus


def _shown(value: Any) -> str:
    return json.dumps(value)[:60]
