"""The IP address and the network that a request comes from."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings

from ..throttling.network import network_of


def client_ip(request: Request | HttpRequest) -> str:
    """The client's IP address. X-Forwarded-For counts only as far as DRF's NUM_PROXIES says; unset means not at all."""
    proxies = api_settings.NUM_PROXIES or 0
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    if not proxies or not forwarded:
        return str(request.META.get("REMOTE_ADDR") or "")
    hops = forwarded.split(",")
    return _without_port(hops[-min(proxies, len(hops))].strip())


def _without_port(hop: str) -> str:
    """Some proxies send ``203.0.113.9:1234`` or ``[2001:db8::1]:1234``; the port is another for every connection."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def network(request: Request | HttpRequest) -> str:
    """The network that the request is counted under."""
    return network_of(client_ip(request))
