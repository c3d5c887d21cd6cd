from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import include, path
from rest_framework.authentication import BaseAuthentication, BasicAuthentication, SessionAuthentication
from rest_framework.authentication import TokenAuthentication as DRFTokenAuthentication
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from django_simple_auth import sessions
from django_simple_auth.authentication import CookieTokenAuthentication, TokenAuthentication
from django_simple_auth.checks.tokens import LONG
from django_simple_auth.contracts.errors import non_field_errors
from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from django_simple_auth.views import LogOut
from django_simple_auth.wire import Contract, Endpoint
from tests.support.checks import said, said_of_rows

NATIVE = path("api/auth/", include("django_simple_auth.urls"))
PRESENCE = path("presence/", include("django_simple_auth.contracts.presence"))
SESSIONS = "rest_framework.authentication.SessionAuthentication"
DRFS = "rest_framework.authentication.TokenAuthentication"
OURS = "django_simple_auth.authentication.TokenAuthentication"


class Closed(APIView):
    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAuthenticated]


class Inherited(TokenAuthentication):
    """A project's subclass of our class."""


class Bearer(DRFTokenAuthentication):
    """DRF's tokens under another keyword."""

    keyword = "Bearer"


class Another(BaseAuthentication):
    """Another package's tokens, under our keyword."""

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'


class Reserved(BaseAuthentication):
    """Does not say what it reads."""


class Curious(BaseAuthentication):
    """Says what it reads only to a request that it knows."""

    def authenticate_header(self, request: Any) -> str:
        raise AttributeError("tenant")


def takes_defaults(settings: Any, *classes: str) -> None:
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": list(classes)}


def mount(settings: Any, *patterns: Any) -> None:
    settings.ROOT_URLCONF = patterns


def test_w007_no_view_of_the_project_accepts_tokens(settings: Any):
    takes_defaults(settings, SESSIONS)
    mount(settings, NATIVE, path("notes/", Closed.as_view()))
    (message,) = said("W007")
    assert "for example /notes/." in message.msg
    assert OURS in message.hint
    assert said("W007", include_deployment_checks=False)


@pytest.mark.parametrize("default", [OURS, f"{__name__}.Inherited"])
def test_w007_passes_if_the_default_classes_accept_tokens(settings: Any, default: str):
    takes_defaults(settings, default)
    mount(settings, NATIVE, path("notes/", Closed.as_view()))
    assert not said("W007")


def test_w007_passes_if_one_view_accepts_tokens(settings: Any):
    takes_defaults(settings, SESSIONS)
    view = Closed.as_view(authentication_classes=[SessionAuthentication, Inherited])
    mount(settings, NATIVE, path("other/", Closed.as_view()), path("notes/", view))
    assert not said("W007")


def test_w007_passes_if_the_project_has_no_api_views(settings: Any):
    takes_defaults(settings, SESSIONS)
    mount(settings, NATIVE, path("plain/", lambda request: None))
    assert not said("W007")


def test_w007_passes_if_the_views_are_public(settings: Any):
    takes_defaults(settings, SESSIONS)
    mount(settings, NATIVE, path("notes/", Closed.as_view(permission_classes=[AllowAny])))
    assert not said("W007")


def test_w007_passes_if_the_contract_issues_no_tokens(settings: Any):
    takes_defaults(settings, SESSIONS)
    mount(settings, PRESENCE, path("notes/", Closed.as_view()))
    assert not said("W007")


def test_w007_skips_views_that_decide_for_each_request(settings: Any):
    class Deciding(Closed):
        def get_authenticators(self) -> list[BaseAuthentication]:
            raise AssertionError("A check must not call this.")

    takes_defaults(settings, SESSIONS)
    mount(settings, NATIVE, path("notes/", Deciding.as_view()))
    assert not said("W007")


def test_views_with_properties_do_not_break_the_checks(settings: Any):
    class Deciding(Closed):
        @property
        def permission_classes(self) -> list[Any]:  # type: ignore[override]
            raise AssertionError("A check must not call this.")

    class Made(Closed):
        authentication_classes = [lambda: TokenAuthentication(), DRFTokenAuthentication, TokenAuthentication]

    takes_defaults(settings, SESSIONS)
    mount(settings, NATIVE, path("deciding/", Deciding.as_view()), path("made/", Made.as_view()))
    assert not said("W007")
    assert len(said("E006")) == 1


def test_w007_sees_function_views_and_combined_permissions(settings: Any):
    @api_view()
    @authentication_classes([SessionAuthentication])
    def notes(request: Any) -> Response:
        raise AssertionError("A check must not call this.")

    notes.cls.permission_classes = [IsAuthenticated | IsAdminUser]
    takes_defaults(settings, SESSIONS)
    mount(settings, NATIVE, path("v<int:version>/", include([path("notes/", notes)])))
    (message,) = said("W007")
    assert "for example /v<int:version>/notes/." in message.msg


@pytest.mark.parametrize(("theirs", "keyword"), [(DRFS, "Token"), (f"{__name__}.Bearer", "Bearer")])
def test_e006_drfs_class_comes_before_ours(settings: Any, theirs: str, keyword: str):
    takes_defaults(settings, SESSIONS, theirs, OURS)
    (message,) = said("E006")
    assert message.msg.startswith(f"In REST_FRAMEWORK['DEFAULT_AUTHENTICATION_CLASSES'], {theirs} comes before ours")
    assert f"'Authorization: {keyword} <token>'" in message.msg
    assert OURS in message.hint


@pytest.mark.parametrize("classes", [[OURS, DRFS], [SESSIONS, OURS], [DRFS], [f"{__name__}.Inherited", OURS]])
def test_e006_passes_if_no_class_with_our_keyword_comes_first(settings: Any, classes: list[str]):
    takes_defaults(settings, *classes)
    assert not said("E006")
    assert not said("W008")


def test_e006_is_reported_once_if_several_of_ours_follow(settings: Any):
    takes_defaults(settings, DRFS, OURS, f"{__name__}.Inherited")
    assert len(said("E006")) == 1


def test_e006_names_a_view_with_its_own_order(settings: Any):
    takes_defaults(settings, OURS)
    view = Closed.as_view(authentication_classes=[DRFTokenAuthentication, TokenAuthentication])
    mount(settings, NATIVE, path("notes/", view), path("more/", view))
    (message,) = said("E006")
    assert message.msg.startswith("In the view at /notes/, ")


def test_e006_checks_the_projects_own_contracts(settings: Any):
    classes = (DRFTokenAuthentication, TokenAuthentication)
    own = Contract(Endpoint("logout/", LogOut, authentication_classes=classes), errors=non_field_errors)
    mount(settings, path("own/", include((own.urls, "own"))))
    (message,) = said("E006")
    assert message.msg.startswith("In the endpoint at /own/logout/, ")


def test_e006_passes_if_ours_reads_a_cookie(settings: Any):
    view = Closed.as_view(authentication_classes=[DRFTokenAuthentication, CookieTokenAuthentication])
    mount(settings, NATIVE, path("notes/", view))
    assert not said("E006")


def test_e006_uses_the_keywords_of_a_subclass(settings: Any):
    class Renamed(TokenAuthentication):
        keywords = ("apikey",)

    view = Closed.as_view(authentication_classes=[DRFTokenAuthentication, Renamed])
    mount(settings, NATIVE, path("notes/", view))
    assert not said("E006")


def test_w008_a_class_with_our_keyword_comes_first(settings: Any):
    takes_defaults(settings, f"{__name__}.Another", OURS)
    (message,) = said("W008")
    assert f"{__name__}.Another comes before ours and may reject our tokens" in message.msg
    assert "'Authorization: Bearer <token>'" in message.msg
    assert OURS in message.hint
    assert not said("E006")


@pytest.mark.parametrize("theirs", [Reserved, Curious, BasicAuthentication])
def test_w008_passes_for_classes_without_our_keyword(settings: Any, theirs: type):
    view = Closed.as_view(authentication_classes=[theirs, TokenAuthentication])
    mount(settings, NATIVE, path("notes/", view))
    assert not said("W008")


@pytest.mark.parametrize(
    ("lifetime", "simple_auth", "warned"),
    [
        (None, {}, True),
        (3600, {}, False),
        (None, {"TOKEN_IDLE_TIMEOUT_SECONDS": 3600}, False),
        (None, {"MAX_TOKENS_PER_USER": 3}, False),
    ],
)
def test_w009_tokens_that_never_expire(settings: Any, lifetime: Any, simple_auth: Any, warned: bool):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = lifetime
    settings.SIMPLE_AUTH = simple_auth
    assert bool(said("W009")) is warned
    assert not said("W009", include_deployment_checks=False)


@pytest.mark.parametrize(("dead_since", "warned"), [(LONG, True), (LONG - timedelta(hours=1), False)])
def test_w016_expired_tokens_that_are_not_deleted(user: Any, dead_since: timedelta, warned: bool):
    sessions.start(user)
    AuthToken.objects.update(expires_at=system_clock.now() - dead_since)
    assert bool(said_of_rows("W016", deploy=True)) is warned
    assert not said_of_rows("W016")
