"""A database that is down, and bugs."""

from __future__ import annotations

from typing import Any

from django.db import OperationalError
from django.test import Client as DjangoClient

from tests.contracts.refusals.cases import Case, always, each, raising, refused, shaped


@each(always)
def test_a_database_that_is_down_is_503(ask: Any, monkeypatch: Any, case: Case):
    monkeypatch.setattr(case.endpoint.view, "perform", raising(OperationalError("the reason")))
    body = refused(case, ask(case, client=DjangoClient(raise_request_exception=False)), 503)
    assert "the reason" not in str(body)


@each(always)
def test_a_crash_is_500(ask: Any, monkeypatch: Any, case: Case):
    monkeypatch.setattr(case.endpoint.view, "perform", raising(RuntimeError("the reason")))
    body = shaped(case.name, ask(case, client=DjangoClient(raise_request_exception=False)), 500)
    assert "the reason" not in str(body)
