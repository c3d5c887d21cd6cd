"""What a view may answer, and what reaches the contract's shapes."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy, override
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from django_simple_auth import keys, sessions
from django_simple_auth.views import ListSessions, LogOut, ShowAccount
from django_simple_auth.wire import Accepted, Detail, Endpoint, Many, Outcome, Refusal, View
from tests.support.contracts import serve


def test_an_outcome_does_not_print_its_token():
    assert "dsa_" not in repr(Outcome(token="dsa_secret"))


@pytest.mark.parametrize("place", ["item", "items"])
def test_no_model_instance_but_the_user_is_in_an_outcome(user: Any, place: str):
    row = keys.create(user).row
    with pytest.raises(TypeError, match="not model instances"):
        Outcome(user=user, **{place: row if place == "item" else [keys.key_of(row), row]})
    assert Outcome(user=user, item=keys.key_of(row)).user is user


class Wait(View):
    """Accepts everything."""

    name = "wait"
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, **values: Any) -> Accepted:
        return Accepted()


def test_accepted_is_answered_with_the_body_for_it_and_202(client: Any, db: None, settings: Any):
    serve(settings, Endpoint("wait/", Wait, response=Detail("Done."), accepted=Detail("Wait."), cookie=True))
    response = client.post("/x/wait/")
    assert (response.status_code, response.json()) == (202, {"detail": "Wait."})
    assert not response.cookies


def test_an_endpoint_without_that_body_is_a_configuration_error(client: Any, db: None, settings: Any):
    serve(settings, Endpoint("wait/", Wait))
    with pytest.raises(ImproperlyConfigured, match="'wait/' needs"):
        client.post("/x/wait/")


@pytest.mark.parametrize("language", ["de", "en"])
def test_static_bodies_are_in_the_contracts_language(client: Any, db: None, settings: Any, language: str):
    text = Detail(gettext_lazy("The request was refused."))
    refused = Endpoint("out/", LogOut, refusals={NotAuthenticated: Refusal(body=text)})
    serve(settings, Endpoint("wait/", Wait, accepted=text), refused, language=language)
    with override(language):
        expected = {"detail": str(text.body["detail"])}
    for path in ("/x/wait/", "/x/out/"):
        assert client.post(path).json() == expected
    assert (language == "en") is (expected["detail"] == "The request was refused.")


class Context(serializers.Serializer):
    path = serializers.SerializerMethodField()

    def get_path(self, answer: Any) -> str:
        assert self.context["view"].get_serializer_context() == self.context
        assert self.context["format"] is None
        return str(self.context["request"].build_absolute_uri())


class Greeting(serializers.Serializer):
    hello = serializers.CharField()

    def validate_hello(self, value: str) -> str:
        return f"{value} {self.context['request'].user} of {type(self.context['view']).__name__}"


class Greet(View):
    """Says hello."""

    name = "greet"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(item=values)


class Greeted(serializers.Serializer):
    hello = serializers.CharField(source="item.hello")


def test_serializers_get_the_context_that_drf_gives(client: Any, user: Any, settings: Any):
    serve(
        settings,
        Endpoint("me/", ShowAccount, response=Context),
        Endpoint("list/", ListSessions, response=Many(Context)),
        Endpoint("greet/", Greet, request=Greeting, response=Greeted),
    )
    client.token = sessions.start(user).secret
    assert client.get("/x/me/").json() == {"path": "http://testserver/x/me/"}
    assert client.get("/x/list/").json() == [{"path": "http://testserver/x/list/"}]
    assert client.post("/x/greet/", {"hello": "Dear"}).json() == {"hello": "Dear bob of Greet"}
