"""Addresses of hosts in digits, and which only this machine reaches. Pure."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(host: str) -> Address | None:
    """Return the address that `host` is in digits, None for a name; localhost is 127.0.0.1."""
    try:
        found = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach `host`; names other than localhost are not."""
    address = address_of(host)
    return address is not None and address.is_loopback
