"""Where a server is, by its URL. Pure."""

import ipaddress
from urllib.parse import urlsplit


def is_socket(url: str) -> bool:
    """Return True if a server's URL names a Unix socket."""
    return url.startswith("unix:")


def is_local(url: str) -> bool:
    """Return True if a URL names this machine itself: a Unix socket, or loopback."""
    if is_socket(url):
        return True
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
