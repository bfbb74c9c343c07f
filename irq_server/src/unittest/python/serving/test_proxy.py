"""Whom a request is from, behind a proxy."""

import pytest
from flask import Flask, request

from irq_server.serving.proxy import TrustedProxy


def client_of(proxy: str, peer: str, **headers: str) -> str:
    """Return the address that an application sees, of a request that comes from `peer`."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.host}")
    app.wsgi_app = TrustedProxy(app.wsgi_app, proxy)  # type: ignore[method-assign]  # as Flask says
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = app.test_client().get("/", headers=sent, environ_overrides={"REMOTE_ADDR": peer})
    return answer.text.removesuffix(" localhost")


@pytest.mark.parametrize(
    ("proxy", "peer", "forwarded", "address"),
    [
        ("127.0.0.1", "127.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "127.0.0.1", "198.51.100.9, 192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "192.0.2.66", "192.0.2.7", "192.0.2.66"),
        ("127.0.0.1", "127.0.0.2", "192.0.2.7", "127.0.0.2"),
        ("unix", "unix", "192.0.2.7", "192.0.2.7"),
        ("unix", "127.0.0.1", "192.0.2.7", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "root by hand", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "192.0.2.7, <script>", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "192.0.2.7:80", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "fe80::1%any text", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "2001:0DB8::7", "2001:db8::7"),
        ("127.0.0.1", "127.0.0.1", "9" * 15_000, "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "192.0.2.7,", "127.0.0.1"),
        ("unix", "unix", "nobody knows", "unix"),
    ],
)
def test_only_the_trusted_proxy_says_whom_a_request_is_from(
    proxy: str, peer: str, forwarded: str, address: str
):
    assert client_of(proxy, peer, X_Forwarded_For=forwarded) == address


def test_without_the_header_a_request_is_from_the_proxy():
    assert client_of("127.0.0.1", "127.0.0.1") == "127.0.0.1"


def test_a_proxy_says_nothing_else():
    more = {"X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}

    assert client_of("127.0.0.1", "127.0.0.1", X_Forwarded_For="192.0.2.7", **more) == "192.0.2.7"
