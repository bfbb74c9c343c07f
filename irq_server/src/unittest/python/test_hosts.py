"""Which Host names are the server's own."""

import pytest

from irq_server.hosts import is_served


@pytest.mark.parametrize(
    ("header", "listening"),
    [
        ("127.0.0.1:5000", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost:5000", "127.0.0.1"),
        ("LOCALHOST.", "127.0.0.1"),
        ("127.0.0.2:5000", "127.0.0.1"),
        ("[::1]:5000", "::1"),
        ("[::1]", "localhost"),
        ("192.0.2.7:5000", "192.0.2.7"),
        ("192.0.2.7:5000", "0.0.0.0"),  # noqa: S104 - an address that is listened on
        ("[2001:db8::1]:80", "::"),
        ("irq.example.org", "127.0.0.1"),
        ("Server.Example.org:5000", "server.example.org"),
    ],
)
def test_its_own_names_and_addresses_are_served(header: str, listening: str):
    assert is_served(header, listening, ["irq.example.org"])


@pytest.mark.parametrize(
    ("header", "listening"),
    [
        ("evil.example", "127.0.0.1"),
        ("evil.example:5000", "0.0.0.0"),  # noqa: S104 - an address that is listened on
        ("127.0.0.1.evil.example", "127.0.0.1"),
        ("localhost.evil.example", "127.0.0.1"),
        ("192.0.2.7:5000", "127.0.0.1"),
        ("[::1", "192.0.2.7"),
        ("", "127.0.0.1"),
        ("irq.example.org", "server.example.org"),
    ],
)
def test_all_others_are_not(header: str, listening: str):
    assert not is_served(header, listening, [])
