"""What a project can say with Endpoint, and change in a View of its own."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request

from django_simple_auth import sessions
from django_simple_auth.views import LogIn, LogOut, Register, ShowAccount
from django_simple_auth.wire import Detail, Endpoint, Outcome, Refusal, StaticBody, View
from docs.examples import own_contract
from tests.support.client import PASSWORD
from tests.support.contracts import serve


class Answer(serializers.Serializer):
    username = serializers.CharField()


class LogInLoudly(LogIn):
    """A project's own behaviour."""

    def perform(self, request: Request, **values: Any) -> Outcome:
        outcome = super().perform(request, **values)
        return Outcome(user=outcome.user, token=f"loud-{outcome.token}")


def test_an_endpoint_overrides_its_views_attributes(client: Any, user: Any, settings: Any):
    serve(
        settings,
        Endpoint("a/", ShowAccount, response=StaticBody(state="in"), status=202, name="a"),
        Endpoint("b/", ShowAccount, response=Detail("staff"), permission_classes=(IsAdminUser,), throttle="b"),
    )
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"b": "1/day"}}
    client.token = sessions.start(user).secret
    a = client.get("/x/a/")
    assert (a.status_code, a.json()) == (202, {"state": "in"})
    assert client.get("/x/b/").status_code == 403
    user.is_staff = True
    user.save()
    assert client.get("/x/b/").json() == {"detail": "staff"}
    assert client.get("/x/b/").status_code == 429


def test_several_methods_share_a_path(client: Any, user: Any, settings: Any):
    serve(
        settings,
        Endpoint("session/", LogOut, method="DELETE"),
        Endpoint("session/", ShowAccount, response=Answer),
    )
    client.token = sessions.start(user).secret
    assert client.get("/x/session/").json() == {"username": "bob"}
    assert client.send("OPTIONS", "/x/session").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert client.send("DELETE", "/x/session").status_code == 204
    assert client.post("/x/session/").status_code == 405


def test_a_subclassed_view_changes_behaviour(client: Any, user: Any, settings: Any):
    serve(settings, Endpoint("in/", LogInLoudly, request=own_contract.SignIn, response=own_contract.Access))
    body = client.post("/x/in/", {"handle": "bob", "secret": PASSWORD}).json()
    assert body["access"].startswith("loud-dsa_")


def test_a_view_must_override_perform(client: Any, db: None, settings: Any):
    class Idle(View):
        name = "idle"
        authentication_classes = ()
        permission_classes = ()

    serve(settings, Endpoint("idle/", Idle))
    with pytest.raises(NotImplementedError, match=r"Idle must override perform"):
        client.post("/x/idle/")


def test_a_view_need_not_add_errors_to_those_of_shape(client: Any, db: None, settings: Any):
    serve(settings, Endpoint("in/", LogIn, request=own_contract.SignIn))
    assert client.post("/x/in/", {"handle": "bob"}).json() == {"secret": ["This field is required."]}


def test_an_endpoint_sets_text_and_status_of_drfs_causes(client: Any, db: None, settings: Any):
    serve(settings, Endpoint("out/", LogOut, refusals={NotAuthenticated: Refusal("Who are you?", status=403)}))
    response = client.post("/x/out/")
    assert (response.status_code, response.json()) == (403, {"detail": "Who are you?"})


class ByPath(serializers.Serializer):
    """Has a field that depends on the request, as a serializer of DRF's generic views may."""

    username = serializers.CharField()
    email = serializers.EmailField()
    password = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        request = self.context["request"]
        if request is not None and "invited" in request.path:
            fields["invitation"] = serializers.CharField()
        return fields


@pytest.mark.usefixtures("db")
def test_fields_that_depend_on_the_request_are_seen(client: Any, settings: Any):
    serve(
        settings,
        Endpoint("invited/", Register, request=ByPath, response=Answer),
        Endpoint("open/", Register, request=ByPath, response=Answer, name="open"),
    )
    settings.SIMPLE_AUTH = {"REGISTRATION": "invite", "THROTTLE_RATES": {}}
    assert client.post("/x/invited/").status_code == 400
    assert client.post("/x/open/").status_code == 403


def test_outside_a_request_serializers_have_a_context_too():
    endpoint = Endpoint("invited/", Register, request=ByPath)
    assert [endpoint.takes(source) for source in ("email", "invitation")] == [True, False]
