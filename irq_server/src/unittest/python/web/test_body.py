"""The body of a write: one of two fields, and every other body refused by the name at fault."""

import pytest

from irq_server.errors import ParameterError
from irq_server.web.body import parse_affinity


@pytest.mark.parametrize(
    ("body", "cpus"),
    [
        (b'{"cpus": "0-3,8"}', {0, 1, 2, 3, 8}),
        (b'{"cpus": " 5 "}', {5}),
        (b'{"cpu": 3}', {3}),
        (b'{"cpu": 0}', {0}),
        (b' {"cpu"\n: 65535} ', {65535}),
    ],
)
def test_a_list_or_one_cpu_is_taken(body: bytes, cpus: set[int]):
    assert parse_affinity(body) == cpus


@pytest.mark.parametrize(
    ("body", "parameter", "reason"),
    [
        (b"", "body", "no JSON"),
        (b"cpus=0-3", "body", "no JSON"),
        (b'{"cpu": 3', "body", "no JSON"),
        (b'\xff\xfe{"cpu": 3}', "body", "no JSON"),
        (b'{"cpu": 3, "cpu": 4}', "body", "stands twice"),
        (b'{"cpu": NaN}', "body", "NaN is no JSON"),
        (b'{"cpu": -Infinity}', "body", "-Infinity is no JSON"),
        (b'{"cpu": ' + b"9" * 5000 + b"}", "body", "no JSON"),
        (b'{"cpu":' + b"[" * 60000, "body", "nested too deep"),
        (b"3", "body", "found 3"),
        (b'["0-3"]', "body", 'found ["0-3"]'),
        (b"null", "body", "found null"),
        (b"{}", "cpus", "found neither"),
        (b'{"cpus": "0", "cpu": 0}', "cpus", "found both"),
        (b'{"cpus": "0", "irq": 0}', "irq", "no such field"),
        (b'{"mask": "f"}', "mask", "no such field"),
        (b'{"": 1}', "", "no such field"),
        (b'{"cpus": 3}', "cpus", "found 3"),
        (b'{"cpus": null}', "cpus", "found null"),
        (b'{"cpus": ["0"]}', "cpus", 'found ["0"]'),
        (b'{"cpus": ""}', "cpus", 'found ""'),
        (b'{"cpus": " "}', "cpus", 'found " "'),
        (b'{"cpus": "all"}', "cpus", "found 'all'"),
        (b'{"cpus": "3-0"}', "cpus", "ranges that rise"),
        (b'{"cpus": "-1"}', "cpus", "found '-1'"),
        (b'{"cpus": "65536"}', "cpus", "up to 65535"),
        ('{"cpus": "\u0663"}'.encode(), "cpus", "a CPU list such as"),
        (b'{"cpu": "3"}', "cpu", 'found "3"'),
        (b'{"cpu": 3.0}', "cpu", "found 3.0"),
        (b'{"cpu": 1e999}', "cpu", "found Infinity"),
        (b'{"cpu": true}', "cpu", "found true"),
        (b'{"cpu": -1}', "cpu", "found -1"),
        (b'{"cpu": 65536}', "cpu", "from 0 to 65535"),
        (b'{"cpu": [3]}', "cpu", "found [3]"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(body: bytes, parameter: str, reason: str):
    with pytest.raises(ParameterError) as caught:
        parse_affinity(body)
    assert caught.value.parameter == parameter
    assert reason in caught.value.reason
