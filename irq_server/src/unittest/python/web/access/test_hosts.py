"""Which Host names are the server's own."""

import pytest

from irq_server.web.access.hosts import Hosts, authority_of, host_of


def is_served(header: str, listening: str, names: list[str]) -> bool:
    host = host_of(header)
    return host is not None and Hosts([listening], names).serves(host)


@pytest.mark.parametrize(
    ("header", "listening"),
    [
        ("127.0.0.1:5000", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost:5000", "127.0.0.1"),
        ("localhost:8080", "127.0.0.1"),
        ("localhost:", "127.0.0.1"),
        ("LOCALHOST.", "127.0.0.1"),
        ("127.0.0.2:5000", "127.0.0.1"),
        ("[::1]:5000", "::1"),
        ("[::1]", "localhost"),
        ("[::1]", "127.0.0.1"),
        ("[::ffff:127.0.0.1]:5000", "127.0.0.1"),
        ("192.0.2.7:5000", "192.0.2.7"),
        ("192.0.2.7:5000", "0.0.0.0"),  # noqa: S104 - an address that is listened on
        ("192.0.2.7", "::"),
        ("[2001:db8::1]:80", "::"),
        ("[fe80::1%eth0]:80", "::"),
        ("irq.example.org", "127.0.0.1"),
        ("IRQ.example.org.:443", "127.0.0.1"),
        ("Server.Example.org:5000", "server.example.org"),
        ("server.example.org", "Server.Example.org."),
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
        ("localhost..", "127.0.0.1"),
        ("192.0.2.7:5000", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - an address that is asked for
        ("irq.example.org", "server.example.org"),
    ],
)
def test_all_others_are_not(header: str, listening: str):
    assert host_of(header)
    assert not is_served(header, listening, [])


def test_an_address_that_a_listening_name_has_is_served():
    hosts = Hosts(["server.example.org", "192.0.2.7"], [])

    assert hosts.serves("192.0.2.7")
    assert not hosts.serves("192.0.2.8")


@pytest.mark.parametrize(
    "header",
    [
        "",
        ".",
        "[::1",
        "::1",
        "localhost:port",
        "localhost:70000",
        "localhost:-1",
        "localhost, evil.example",
        "localhost evil.example",
        "user@localhost",
        "localhost/path",
        "http://localhost",
        "localhost\x00",
        "lo\u00e7alhost",
        "127.0.0.1:\u0665",
    ],
)
def test_what_is_no_host_is_none(header: str):
    assert host_of(header) is None


@pytest.mark.parametrize(
    ("target", "authority"),
    [
        ("http://evil.example:5000/api/v1/cpus?x=1", "evil.example:5000"),
        ("HTTP://evil.example", "evil.example"),
        ("http://user@evil.example/", "user@evil.example"),
        ("http:///path", ""),
        ("/api/v1/cpus?next=http://evil.example/", None),
        ("//evil.example/", None),
        ("*", None),
    ],
)
def test_a_target_may_name_its_host(target: str, authority: str | None):
    assert authority_of(target) == authority
