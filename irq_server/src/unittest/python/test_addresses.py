"""Addresses that only this machine reaches."""

import pytest

from irq_server.addresses import is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("localhost.example.org", False),
        ("0.0.0.0", False),  # noqa: S104 - an address that is listened on
        ("::", False),
        ("::ffff:192.0.2.1", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, expected: bool):
    assert is_loopback(host) is expected
