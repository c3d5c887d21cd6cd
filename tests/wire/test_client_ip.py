from __future__ import annotations

from typing import Any

import pytest

from django_simple_auth.wire.client_ip import network


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "expected"),
    [
        (None, "192.0.2.1", None, "192.0.2.1"),
        (None, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (0, "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (1, "192.0.2.1", "203.0.113.9", "203.0.113.9"),
        (1, "192.0.2.1", "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "192.0.2.1", "10.0.0.1, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (5, "192.0.2.1", "10.0.0.1, 203.0.113.9", "10.0.0.1"),
        (1, "192.0.2.1", "203.0.113.9:1234", "203.0.113.9"),
        (1, "192.0.2.1", "[2001:db8:1:2::9]:1234", "2001:db8:1:2::/64"),
        (1, "192.0.2.1", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (1, "192.0.2.1", "nonsense", "nonsense"),
        (None, "2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        (None, "::ffff:192.0.2.1", None, "192.0.2.1"),
        (None, "fe80::1%eth0", None, "fe80::/64"),
        (None, "", None, ""),
    ],
)
def test_the_network_is_what_num_proxies_vouches_for(
    rf: Any, settings: Any, proxies: int | None, remote: str, forwarded: str | None, expected: str
):
    settings.REST_FRAMEWORK = {"NUM_PROXIES": proxies}
    environ = {"REMOTE_ADDR": remote}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    assert network(rf.get("/", **environ)) == expected
