"""Registration while SIMPLE_AUTH["REGISTRATION"] is "closed", and with an unusual manager."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts
from django_simple_auth.accounts import emails
from django_simple_auth.exceptions import (
    RegistrationClosed,
)
from django_simple_auth.identity import user_model
from tests.support.client import PASSWORD
from tests.support.registration import NEW

User = get_user_model()


API = "/api/auth"


@pytest.mark.usefixtures("_closed")
@pytest.mark.parametrize("body", [NEW, {}, "{"])
def test_closed_registration_refuses_before_any_query(client: Any, body: Any):
    with CaptureQueriesContext(connection) as queries:
        response = client.post(f"{API}/register/", body)
    assert response.status_code == 403
    assert response.json() == {"detail": "Registration is closed.", "code": "registration_closed"}
    assert len(queries) == 0


@pytest.mark.usefixtures("_closed")
def test_closed_registration_refuses_in_the_services():
    for service in (accounts.register, accounts.register_neutrally):
        with pytest.raises(RegistrationClosed):
            service(**NEW)


def change(email: str) -> None:
    emails.request_change(User.objects.get(), email, PASSWORD)


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("send", [accounts.invite, change])
def test_a_manager_without_normalize_email_is_enough(mailbox: Any, settings: Any, monkeypatch: Any, send: Any):
    settings.SIMPLE_AUTH |= {"REGISTRATION": "invite"}
    # It has no attributes at all, so no normalize_email either.
    monkeypatch.setattr(user_model, "manager", object)
    send("Ann@EXAMPLE.com")
    assert mailbox[0].to == ["Ann@example.com"]
