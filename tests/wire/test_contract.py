"""What a project can say with Contract, for example in the contract that the docs show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient

from django_simple_auth import sessions
from django_simple_auth.contracts import native
from django_simple_auth.contracts.errors import non_field_errors
from django_simple_auth.exceptions import LinkInvalid
from django_simple_auth.views import (
    ChangeEmail,
    ConfirmPasswordReset,
    CreateKey,
    DeleteAccount,
    DeleteKey,
    EndSession,
    ListSessions,
    LogOut,
    RequestPasswordReset,
    RotateToken,
    ShowAccount,
    UpdateAccount,
)
from django_simple_auth.wire import Contract, Detail, Endpoint, Many, Outcome, PasswordField, Refusal, ScopesField, View
from docs.examples import changed_contract, own_contract
from tests.support.client import PASSWORD
from tests.support.contracts import serve
from tests.support.messages import secret_in

NEW = {"handle": "ann", "mail": "ann@example.com", "secret": PASSWORD}


# The contract in the docs


def test_a_projects_own_contract_takes_about_30_lines():
    source = Path(own_contract.__file__).read_text()
    body = source[source.index("class SignUp") :]
    assert len([line for line in body.splitlines() if line.strip()]) <= 36


def test_the_documented_contract_serves_its_own_names(client: Any, db: None):
    person = client.post("/own/people/", NEW)
    assert (person.status_code, set(person.json()), person.json()["handle"]) == (201, {"id", "handle"}, "ann")
    access = client.post("/own/sign-in/", NEW)
    assert (access.status_code, set(access.json())) == (200, {"access"})
    client.token = access.json()["access"]
    assert client.get("/own/people/me/").json() == person.json()
    assert client.post("/own/sign-out/").json() == {"detail": "Bye."}


def test_errors_stand_under_the_names_that_the_client_sent(client: Any, user: Any):
    response = client.post("/own/people/", {"handle": "bob", "mail": "bob@example.com", "secret": "1"})
    assert set(response.json()) == {"handle", "mail", "secret"}


def test_a_contract_sets_text_and_status_of_a_cause(client: Any, user: Any):
    response = client.post("/own/sign-in/", {"handle": "bob", "secret": "wrong"})
    assert response.status_code == 403
    assert response.json() == {"detail": "No such handle, or not that secret."}


def test_contracts_serve_the_same_accounts_and_tokens(client: Any, user: Any):
    client.token = client.post("/own/sign-in/", {"handle": "bob", "secret": PASSWORD}).json()["access"]
    assert client.get("/api/auth/me/").json()["username"] == "bob"


# Names of fields


def test_a_contract_names_the_fields_of_a_list(client: Any, user: Any, settings: Any):
    class Place(serializers.Serializer):
        where = serializers.CharField(source="device")

    serve(
        settings,
        Endpoint("places/", ListSessions, response=Many(Place)),
        Endpoint("places/<int:session_id>/", EndSession),
        refusals={NotFound: Refusal("No such place.", status=410)},
    )
    client.token = sessions.start(user, device="desk").secret
    assert client.get("/x/places/").json() == [{"where": "desk"}]
    response = client.send("DELETE", "/x/places/0/")
    assert (response.status_code, response.json()) == (410, {"detail": "No such place."})


class Rename(serializers.Serializer):
    handle = serializers.CharField(source="username")


class Goodbye(serializers.Serializer):
    secret = PasswordField(source="current_password")


class Robot(serializers.Serializer):
    label = serializers.CharField(source="name")
    may = ScopesField(source="scopes")


class RobotMade(serializers.Serializer):
    robot = serializers.IntegerField(source="item.id")
    access = serializers.CharField(source="token")


def test_a_contract_names_the_fields_of_accounts_and_keys(client: Any, user: Any, settings: Any):
    serve(
        settings,
        Endpoint("robots/", CreateKey, request=Robot, response=RobotMade),
        Endpoint("robots/<int:key_id>/end/", DeleteKey, method="POST"),
        Endpoint("people/rename/", UpdateAccount, method="POST", request=Rename, response=own_contract.Person),
        Endpoint("people/leave/", DeleteAccount, method="POST", request=Goodbye, response=Detail("Bye.")),
    )
    get_user_model().objects.create_user("ann")
    client.token = sessions.start(user).secret
    assert set(client.post("/x/robots/", {"label": "backup", "may": ["a b"]}).json()) == {"may"}
    made = client.post("/x/robots/", {"label": "backup", "may": ["read"]})
    assert (made.status_code, set(made.json())) == (200, {"robot", "access"})
    assert client.post(f"/x/robots/{made.json()['robot']}/end/").status_code == 204
    assert set(client.post("/x/people/rename/", {"handle": "ANN"}).json()) == {"handle"}
    assert client.post("/x/people/rename/", {"handle": "robert"}).json()["handle"] == "robert"
    assert set(client.post("/x/people/leave/", {"secret": "wrong"}).json()) == {"secret"}
    assert client.post("/x/people/leave/", {"secret": PASSWORD}).json() == {"detail": "Bye."}


class Forgotten(serializers.Serializer):
    mail = serializers.EmailField(source="email")


class Chosen(serializers.Serializer):
    code = serializers.CharField(source="token")
    secret = PasswordField(source="new_password")


class Name(serializers.Serializer):
    username = serializers.CharField()


class Moved(serializers.Serializer):
    mail = serializers.EmailField(source="email")
    secret = PasswordField(source="current_password")


def test_a_contract_names_the_fields_of_passwords_and_emails(client: Any, user: Any, settings: Any, mailbox: Any):
    serve(
        settings,
        Endpoint("forgotten/", RequestPasswordReset, request=Forgotten, response=Detail("Look into your mailbox.")),
        Endpoint("choose/", ConfirmPasswordReset, request=Chosen, response=Name),
        Endpoint("move/", ChangeEmail, request=Moved),
        refusals={LinkInvalid: Refusal("Too late.", status=410)},
    )
    assert client.post("/x/forgotten/", {"mail": "bob@example.com"}).json() == {"detail": "Look into your mailbox."}
    chosen = {"code": secret_in(mailbox[0]), "secret": "123"}
    assert set(client.post("/x/choose/", chosen).json()) == {"secret"}
    chosen["secret"] = f"{PASSWORD}!"
    assert client.post("/x/choose/", chosen).json() == {"username": "bob"}
    late = client.post("/x/choose/", chosen)
    assert (late.status_code, late.json()) == (410, {"code": ["Too late."]})
    user.refresh_from_db()
    client.token = sessions.start(user).secret
    refused = client.post("/x/move/", {"mail": "new@example.com", "secret": "wrong"})
    assert refused.json() == {"secret": ["This is not your current password."]}


# Errors and refusals


class Raise(View):
    """Refuses for every reason."""

    name = "raise"
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *, cause: str, **values: Any) -> Outcome:
        raise {"missing": Http404("no such thing"), "forbidden": PermissionDenied("not you")}[cause]


@pytest.mark.parametrize(("cause", "status"), [("missing", 404), ("forbidden", 403)])
def test_djangos_own_exceptions_get_the_contracts_shape(client: Any, db: None, settings: Any, cause: str, status: int):
    serve(settings, Endpoint("raise/<str:cause>/", Raise))
    response = client.post(f"/x/raise/{cause}/")
    assert (response.status_code, set(response.json())) == (status, {"detail"})


def test_a_refusal_of_drfs_cause_holds_for_the_services_cause(client: Any, user: Any, settings: Any):
    serve(
        settings,
        Endpoint("swap/", RotateToken, response=own_contract.Access),
        refusals={AuthenticationFailed: Refusal("Bad token.", status=400)},
    )
    api_client = APIClient()
    api_client.force_authenticate(user)
    response = api_client.post("/x/swap/")
    assert (response.status_code, response.json()) == (400, {"detail": "Bad token."})
    client.token = sessions.start(user).secret
    assert client.post("/x/swap/").json()["access"].startswith("dsa_")


def test_errors_may_be_a_plain_exception_handler(client: Any, db: None, settings: Any):
    serve(settings, Endpoint("out/", LogOut), errors=lambda exc, context: Response({"no": True}, status=418))
    assert client.post("/x/out/").status_code == 418


def test_a_handler_that_returns_none_leaves_it_to_django(client: Any, db: None, settings: Any):
    serve(settings, Endpoint("out/", LogOut), errors=lambda exc, context: None)
    with pytest.raises(NotAuthenticated):
        client.post("/x/out/")


# Endpoints


def test_two_endpoints_for_one_method_and_path_are_an_error():
    with pytest.raises(ImproperlyConfigured, match="POST 'out/'"):
        Contract(Endpoint("out/", LogOut), Endpoint("out/", LogOut), errors=non_field_errors)


def test_but_replaces_one_endpoint_and_leaves_out_another(client: Any, user: Any):
    client.token = sessions.start(user).secret
    assert client.get("/changed/me/").json() == {
        "id": user.pk,
        "username": "bob",
        "email": "bob@example.com",
        "first_name": "",
        "last_name": "",
        "is_staff": False,
    }
    assert client.send("PATCH", "/changed/me/", {"username": "rob"}).status_code == 200
    assert client.post("/changed/register/", {}).status_code == 404
    assert "register" not in {endpoint.name for endpoint in changed_contract.contract.endpoints}


def test_but_cannot_leave_out_what_is_not_there():
    with pytest.raises(ImproperlyConfigured, match="no endpoint 'logon'; it has 'register', 'login'"):
        native.contract.but(without=["logon"])


def test_but_adds_an_endpoint_of_another_path():
    contract = native.contract.but(Endpoint("whoami/", ShowAccount, response=native.Account, name="whoami"))
    assert [endpoint.name for endpoint in contract.endpoints][-1] == "whoami"
    assert len(contract.endpoints) == len(native.contract.endpoints) + 1
