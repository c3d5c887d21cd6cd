"""The network that an IP address is counted under."""

from __future__ import annotations

import ipaddress


def network_of(ip_address: str) -> str:
    """The addresses that one customer of a provider usually has: an IPv4 address, or an IPv6 /64.

    Text that is no IP address is returned as it is.
    """
    try:
        parsed = ipaddress.ip_address(ip_address)
    except ValueError:
        return ip_address
    if not isinstance(parsed, ipaddress.IPv6Address):
        return ip_address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
