"""What the native contract answers and logs if the server fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import OperationalError, connection
from django.views.debug import ExceptionReporter

from django_simple_auth.accounts.credentials import PasswordFactor
from tests.contracts.native.cases import API, log_in
from tests.support.client import PASSWORD


@pytest.mark.parametrize(
    ("error", "status", "code"), [(RuntimeError, 500, "error"), (OperationalError, 503, "unavailable")]
)
def test_a_crash_is_answered_in_json_and_logged(
    db: None, monkeypatch: Any, caplog: Any, error: type[Exception], status: int, code: str
):
    from django.test import Client

    def break_down(*arguments: Any) -> None:
        raise error("the reason")

    monkeypatch.setattr(PasswordFactor, "verify", break_down)
    client = Client(raise_request_exception=False)
    response = client.post(f"{API}/login/", {"username": "a", "password": "b"}, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Cache-Control"] == "no-store"
    assert "the reason" in caplog.text
    assert response.headers.get("Retry-After") == ("5" if status == 503 else None)


def test_a_crash_reaches_the_projects_test_client(db: None, monkeypatch: Any):
    from django.test import Client

    def break_down(*arguments: Any) -> None:
        raise RuntimeError("the reason")

    monkeypatch.setattr(PasswordFactor, "verify", break_down)
    with pytest.raises(RuntimeError):
        Client().post(f"{API}/login/", {"username": "a", "password": "b"}, content_type="application/json")


def test_no_password_or_token_is_in_djangos_error_report(client: Any, user: Any, caplog: Any):
    from django.test import Client

    secret = log_in(client)["token"]
    body = {"username": "bob", "password": PASSWORD}

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("project's receiver")

    user_logged_in.connect(fail)
    user_logged_out.connect(fail)
    try:
        fragile = Client(raise_request_exception=False)
        assert fragile.post(f"{API}/login/", body, content_type="application/json").status_code == 500
        assert fragile.post(f"{API}/logout/", HTTP_AUTHORIZATION=f"Token {secret}").status_code == 500
    finally:
        user_logged_in.disconnect(fail)
        user_logged_out.disconnect(fail)
    records = [record for record in caplog.records if record.exc_info]
    assert len(records) == 2
    for record in records:
        reporter = ExceptionReporter(record.request, *record.exc_info)
        report = reporter.get_traceback_html() + reporter.get_traceback_text()
        assert "project's receiver" in report.replace("&#x27;", "'")
        assert PASSWORD not in report
        assert secret not in report


def test_a_refusal_does_not_break_a_projects_test_case(client: Any, user: Any, monkeypatch: Any):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert client.post(f"{API}/login/", {"username": "bob", "password": "wrong"}).status_code == 400
    assert get_user_model().objects.count() == 1
