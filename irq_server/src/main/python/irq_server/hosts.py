"""The Host names that the server answers to, so that no web page elsewhere reaches it. Pure.

A page can make a visitor's browser ask this server by a name of its own that it lets point here
(DNS rebinding); the request then carries that name. An address in digits cannot be bent so.
"""

import ipaddress
from collections.abc import Collection


def is_served(header: str, listening: str, names: Collection[str]) -> bool:
    """Whether a request with this Host header is for the server.

    `listening` is the host that it listens on, `names` what else it is called. An address in digits
    is served if it is the one listened on, loopback beside loopback, or any beside a wildcard.
    """
    host = _without_port(header).lower().rstrip(".")
    if host in {"localhost", listening.lower(), *(name.lower() for name in names)}:
        return True
    try:
        asked, bound = ipaddress.ip_address(host), ipaddress.ip_address(_address(listening))
    except ValueError:
        return False
    return asked == bound or bound.is_unspecified or (asked.is_loopback and bound.is_loopback)


def _address(listening: str) -> str:
    return "127.0.0.1" if listening == "localhost" else listening


def _without_port(header: str) -> str:
    """Gives the host of ``host:port`` and ``[::1]:port``, without brackets."""
    text = header.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`; names other than localhost are not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
