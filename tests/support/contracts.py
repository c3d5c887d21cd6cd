"""Mount a contract that a test has written."""

from __future__ import annotations

from typing import Any

from django.urls import include, path

from django_simple_auth.contracts.errors import non_field_errors
from django_simple_auth.wire import Contract, Endpoint


def serve(settings: Any, *endpoints: Endpoint, **options: Any) -> Contract:
    """Mount a contract of these endpoints below ``/x/``, as the only URLs."""
    contract = Contract(*endpoints, **{"errors": non_field_errors, **options})
    mount(settings, contract)
    return contract


def mount(settings: Any, contract: Contract) -> None:
    settings.ROOT_URLCONF = type("URLs", (), {"urlpatterns": [path("x/", include(contract.urls))]})
