"""The host names of this server, so that no other site's page reaches it. Pure.

A page can let a name of its own point to this server. A visitor's browser then sends that page's
requests here (DNS rebinding). Such a request carries that name. An address in digits cannot point
elsewhere. The port does not count: a request may have come through a tunnel or a published port.
"""

import re
from collections.abc import Collection, Iterable

from ...addresses import address_of

_HEADER = re.compile(r"(?:\[([0-9A-Za-z:.%_-]+)\]|([0-9A-Za-z._-]+))(?::([0-9]{0,5}))?", re.ASCII)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#]*)", re.ASCII | re.IGNORECASE)


def host_of(header: str) -> str | None:
    """Return the host of ``host:port`` or ``[::1]:port``, in small letters; None for anything else.

    Source: RFC 9110, section 7.2.
    """
    match = _HEADER.fullmatch(header.strip(" \t"))
    if match is None or int(match[3] or 0) > 65535:
        return None
    return (match[1] or match[2].removesuffix(".")).lower() or None


def authority_of(target: str) -> str | None:
    """Return the host and port in a request's target, None if it has none.

    Such a target, ``GET http://host/path``, is for that host, not for the Host header's.
    Source: RFC 9112, section 3.2.2.
    """
    match = _ABSOLUTE.match(target)
    return match[1] if match else None


class Hosts:
    """The names and addresses that the server listens on, and its other names."""

    def __init__(self, listening: Iterable[str], names: Collection[str]) -> None:
        listening = list(listening)
        self._names = {"localhost", *(each.lower().removesuffix(".") for each in names)}
        self._names.update(each.lower().removesuffix(".") for each in listening)
        self._addresses = {found for each in listening if (found := address_of(each))}

    def serves(self, host: str) -> bool:
        """Return whether a request for `host`, from host_of(), is for this server.

        An address in digits is, if the server listens on it, on a wildcard, or if both are
        loopback.
        """
        if host in self._names:
            return True
        asked = address_of(host)
        return asked is not None and any(
            asked == bound or bound.is_unspecified or (asked.is_loopback and bound.is_loopback)
            for bound in self._addresses
        )
