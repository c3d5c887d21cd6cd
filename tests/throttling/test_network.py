from __future__ import annotations

import pytest

from django_simple_auth.throttling.network import network_of


@pytest.mark.parametrize(
    ("ip_address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(ip_address: str, network: str):
    assert network_of(ip_address) == network
