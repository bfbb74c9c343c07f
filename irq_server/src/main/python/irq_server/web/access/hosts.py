"""The Host names that the server answers to, so that no web page elsewhere reaches it. Pure.

A page can make a visitor's browser ask this server by a name of its own that it lets point here
(DNS rebinding); the request then carries that name. An address in digits cannot be bent so. The
port says nothing: a request may have come through a tunnel or a published port.
"""

import re
from collections.abc import Collection, Iterable

from ...addresses import address_of

_HEADER = re.compile(r"(?:\[([0-9A-Za-z:.%_-]+)\]|([0-9A-Za-z._-]+))(?::([0-9]{0,5}))?", re.ASCII)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.ASCII | re.IGNORECASE)


def host_of(header: str) -> str | None:
    """Return the host of ``host:port`` or ``[::1]:port``, in small letters; None of anything else.

    Source: RFC 9110, section 7.2.
    """
    match = _HEADER.fullmatch(header.strip(" \t"))
    if match is None or int(match[3] or 0) > 65535:
        return None
    return (match[1] or match[2].removesuffix(".")).lower() or None


def authority_of(target: str) -> str | None:
    """Return the host and port that a request's target names itself, None if it names none.

    Such a target, ``GET http://host/path``, is for that host whatever the Host header says.
    Source: RFC 9112, section 3.2.2.
    """
    match = _ABSOLUTE.match(target)
    return match[1] if match else None


class Hosts:
    """What the server is called."""

    def __init__(self, listening: Iterable[str], names: Collection[str]) -> None:
        listening = list(listening)
        self._names = {"localhost", *(each.lower().removesuffix(".") for each in names)}
        self._names.update(each.lower().removesuffix(".") for each in listening)
        self._addresses = {found for each in listening if (found := address_of(each))}

    def serves(self, host: str) -> bool:
        """Return whether a request for `host`, as host_of() gives it, is for the server.

        An address in digits is served if it is the one listened on, loopback beside loopback, or
        any beside a wildcard.
        """
        if host in self._names:
            return True
        asked = address_of(host)
        return asked is not None and any(
            asked == bound or bound.is_unspecified or (asked.is_loopback and bound.is_loopback)
            for bound in self._addresses
        )
