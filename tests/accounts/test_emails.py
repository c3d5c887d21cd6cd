from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts, sessions
from django_simple_auth.accounts import emails, passwords
from django_simple_auth.exceptions import EmailNotVerified, EmailTaken, InvalidCredentials, InvalidValue, LinkInvalid
from django_simple_auth.identity import identifiers, user_model
from django_simple_auth.mail import delivery, messages
from django_simple_auth.models import AuthToken, Identifier, OneTimeToken
from django_simple_auth.tokens import issuing, links
from tests.support.client import PASSWORD
from tests.support.messages import secret_in

User = get_user_model()
Purpose = OneTimeToken.Purpose
API = "/api/auth"
NEW = {"username": "ann", "email": "ann@example.com", "password": PASSWORD}


@pytest.fixture
def _required(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": "required"}


@pytest.fixture
def _optional(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": "optional"}


def prove(client: Any, letter: Any) -> Any:
    return client.post(f"{API}/email/verify/", {"token": secret_in(letter)})


def change_to(client: Any, email: str, password: str = PASSWORD) -> Any:
    return client.post(f"{API}/email/change/", {"email": email, "current_password": password})


def log_in(client: Any, user: Any) -> None:
    client.token = sessions.start(user).secret


# Proving it


def test_off_asks_for_no_proof(client: Any, mailbox: Any):
    assert client.post(f"{API}/register/", NEW).status_code == 201
    assert client.post(f"{API}/login/", NEW).status_code == 200
    assert client.post(f"{API}/email/verify/resend/", {"email": "ann@example.com"}).status_code == 204
    assert not mailbox


@pytest.mark.usefixtures("_optional")
def test_optional_asks_for_a_proof_and_waits_for_none(client: Any, mailbox: Any):
    client.post(f"{API}/register/", NEW)
    assert client.post(f"{API}/login/", NEW).status_code == 200
    assert not identifiers.is_verified(User.objects.get())
    assert prove(client, mailbox[0]).status_code == 204
    user = User.objects.get()
    assert identifiers.is_verified(user)
    assert user.is_active


@pytest.mark.usefixtures("_required")
def test_required_gives_no_token_before_the_proof(client: Any, mailbox: Any):
    client.post(f"{API}/register/", NEW)
    refused = client.post(f"{API}/login/", NEW)
    assert refused.status_code == 400
    assert refused.json() == {"non_field_errors": ["Please verify your e-mail address first."]}
    assert not AuthToken.objects.exists()
    assert prove(client, mailbox[0]).status_code == 204
    assert client.post(f"{API}/login/", NEW).status_code == 200


@pytest.mark.usefixtures("_required")
def test_only_who_knows_the_password_is_told_that_the_proof_is_missing(client: Any, user: Any):
    wrong = client.post(f"{API}/login/", {"username": "bob", "password": "wrong"})
    unknown = client.post(f"{API}/login/", {"username": "nobody", "password": "wrong"})
    assert wrong.json() == unknown.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}
    with pytest.raises(EmailNotVerified):
        accounts.authenticate(username="bob", password=PASSWORD, disclose_cause=True)


@pytest.mark.usefixtures("_required")
def test_published_contracts_keep_to_their_words(client: Any, user: Any):
    response = client.post("/contracts/keys/user/login/", {"username": "bob", "password": PASSWORD})
    assert (response.status_code, response.json()) == (400, {"error": "Invalid credentials"})


@pytest.mark.usefixtures("_required")
def test_a_host_vouches_for_an_address(user: Any):
    assert emails.mark_verified(user)
    assert accounts.authenticate(username="bob", password=PASSWORD) == user
    assert not emails.mark_verified(User.objects.create_user("eve"))


@pytest.mark.usefixtures("_required")
def test_another_address_is_another_proof(user: Any):
    emails.mark_verified(user)
    user.email = "new@example.com"
    user.save()
    with pytest.raises(EmailNotVerified):
        accounts.authenticate(username="bob", password=PASSWORD)


@pytest.mark.usefixtures("_optional")
def test_a_proof_works_once(client: Any, user: Any, mailbox: Any):
    emails.resend_verification("bob@example.com")
    assert prove(client, mailbox[0]).status_code == 204
    again = prove(client, mailbox[0])
    assert (again.status_code, again.json()) == (400, {"token": ["This link is invalid or has expired."]})


@pytest.mark.usefixtures("_optional")
def test_a_proof_is_of_the_address_that_it_was_sent_to(user: Any, mailbox: Any):
    emails.resend_verification("bob@example.com")
    User.objects.update(email="new@example.com")
    with pytest.raises(LinkInvalid):
        emails.verify(secret_in(mailbox[0]))


@pytest.mark.usefixtures("_optional")
@pytest.mark.parametrize("case", ["unknown", "inactive", "verified", "known"])
def test_asking_again_has_one_answer_and_one_effort(client: Any, user: Any, monkeypatch: Any, case: str):
    if case == "verified":
        emails.mark_verified(user)
    User.objects.update(is_active=case != "inactive")
    handed: list[Any] = []
    monkeypatch.setattr(delivery, "_hand_over", lambda *letter: handed.append(letter))
    with CaptureQueriesContext(connection) as queries:
        email = "nobody@example.com" if case == "unknown" else "BOB@example.com"
        response = client.post(f"{API}/email/verify/resend/", {"email": email})
    assert (response.status_code, response.content, len(queries), len(handed)) == (204, b"", 1, 1)
    monkeypatch.undo()


@pytest.mark.usefixtures("_optional")
def test_a_disabled_account_gets_no_other_link(user: Any, mailbox: Any):
    User.objects.update(is_active=False)
    emails.resend_verification("bob@example.com")
    assert not mailbox


@pytest.mark.usefixtures("_optional")
def test_a_link_for_nobody_proves_nothing(db: None):
    with pytest.raises(LinkInvalid):
        emails.verify(links.issue(Purpose.VERIFY, "bob@example.com"))


@pytest.mark.usefixtures("_optional")
def test_a_user_who_goes_meanwhile_proves_nothing(user: Any, mailbox: Any, monkeypatch: Any):
    emails.resend_verification("bob@example.com")
    monkeypatch.setattr(user_model, "lock", lambda user, **unchanged: False)
    with pytest.raises(LinkInvalid):
        emails.verify(secret_in(mailbox[0]))


# Changing it


def test_a_new_address_proves_itself_before_it_counts(client: Any, user: Any, mailbox: Any):
    log_in(client, user)
    assert change_to(client, "new@EXAMPLE.com").status_code == 204
    assert User.objects.get().email == "bob@example.com"
    (letter,) = mailbox
    assert letter.to == ["new@example.com"]
    assert prove(client, letter).status_code == 204
    changed = User.objects.get()
    assert changed.email == "new@example.com"
    assert identifiers.is_verified(changed)
    assert identifiers.holder("email", "bob@example.com") is None


def test_a_change_ends_every_login_and_key(client: Any, user: Any, mailbox: Any):
    issuing.issue(user, AuthToken.Purpose.KEY)
    log_in(client, user)
    change_to(client, "new@example.com")
    assert AuthToken.objects.count() == 2
    prove(client, mailbox[0])
    assert not AuthToken.objects.exists()


def test_where_the_host_wants_no_notice_of_it_there_is_no_way_back(client: Any, user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"NOTIFICATIONS": ["password", "key", "login"]}
    log_in(client, user)
    change_to(client, "new@example.com")
    prove(client, mailbox[0])
    assert [letter.to for letter in mailbox] == [["new@example.com"]]


def test_a_change_needs_the_current_password(client: Any, user: Any, mailbox: Any):
    log_in(client, user)
    response = change_to(client, "new@example.com", "wrong")
    assert response.json() == {"current_password": ["This is not your current password."]}
    assert not mailbox


def test_the_models_validators_decide_on_the_address(user: Any, mailbox: Any):
    with pytest.raises(InvalidValue) as refused:
        emails.request_change(user, f"{'n' * 250}@example.com", PASSWORD)
    assert refused.value.field == "email"


def test_a_model_without_addresses_has_none_to_change(user: Any, mailbox: Any, monkeypatch: Any):
    monkeypatch.setattr(user_model, "email_field", lambda: None)
    emails.request_change(user, "new@example.com", PASSWORD)
    assert not mailbox


def test_a_reset_link_in_the_old_mailbox_is_dead_after_a_change(client: Any, user: Any, mailbox: Any):
    passwords.request_reset("bob@example.com")
    log_in(client, user)
    change_to(client, "new@example.com")
    prove(client, mailbox[1])
    with pytest.raises(LinkInvalid):
        passwords.reset(secret_in(mailbox[0]), "canary-Battery-Staple-8")


# The way back


@pytest.fixture
def _taken_over(client: Any, user: Any, mailbox: Any) -> None:
    """Somebody who knows bob's password moves the account to his own address, and then to another one."""
    for address in ["thief@example.com", "thief2@example.com"]:
        log_in(client, user)
        change_to(client, address)
        prove(client, next(letter for letter in reversed(mailbox) if letter.to == [address]))


@pytest.mark.usefixtures("_taken_over")
def test_the_owner_takes_the_account_back_and_the_thief_keeps_nothing(client: Any, user: Any, mailbox: Any):
    mine = next(letter for letter in mailbox if letter.to == ["bob@example.com"])
    thiefs = [letter for letter in mailbox if letter.to == ["thief@example.com"]][-1]
    issuing.issue(user, AuthToken.Purpose.KEY)
    log_in(client, user)
    passwords.request_reset("thief2@example.com")
    assert prove(client, mine).status_code == 204
    assert User.objects.get().email == "bob@example.com"
    assert not AuthToken.objects.exists()
    with pytest.raises(InvalidCredentials):
        accounts.authenticate(username="bob", password=PASSWORD)
    assert prove(client, thiefs).status_code == 400
    assert mailbox[-1].to == ["bob@example.com"]
    passwords.reset(secret_in(mailbox[-1]), "canary-Battery-Staple-8")
    assert accounts.authenticate(username="bob", password="canary-Battery-Staple-8") == user


@pytest.mark.usefixtures("_taken_over")
def test_the_thief_cannot_use_up_the_owners_way_back(client: Any, user: Any, mailbox: Any):
    thiefs = [letter for letter in mailbox if letter.to == ["thief@example.com"]][-1]
    mine = next(letter for letter in mailbox if letter.to == ["bob@example.com"])
    prove(client, thiefs)
    assert User.objects.get().email == "thief@example.com"
    assert prove(client, mine).status_code == 204
    assert User.objects.get().email == "bob@example.com"


@pytest.fixture
def held(mailbox: Any, monkeypatch: Any) -> list[Any]:
    """Letters of the way back, which wait as in a queue."""
    waiting: list[Any] = []
    real = delivery._hand_over
    monkeypatch.setattr(
        delivery, "_hand_over", lambda *words: waiting.append(words) if words[0] == "revert" else real(*words)
    )
    return waiting


@pytest.fixture
def taken_over(held: list[Any], _taken_over: None) -> list[Any]:
    """The letters to the owner and to the thief's first address."""
    return held


def test_the_thief_cannot_overtake_the_way_back_by_another_password(client: Any, user: Any, mailbox: Any, held: Any):
    log_in(client, user)
    change_to(client, "thief@example.com")
    prove(client, mailbox[-1])
    passwords.change(User.objects.get(), PASSWORD, "canary-Battery-Staple-8")
    messages.deliver(*held[0])
    assert mailbox[-1].to == ["bob@example.com"]
    assert prove(client, mailbox[-1]).status_code == 204
    assert User.objects.get().email == "bob@example.com"


def test_the_thief_keeps_no_way_back_in_whichever_order_letters_are_written(client: Any, mailbox: Any, taken_over: Any):
    owners, thiefs = taken_over
    messages.deliver(*thiefs)
    messages.deliver(*owners)
    *_others, to_thief, to_owner = mailbox
    assert (to_thief.to, to_owner.to) == (["thief@example.com"], ["bob@example.com"])
    assert prove(client, to_owner).status_code == 204
    assert prove(client, to_thief).status_code == 400
    assert User.objects.get().email == "bob@example.com"


def test_a_thiefs_way_back_that_is_still_in_the_queue_never_leaves(client: Any, mailbox: Any, taken_over: Any):
    owners, thiefs = taken_over
    messages.deliver(*owners)
    prove(client, mailbox[-1])
    mailbox.clear()
    messages.deliver(*thiefs)
    assert not mailbox


@pytest.mark.usefixtures("_taken_over")
def test_a_letter_to_the_thief_that_is_being_written_meanwhile_never_leaves(
    client: Any, user: Any, mailbox: Any, monkeypatch: Any
):
    owners = next(letter for letter in mailbox if letter.to == ["bob@example.com"])
    real = links.issue

    def be_late(*arguments: Any) -> str:
        monkeypatch.setattr(links, "issue", real)
        emails.verify(secret_in(owners))
        return real(*arguments)

    monkeypatch.setattr(links, "issue", be_late)
    emails.request_change(User.objects.get(), "thief3@example.com", PASSWORD)
    assert not [letter for letter in mailbox if letter.to == ["thief3@example.com"]]
    assert not OneTimeToken.objects.filter(purpose=Purpose.CHANGE).exists()


def test_the_thief_cannot_fill_the_mailbox_before(client: Any, user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"THROTTLE_RATES": {"mail": "1/hour"}}
    for _ in range(2):
        passwords.request_reset("bob@example.com")
    log_in(client, user)
    change_to(client, "thief@example.com")
    prove(client, mailbox[1])
    assert [letter.to for letter in mailbox] == [["bob@example.com"], ["thief@example.com"], ["bob@example.com"]]


@pytest.mark.usefixtures("_optional")
def test_an_address_that_was_never_proved_gets_no_way_back(client: Any, user: Any, mailbox: Any):
    log_in(client, user)
    change_to(client, "right@example.com")
    prove(client, mailbox[0])
    assert len(mailbox) == 1
    assert User.objects.get().email == "right@example.com"


def test_an_account_without_an_address_gets_its_first(client: Any, mailbox: Any):
    user = User.objects.create_user("bob", password=PASSWORD)
    log_in(client, user)
    change_to(client, "bob@example.com")
    assert prove(client, mailbox[0]).status_code == 204
    assert len(mailbox) == 1


# Whose it is


def test_an_unverified_squatter_loses_the_address_to_whoever_proves_it(client: Any, user: Any, mailbox: Any):
    squatter = User.objects.create_user("eve", "ann@example.com", PASSWORD)
    log_in(client, user)
    change_to(client, "ann@example.com")
    assert prove(client, mailbox[0]).status_code == 204
    squatter.refresh_from_db()
    assert squatter.email == ""
    assert identifiers.holder("email", "ann@example.com") == user


@pytest.mark.usefixtures("_optional")
def test_the_proof_of_a_name_that_was_lost_takes_it_back(user: Any, mailbox: Any):
    Identifier.objects.filter(kind="email").delete()
    squatter = User.objects.create_user("eve", "bob@example.com")
    delivery.send("verify", user)
    emails.verify(secret_in(mailbox[0]))
    squatter.refresh_from_db()
    assert (squatter.email, identifiers.holder("email", "bob@example.com")) == ("", user)


def test_an_address_that_somebody_has_proved_stays_his(client: Any, user: Any, mailbox: Any):
    owner = User.objects.create_user("ann", "ann@example.com")
    log_in(client, user)
    assert change_to(client, "ann@example.com").status_code == 204
    emails.mark_verified(owner)
    refused = prove(client, mailbox[0])
    assert (refused.status_code, refused.json()) == (400, {"email": ["A user with that email already exists."]})
    assert User.objects.get(pk=user.pk).email == "bob@example.com"
    mailbox.clear()
    assert change_to(client, "ANN@example.com").status_code == 204
    assert not mailbox


def test_a_rival_who_claims_it_at_the_same_moment_is_not_overwritten(user: Any, mailbox: Any, monkeypatch: Any):
    emails.request_change(user, "new@example.com", PASSWORD)
    monkeypatch.setattr(identifiers, "mark_verified", lambda *arguments: False)
    with pytest.raises(EmailTaken):
        emails.verify(secret_in(mailbox[0]))
    assert User.objects.get().email == "bob@example.com"


def test_an_index_of_the_user_models_own_says_the_same(user: Any, mailbox: Any, monkeypatch: Any):
    def refuse(user: Any, address: str) -> None:
        raise IntegrityError

    emails.request_change(user, "new@example.com", PASSWORD)
    monkeypatch.setattr(emails, "_store", refuse)
    with pytest.raises(EmailTaken):
        emails.verify(secret_in(mailbox[0]))


@pytest.mark.parametrize(("attribute", "expected"), [("null", None), ("unique", "@lost.invalid")])
def test_what_stands_in_the_place_of_a_lost_address_fits_the_model(monkeypatch: Any, attribute: str, expected: Any):
    field = User._meta.get_field("email")
    monkeypatch.setattr(field, attribute, True)
    vacant = emails._vacant()
    assert vacant is None if expected is None else str(vacant).endswith(expected)


@pytest.mark.parametrize(
    ("scope", "path", "body"),
    [
        ("email_verify", "email/verify", {"token": "x"}),
        ("email_resend", "email/verify/resend", {"email": "x@example.com"}),
        ("email_change", "email/change", {"email": "x@example.com", "current_password": "x"}),
    ],
)
def test_each_has_a_limit(client: Any, user: Any, settings: Any, scope: str, path: str, body: Any):
    log_in(client, user)
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {scope: "1/hour"}}
    statuses = [client.post(f"{API}/{path}/", body).status_code for _ in range(2)]
    assert statuses[1] == 429


def test_an_address_that_is_somebodys_user_name_is_not_changed_to_where_both_may_be_typed(
    client: Any, user: Any, mailbox: Any, settings: Any
):
    settings.SIMPLE_AUTH |= {"LOGIN_METHODS": ["username", "email"]}
    User.objects.create_user("carl@corp.example", "carl@home.example")
    log_in(client, user)
    assert change_to(client, "carl@corp.example").status_code == 204
    assert not mailbox
