"""Pages of the admin, and what the tests do and read there."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.contrib.admin.models import LogEntry
from django.test import Client

from django_simple_auth.models import AuthToken, Identifier
from django_simple_auth.tokens import format as token_format
from tests.support.forms import fields_of

ADMIN = "/admin/django_simple_auth"
LIST = f"{ADMIN}/authtoken/"
NAMES = f"{ADMIN}/identifier/"
PROJECT = "/host/auth/user/"
PLAIN = "/plain/auth/user/"


def page_of(user: Any, site: str = PROJECT) -> str:
    return f"{site}{user.pk}/change/"


def act(client: Client, page: str, action: str, *rows: Any) -> list[str]:
    """The messages shown after the action, which the page must offer."""
    assert f'<option value="{action}">' in client.get(page).content.decode()
    response = client.post(page, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)
    return [str(message) for message in response.context["messages"]]


def save(client: Client, page: str, *ended: AuthToken, **changed: str) -> Any:
    """Save the page, with these tokens marked for deletion."""
    fields: dict[str, Any] = fields_of(client.get(page))
    for token in ended:
        (name,) = (name for name, (value, *_) in fields.items() if name.endswith("-id") and value == str(token.pk))
        fields[name.replace("-id", "-DELETE")] = "on"
    return client.post(page, {**fields, **changed})


def names_of(user: Any) -> list[Identifier]:
    return list(Identifier.objects.filter(user=user))


def history() -> list[tuple[str, str, str]]:
    """``(who, of what, message)`` of every entry in the admin's log."""
    return [
        (entry.user.get_username(), entry.object_repr, entry.change_message)
        for entry in LogEntry.objects.order_by("pk").select_related("user")
    ]


def end_signals(login: int, key: int) -> list[tuple[str, dict[str, Any]]]:
    """What is sent when staff end this login and then this key of bob's."""
    return [
        ("authn_token_revoked", {"session": login, "cause": "staff"}),
        ("user_logged_out", {"user": "bob"}),
        ("authn_token_delete", {"key": key}),
    ]


def assert_no_secret(text: str, *secrets: str) -> None:
    """In none of the forms in which a page could show a secret or its digest."""
    for secret in secrets:
        digest = token_format.digest(secret)
        for form in [secret, secret[4:], digest.hex(), str(digest)[2:-1], b64encode(digest).decode()]:
            assert form not in text
