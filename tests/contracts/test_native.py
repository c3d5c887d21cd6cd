"""The native contract as a client sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.views.debug import ExceptionReporter
from rest_framework.test import APIClient

from django_simple_auth import sessions
from django_simple_auth.accounts.credentials import PasswordFactor
from django_simple_auth.db import clock as system_clock
from django_simple_auth.mail import delivery
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format
from django_simple_auth.tokens import issuing
from tests.support.client import PASSWORD

API = "/api/auth"
NEW = {"username": "ann", "email": "ann@example.com", "password": PASSWORD}


def logged_in(client: Any) -> dict[str, Any]:
    body = client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD}).json()
    client.token = body["token"]
    return body


def test_register_answers_the_account(client: Any, db: None):
    response = client.post(f"{API}/register/", NEW)
    assert response.status_code == 201
    assert response.json() == {"id": get_user_model().objects.get().pk, "username": "ann", "email": "ann@example.com"}


def test_login_answers_token_expiry_and_account(client: Any, user: Any):
    response = client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD})
    body = response.json()
    assert response.status_code == 200
    assert body == {
        "token": body["token"],
        "expires_at": AuthToken.objects.get().expires_at.isoformat().replace("+00:00", "Z"),
        "user": {"id": user.pk, "username": "bob", "email": "bob@example.com"},
    }


def test_a_token_without_expiry_says_null(client: Any, user: Any, settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None
    assert logged_in(client)["expires_at"] is None


@pytest.mark.parametrize("case", ["unknown user", "wrong password", "inactive"])
def test_a_refused_login_says_the_same_whatever_the_cause(client: Any, user: Any, case: str):
    get_user_model().objects.update(is_active=case != "inactive")
    username = "nobody" if case == "unknown user" else "bob"
    password = "wrong" if case == "wrong password" else PASSWORD
    response = client.post(f"{API}/login/", {"username": username, "password": password})
    assert response.status_code == 400
    assert response.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}


def test_logout_ends_this_token_only(client: Any, user: Any):
    other = sessions.start(user)
    logged_in(client)
    assert client.post(f"{API}/logout/").status_code == 204
    assert client.get(f"{API}/me/").json()["code"] == "token_invalid"
    client.token = other.secret
    assert client.get(f"{API}/me/").status_code == 200


def test_logout_all_ends_every_token_of_the_user(client: Any, user: Any):
    other = sessions.start(user)
    logged_in(client)
    assert client.post(f"{API}/logout/all/").status_code == 204
    client.token = other.secret
    assert client.get(f"{API}/me/").status_code == 401


def test_me_answers_the_account(client: Any, user: Any):
    logged_in(client)
    response = client.get(f"{API}/me/")
    assert (response.status_code, response.json()) == (
        200,
        {"id": user.pk, "username": "bob", "email": "bob@example.com", "first_name": "", "last_name": ""},
    )


@pytest.mark.parametrize("path", ["register", "login", "logout", "logout/all"])
def test_the_trailing_slash_is_optional(client: Any, user: Any, path: str):
    with_slash = client.post(f"{API}/{path}/")
    without = client.post(f"{API}/{path}")
    assert (without.status_code, without.json()) == (with_slash.status_code, with_slash.json())


def test_reverse_finds_the_path_as_the_contract_writes_it():
    assert [reverse(f"simple_auth:{name}") for name in ["register", "login", "logout", "logout_all", "me"]] == [
        f"{API}/{path}/" for path in ["register", "login", "logout", "logout/all", "me"]
    ]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("Basic Ym9iOmJvYg==", "not_authenticated"),
        ("Token", "not_authenticated"),
        ("Token junk", "token_invalid"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "token_invalid"),
        (f"Token {token_format.generate('dsa')}", "token_invalid"),
        ("Token a b", "token_invalid"),
        ("Token \xff", "token_invalid"),
    ],
)
def test_a_401_has_a_code_for_its_cause(client: Any, db: None, header: str | None, code: str):
    extra = {} if header is None else {"HTTP_AUTHORIZATION": header}
    response = client.get(f"{API}/me/", **extra)
    assert response.status_code == 401
    assert response.json()["code"] == code
    assert isinstance(response.json()["detail"], str)


def test_an_expired_token_has_a_code_of_its_own(client: Any, user: Any):
    logged_in(client)
    AuthToken.objects.update(expires_at=system_clock.now())
    response = client.get(f"{API}/me/")
    assert (response.status_code, response.json()["code"]) == (401, "token_expired")
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("path", ["register", "login"])
def test_register_and_login_ignore_an_invalid_token(client: Any, user: Any, path: str):
    client.token = token_format.generate("dsa")
    assert client.post(f"{API}/{path}/", {**NEW, "username": "bob"} if path == "login" else NEW).status_code < 300


def test_taken_names_and_weak_passwords_are_told_by_field(client: Any, user: Any):
    response = client.post(f"{API}/register/", {"username": "BOB", "email": "BOB@example.com", "password": "123"})
    assert response.status_code == 400
    assert response.json() == {
        "username": ["A user with that username already exists."],
        "email": ["A user with that email already exists."],
        "password": [
            "This password is too short. It must contain at least 8 characters.",
            "This password is too common.",
            "This password is entirely numeric.",
        ],
    }


def test_errors_of_shape_and_of_content_are_told_together(client: Any, user: Any):
    response = client.post(f"{API}/register/", {"username": "bob", "password": "123456789"})
    assert set(response.json()) == {"username", "email", "password"}
    assert response.json()["email"] == ["This field is required."]


@pytest.mark.parametrize("intruder", [{"is_staff": True}, {"id": 7}, {"is_superuser": True}, {"is_active": False}])
def test_registration_stores_only_fields_of_the_contract(client: Any, db: None, intruder: dict[str, Any]):
    client.post(f"{API}/register/", {**NEW, **intruder})
    registered = get_user_model().objects.get()
    assert (registered.is_staff, registered.is_superuser, registered.is_active) == (False, False, True)
    assert registered.pk != 7 or "id" not in intruder


def test_a_password_is_taken_exactly_as_sent(client: Any, db: None):
    client.post(f"{API}/register/", {**NEW, "password": f" {PASSWORD} "})
    assert client.post(f"{API}/login/", {**NEW, "password": PASSWORD}).status_code == 400
    assert client.post(f"{API}/login/", {**NEW, "password": f" {PASSWORD} "}).status_code == 200


MALFORMED = {
    "nested": b"[" * 100_000,
    "nested a little": b"[" * 1000,
    "duplicate names": b'{"username": "a", "username": "b", "password": "x"}',
    "NaN": b'{"username": NaN}',
    "empty object key": b"{",
    "trailing garbage": b'{"username": "bob"} x',
    "invalid UTF-8": b'{"username": "\xff"}',
    "BOM": b'\xef\xbb\xbf{"username": "bob"}',
    "huge number": b'{"username": ' + b"9" * 5000 + b"}",
    "list": b"[]",
    "string": b'"x"',
    "null": b"null",
    "number": b"7",
    "blank": b" ",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("path", ["register", "login"])
def test_a_malformed_body_is_400(client: Any, db: None, path: str, body: bytes):
    assert client.post(f"{API}/{path}/", body).status_code == 400


STRANGE = {
    "number": 7,
    "boolean": True,
    "null": None,
    "list": ["bob"],
    "object": {"a": 1},
    "empty": "",
    "blanks": "   ",
    "NUL": "bo\0b",
    "surrogate": "\ud800",
    "control": "bob\r\nSet-Cookie: a=b",
    "growing": "\ufdfa" * 150,
    "endless": "a" * 1_000_000,
}


@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("field", ["username", "email"])
def test_a_strange_value_is_400_under_its_field(client: Any, db: None, field: str, value: Any):
    response = client.post(f"{API}/register/", {**NEW, field: value})
    assert response.status_code == 400
    assert set(response.json()) == {field}


@pytest.mark.parametrize("value", [7, True, None, ["x"], {}, "", "a\0b", "\ud800", "x" * 1_000_000])
def test_a_strange_password_is_400_under_its_field(client: Any, user: Any, value: Any):
    for path in ["register", "login"]:
        response = client.post(f"{API}/{path}/", {**NEW, "password": value})
        assert response.status_code == 400
        assert set(response.json()) == {"password"}


@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE)
def test_no_strange_username_breaks_a_login(client: Any, db: None, value: Any):
    assert client.post(f"{API}/login/", {"username": value, "password": PASSWORD}).status_code == 400


def test_a_body_above_the_projects_limit_is_413(client: Any, db: None, settings: Any):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post(f"{API}/login/", {"username": "b" * 100, "password": "x"})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_project_may_lift_the_limit_for_bodies(client: Any, db: None, settings: Any):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    assert client.post(f"{API}/login/", {"username": "b" * 100, "password": "x"}).status_code == 400


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
def test_another_content_type_is_415(client: Any, db: None, content_type: str):
    response = client.post(f"{API}/login/", b"a=b", content_type=content_type)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_a_charset_beside_the_content_type_is_fine(client: Any, user: Any):
    body = {"username": "bob", "password": PASSWORD}
    assert client.post(f"{API}/login/", body, content_type="Application/JSON; charset=utf-8").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "login"), ("PUT", "register"), ("PUT", "me"), ("TRACE", "me")])
def test_another_method_is_405_even_without_a_token(client: Any, db: None, method: str, path: str):
    response = client.send(method, f"{API}/{path}/")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert method not in response.headers["Allow"]


def test_options_says_what_is_allowed(client: Any, db: None):
    response = client.send("OPTIONS", f"{API}/me/")
    assert (response.status_code, response.headers["Allow"]) == (204, "GET, PATCH, DELETE, HEAD, OPTIONS")


def test_head_is_get_without_a_body(client: Any, user: Any):
    logged_in(client)
    assert client.send("HEAD", f"{API}/me/").status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense"])
def test_the_answer_is_json_whatever_is_accepted(client: Any, db: None, accept: str):
    assert client.get(f"{API}/me/", HTTP_ACCEPT=accept).status_code == 401


@pytest.mark.parametrize("path", ["nope/", "nope", "login/more", "me//", ""])
def test_an_unknown_path_is_404_in_the_contracts_shape(client: Any, db: None, path: str):
    response = client.get(f"{API}/{path}")
    assert response.status_code == 404
    assert response.json() == {"detail": "Not found.", "code": "not_found"}


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


def test_the_projects_drf_defaults_do_not_reach_the_contract(client: Any, user: Any, settings: Any):
    settings.REST_FRAMEWORK = {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
        "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
        "DEFAULT_THROTTLE_RATES": {"anon": "1/day"},
        "EXCEPTION_HANDLER": "tests.nowhere",
        "NON_FIELD_ERRORS_KEY": "oops",
        "DATETIME_FORMAT": "%s",
    }
    assert client.post(f"{API}/login/", [1]).json().keys() == {"non_field_errors"}
    assert logged_in(client)["expires_at"].endswith("Z")
    assert client.get(f"{API}/me/").status_code == 200


def test_a_projects_own_view_takes_the_token(client: Any, user: Any):
    from django.test import Client

    logged_in(client)
    assert Client().get(f"{API}/whoami/", HTTP_AUTHORIZATION=f"Bearer {client.token}").json() == {"username": "bob"}


def test_login_costs_at_most_five_queries_and_logout_two(
    client: Any, transactional_db: None, settings: Any, monkeypatch: Any
):
    # With all its limits. A thread writes the message about the new device where there is a mail server.
    del settings.SIMPLE_AUTH
    monkeypatch.setattr(delivery, "_hand_over", lambda *message: None)
    get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    with CaptureQueriesContext(connection) as queries:
        logged_in(client)
    assert len(queries) <= 5
    with CaptureQueriesContext(connection) as queries:
        client.post(f"{API}/logout/")
    assert len([query for query in queries if query["sql"] not in {"BEGIN", "COMMIT"}]) == 2


@pytest.mark.parametrize(
    ("scope", "rate", "path", "body"),
    [
        ("login", "2/min", "login", {"username": "bob", "password": "x"}),
        ("login_account", "2/min", "login", {"username": "bob", "password": "x"}),
        ("register", "2/hour", "register", {}),
    ],
)
def test_above_the_limit_is_429(client: Any, user: Any, settings: Any, scope: str, rate: str, path: str, body: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {scope: rate}}
    assert [client.post(f"{API}/{path}/", body).status_code for _ in range(3)] == [400, 400, 429]
    response = client.post(f"{API}/{path}/", body)
    assert response.json()["code"] == "throttled"
    assert 0 < int(response.headers["Retry-After"]) <= 3600


def test_all_spellings_of_a_name_count_as_one_account(client: Any, user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"login_account": "1/min"}}
    statuses = [
        client.post(f"{API}/login/", {"username": name, "password": "x"}).status_code for name in ["bob", "BOB", "eve"]
    ]
    assert statuses == [400, 429, 400]


def test_limits_are_on_without_any_setting(client: Any, user: Any, settings: Any):
    del settings.SIMPLE_AUTH
    statuses = [client.post(f"{API}/login/", {"username": "x", "password": "x"}).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_no_password_or_token_is_in_djangos_error_report(client: Any, user: Any, caplog: Any):
    from django.test import Client

    secret = logged_in(client)["token"]
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


def test_logout_without_a_token_of_ours_is_no_error(user: Any):
    api_client = APIClient()
    api_client.force_authenticate(user)
    assert api_client.post(f"{API}/logout/").status_code == 204


def test_a_very_long_name_is_refused_before_it_is_folded(client: Any, db: None, monkeypatch: Any):
    from django_simple_auth.identity import folding

    folded: list[int] = []
    monkeypatch.setattr(folding, "fold", lambda text: folded.append(len(text)) or text)
    response = client.post(f"{API}/register/", {**NEW, "username": "\ufdfa" * 100_000})
    assert response.json() == {"username": ["Ensure this field has no more than 1024 characters."]}
    assert max(folded, default=0) < 1024


def test_sessions_are_listed_at_two_queries(client: Any, user: Any):
    logged_in(client)
    sessions.start(user, device="another")
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"{API}/sessions/")
    assert len(queries) == 2
    assert response.status_code == 200
    another, current = response.json()
    row = AuthToken.objects.get(pk=current["id"])
    assert (another["device"], another["current"]) == ("another", False)
    assert current == {
        "id": row.pk,
        "device": "",
        "address": "127.0.0.1",
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        "last_used_at": row.last_used_at.isoformat().replace("+00:00", "Z"),
        "expires_at": row.expires_at.isoformat().replace("+00:00", "Z"),
        "current": True,
    }


@pytest.mark.parametrize(
    ("sent", "agent", "kept"),
    [
        ({"device": "Bob's phone"}, "Mozilla/5.0", "Bob's phone"),
        ({"device": ""}, "Mozilla/5.0", "Mozilla/5.0"),
        ({}, "Mozilla/5.0\x01" + "x" * 100, "Mozilla/5.0" + "x" * 89),
    ],
)
def test_a_device_has_the_name_sent_or_its_user_agent(
    client: Any, user: Any, sent: dict[str, str], agent: str, kept: str
):
    body = {"username": "bob", "password": PASSWORD, **sent}
    client.post(f"{API}/login/", body, HTTP_USER_AGENT=agent)
    assert AuthToken.objects.get().name == kept


@pytest.mark.parametrize("device", [7, None, ["x"], "x" * 101, "a\0b", "\ud800"])
def test_a_strange_device_is_400_under_its_field(client: Any, user: Any, device: Any):
    response = client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD, "device": device})
    assert (response.status_code, set(response.json())) == (400, {"device"})


def test_one_session_is_ended_by_its_id(client: Any, user: Any):
    other = sessions.start(user)
    logged_in(client)
    assert client.send("DELETE", f"{API}/sessions/{other.row.pk}/").status_code == 204
    (current,) = client.get(f"{API}/sessions/").json()
    assert client.send("DELETE", f"{API}/sessions/{current['id']}/").status_code == 204
    assert client.get(f"{API}/sessions/").status_code == 401


@pytest.mark.parametrize("whose", ["another's", "nobody's", "nonsense"])
def test_another_users_session_is_like_none_at_all(client: Any, user: Any, whose: str):
    other = sessions.start(get_user_model().objects.create_user("eve")).row.pk
    logged_in(client)
    path = {"another's": other, "nobody's": 10**30}.get(whose, "x")
    response = client.send("DELETE", f"{API}/sessions/{path}/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found.", "code": "not_found"})
    assert AuthToken.objects.filter(pk=other).exists()


def test_without_a_token_of_ours_no_session_is_current(user: Any):
    sessions.start(user)
    api_client = APIClient()
    api_client.force_authenticate(user)
    assert [session["current"] for session in api_client.get(f"{API}/sessions/").json()] == [False]


def test_rotation_answers_a_new_token_and_revokes_the_old(client: Any, user: Any):
    body = logged_in(client)
    response = client.post(f"{API}/token/rotate/")
    assert response.status_code == 200
    assert response.json() == {"token": response.json()["token"], "expires_at": body["expires_at"]}
    assert client.get(f"{API}/me/").json()["code"] == "token_invalid"
    client.token = response.json()["token"]
    assert client.get(f"{API}/me/").status_code == 200


@pytest.mark.parametrize("idle", [None, 300])
def test_rotation_answers_the_expiry_by_todays_settings(client: Any, user: Any, settings: Any, idle: int | None):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None
    logged_in(client)
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 3600
    settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": idle}
    end = AuthToken.objects.get().created_at + timedelta(hours=1)
    assert client.post(f"{API}/token/rotate/").json()["expires_at"] == end.isoformat().replace("+00:00", "Z")


def test_only_a_login_token_can_be_rotated(client: Any, user: Any):
    client.token = issuing.issue(user, AuthToken.Purpose.KEY).secret
    assert client.post(f"{API}/token/rotate/").status_code == 403
    api_client = APIClient()
    api_client.force_authenticate(user)
    response = api_client.post(f"{API}/token/rotate/")
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")
    assert response.headers["WWW-Authenticate"] == "Token"


def test_a_profile_is_changed_by_what_is_sent(client: Any, user: Any):
    logged_in(client)
    get_user_model().objects.update(last_name="Builder")
    response = client.send("PATCH", f"{API}/me/", {"username": "robert", "first_name": "Robert"})
    assert (response.status_code, response.json()) == (
        200,
        {
            "id": user.pk,
            "username": "robert",
            "email": "bob@example.com",
            "first_name": "Robert",
            "last_name": "Builder",
        },
    )
    stored = get_user_model().objects.get()
    assert (stored.username, stored.first_name, stored.last_name) == ("robert", "Robert", "Builder")
    client.send("PATCH", f"{API}/me/", {"first_name": ""})
    assert get_user_model().objects.get().first_name == ""
    assert client.send("PATCH", f"{API}/me/", {}).status_code == 200


@pytest.mark.parametrize(
    "intruder",
    [
        {"is_staff": True},
        {"id": 7},
        {"is_active": False},
        {"email": "eve@example.com"},
        {"password": "x", "groups": [1]},
    ],
)
def test_a_change_stores_only_fields_of_the_contract(client: Any, user: Any, intruder: dict[str, Any]):
    logged_in(client)
    before = get_user_model().objects.values().get()
    assert client.send("PATCH", f"{API}/me/", {**intruder, "first_name": "Robert"}).status_code == 200
    assert get_user_model().objects.values().get() == {**before, "first_name": "Robert"}


@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("field", ["username", "first_name", "last_name"])
def test_a_strange_change_is_400_under_its_field(client: Any, user: Any, field: str, value: Any):
    logged_in(client)
    response = client.send("PATCH", f"{API}/me/", {field: value})
    if response.status_code == 200:
        # A first name may be anything that the user model lets pass.
        assert field != "username"
    else:
        assert (response.status_code, set(response.json())) == (400, {field})


def test_a_taken_name_stands_under_its_field(client: Any, user: Any):
    get_user_model().objects.create_user("ann")
    logged_in(client)
    response = client.send("PATCH", f"{API}/me/", {"username": "ANN"})
    assert (response.status_code, response.json()) == (
        400,
        {"username": ["A user with that username already exists."]},
    )


def test_deleting_the_account_needs_its_password(client: Any, user: Any):
    logged_in(client)
    response = client.send("DELETE", f"{API}/me/", {"current_password": "wrong"})
    assert (response.status_code, response.json()) == (
        400,
        {"current_password": ["This is not your current password."]},
    )
    assert client.send("DELETE", f"{API}/me/").status_code == 400
    assert client.send("DELETE", f"{API}/me/", {"current_password": PASSWORD}).status_code == 204
    assert not get_user_model().objects.exists()
    assert client.get(f"{API}/me/").status_code == 401


def test_a_project_may_say_why_an_account_stays(client: Any, user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": "tests.accounts.test_accounts.refuse", "THROTTLE_RATES": {}}
    logged_in(client)
    response = client.send("DELETE", f"{API}/me/", {"current_password": PASSWORD})
    assert (response.status_code, response.json()) == (400, {"non_field_errors": ["There are unpaid bills."]})


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_api_key_changes_nothing_of_the_account(client: Any, user: Any, method: str):
    client.token = issuing.issue(user, AuthToken.Purpose.KEY).secret
    body = {"first_name": "Robert", "current_password": PASSWORD}
    assert client.send(method, f"{API}/me/", body).status_code == 403
    assert get_user_model().objects.get().first_name == ""
