"""Where a request comes from, as far as that can be known."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings


def address(request: Request | HttpRequest) -> str:
    """The client's address. X-Forwarded-For counts only as far as DRF's NUM_PROXIES says; unset means: not at all."""
    proxies = api_settings.NUM_PROXIES or 0
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    if not proxies or not forwarded:
        return str(request.META.get("REMOTE_ADDR") or "")
    hops = forwarded.split(",")
    return str(hops[-min(proxies, len(hops))].strip())


def network(request: Request | HttpRequest) -> str:
    """What one customer of a provider holds: an IPv4 address, or an IPv6 /64."""
    client = address(request)
    try:
        parsed = ip_address(client)
    except ValueError:
        return client
    if not isinstance(parsed, IPv6Address):
        return client
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
