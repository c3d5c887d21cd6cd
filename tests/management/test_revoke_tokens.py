"""``manage.py revoke_tokens`` ends all sessions and API keys of users."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from django_simple_auth import keys, sessions, signals
from django_simple_auth.identity import user_model
from django_simple_auth.management.commands import revoke_tokens
from django_simple_auth.models import AuthToken, Identifier
from django_simple_auth.tokens import store

User = get_user_model()


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def people(db: None) -> list[Any]:
    """Bob, Ann and Eve, each with two sessions and an API key; and Carl, who has none."""
    people = [User.objects.create_user(name, f"{name}@example.com", "x") for name in ("bob", "ann", "eve", "carl")]
    for user in people[:3]:
        sessions.start(user)
        sessions.start(user)
        keys.create(user, name="backup")
    return people


def run(*words: str, out: StringIO | None = None, **options: Any) -> str:
    out = out or StringIO()
    call_command("revoke_tokens", *words, stdout=out, **options)
    return out.getvalue()


def owners() -> set[str]:
    """The names of the users who still have a session or a key."""
    return set(AuthToken.objects.values_list("user__username", flat=True))


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("words", [("--username", "BOB"), ("--email", "Bob@Example.com"), ("--username", "ｂｏｂ")])
def test_a_user_is_found_regardless_of_spelling(words: tuple[str, ...]):
    assert run(*words) == "Users: 1, sessions ended: 2, API keys deleted: 1.\n"
    assert owners() == {"ann", "eve"}


def test_a_user_is_found_by_primary_key(people: list[Any]):
    run("--pk", str(people[1].pk))
    assert owners() == {"bob", "eve"}


def test_several_users_are_counted_together(people: list[Any]):
    out = run("--username", "bob", "carl", "--email", "ann@example.com", "bob@example.com", "--pk", str(people[0].pk))
    assert out == "Users: 3, sessions ended: 4, API keys deleted: 2.\n"
    assert owners() == {"eve"}


@pytest.mark.usefixtures("people")
def test_every_user_of_a_shared_address_is_found(people: list[Any]):
    User.objects.filter(username="eve").update(email="BOB@example.com")
    Identifier.objects.filter(user=people[2], kind="email").delete()
    run("--email", "bob@example.com")
    assert owners() == {"ann"}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "words", [("--username", "nobody"), ("--email", "x@example.com"), ("--pk", "0"), ("--pk", "x")]
)
def test_an_unknown_user_is_an_error_but_stops_no_other(words: tuple[str, ...]):
    out = StringIO()
    with pytest.raises(CommandError, match=f"No such user: {words[0]} {words[1]}"):
        run("--username", "bob", *words, out=out)
    assert out.getvalue() == "Users: 1, sessions ended: 2, API keys deleted: 1.\n"
    assert owners() == {"ann", "eve"}


@pytest.mark.usefixtures("people")
def test_a_name_that_the_login_field_cannot_hold_is_unknown(monkeypatch: Any):
    monkeypatch.setattr(user_model, "username_field", lambda: "id")
    monkeypatch.setattr(user_model, "identifier_kinds", lambda: {"id": "username"})
    with pytest.raises(CommandError, match="No such user: --username bob"):
        run("--username", "bob")


@pytest.mark.usefixtures("people")
def test_a_model_without_an_email_has_no_user_with_one(monkeypatch: Any):
    monkeypatch.setattr(user_model, "email_field", lambda: None)
    with pytest.raises(CommandError, match="No such user: --email"):
        run("--email", "bob@example.com")


@pytest.mark.usefixtures("people")
def test_all_users_are_logged_out_after_a_confirmation(monkeypatch: Any):
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    assert run("--all") == "Users: 3, sessions ended: 6, API keys deleted: 3.\n"
    assert not AuthToken.objects.exists()


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("answer", ["no", "", "y"])
def test_any_other_answer_ends_nothing(monkeypatch: Any, answer: str):
    monkeypatch.setattr("builtins.input", lambda question: answer)
    with pytest.raises(CommandError, match="Cancelled"):
        run("--all")
    assert AuthToken.objects.count() == 9


@pytest.mark.usefixtures("people")
def test_without_a_terminal_the_fix_is_named(monkeypatch: Any):
    def input_without_terminal(question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", input_without_terminal)
    with pytest.raises(CommandError, match="use --no-input"):
        run("--all")
    assert AuthToken.objects.count() == 9


def test_a_script_confirms_with_no_input(people: list[Any], monkeypatch: Any):
    monkeypatch.setattr("builtins.input", lambda question: pytest.fail("It must not ask."))
    monkeypatch.setattr(store, "_BATCH", 2)
    assert run("--all", "--no-input") == "Users: 3, sessions ended: 6, API keys deleted: 3.\n"
    assert run("--all", "--no-input") == "Users: 0, sessions ended: 0, API keys deleted: 0.\n"


@pytest.mark.usefixtures("people")
def test_a_terminal_is_shown_the_progress(monkeypatch: Any):
    monkeypatch.setattr(revoke_tokens, "_PROGRESS", 2)
    assert run("--all", "--no-input", out=Terminal()).startswith("\r2 users\r")
    assert run("--username", "bob", out=Terminal()) == "Users: 1, sessions ended: 0, API keys deleted: 0.\n"


@pytest.mark.usefixtures("people")
def test_verbosity_0_prints_nothing():
    assert run("--all", "--no-input", verbosity=0, out=Terminal()) == ""


@pytest.mark.parametrize("words", [(), ("--all", "--username", "bob")])
def test_either_some_users_are_named_or_all(people: list[Any], words: tuple[str, ...]):
    with pytest.raises(CommandError, match="Name users with --username, --email or --pk, or use --all"):
        run(*words)
    assert AuthToken.objects.count() == 9


def test_the_usual_signals_are_sent(people: list[Any], mailbox: Any):
    received: list[tuple[str, Any, Any]] = []

    def ended(user: Any, count: int, cause: str, **kwargs: Any) -> None:
        received.append((cause, user, count))

    def deleted(user: Any, count: int, **kwargs: Any) -> None:
        received.append(("key", user, count))

    signals.session_ended.connect(ended)
    signals.key_deleted.connect(deleted)
    try:
        run("--username", "bob")
    finally:
        signals.session_ended.disconnect(ended)
        signals.key_deleted.disconnect(deleted)
    assert received == [("staff", people[0], 2), ("key", people[0], 1)]
    assert [message.to for message in mailbox] == [["bob@example.com"]]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("change", [{"password": "another"}, {"is_active": False}])
def test_it_ends_what_an_update_left_valid(change: dict[str, Any]):
    User.objects.filter(username="bob").update(**change)
    assert "bob" in owners()
    run("--username", "bob")
    assert "bob" not in owners()
