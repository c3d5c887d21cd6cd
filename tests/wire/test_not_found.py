"""A contract answers unknown paths below its mount, and never one that the project has a view for."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.utils.functional import lazystr


def page(request: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse("the project's own")


@pytest.fixture
def get(client: Any, settings: Any) -> Any:
    """Mount the patterns and fetch a path: 'ours' is the contract's 404, 'project' is Django's, else a page."""
    from django.test import Client

    def fetch(urlpatterns: list[Any], where: str) -> str:
        settings.ROOT_URLCONF = type("URLs", (), {"urlpatterns": urlpatterns})
        response = Client().get(where)
        if response.headers["Content-Type"] == "application/json":
            return {404: "ours", 401: "endpoint"}[response.status_code]
        return {200: "the project's own", 404: "project", 301: "redirect"}[response.status_code]

    return fetch


NATIVE = "django_simple_auth.urls"
OWN = "docs.examples.own_contract"


def test_an_unclaimed_path_is_ours_only_below_the_mount(get: Any):
    patterns = [path("api/", include(NATIVE))]
    assert get(patterns, "/api/nope/") == "ours"
    assert get(patterns, "/api/") == "ours"
    assert get(patterns, "/nope/") == "project"


def test_views_mounted_later_under_the_same_prefix_are_reached(get: Any):
    patterns = [path("api/", include(NATIVE)), path("api/", include([path("notes/", page)]))]
    assert get(patterns, "/api/notes/") == "the project's own"
    assert get(patterns, "/api/notes/7/") == "ours"


def test_two_contracts_share_a_prefix(get: Any):
    patterns = [path("api/", include(NATIVE)), path("api/", include(OWN))]
    assert get(patterns, "/api/people/me/") == "endpoint"
    assert get(patterns, "/api/me/") == "endpoint"
    assert get(patterns, "/api/nope/") == "ours"


def test_append_slash_still_redirects_to_the_projects_view(get: Any, settings: Any):
    patterns = [path("api/", include(NATIVE)), path("api/notes/", page)]
    assert get(patterns, "/api/notes") == "redirect"
    settings.APPEND_SLASH = False
    assert get(patterns, "/api/notes") == "ours"


def test_without_a_prefix_the_404_is_the_projects(get: Any):
    patterns = [path("", include(NATIVE)), path("admin/", page)]
    assert get(patterns, "/me/") == "endpoint"
    assert get(patterns, "/admin/") == "the project's own"
    assert get(patterns, "/nope/") == "project"


@pytest.mark.parametrize(
    "prefix",
    [
        path("<slug:tenant>/api/", include(NATIVE)),
        re_path("^x/api/", include(NATIVE)),
        path(lazystr("x/api/"), include(NATIVE)),
    ],
)
def test_below_a_variable_prefix_the_404_is_the_projects(get: Any, prefix: Any):
    assert get([prefix], "/x/api/nope/") == "project"


def test_mounted_twice_it_answers_below_both_mounts(get: Any):
    patterns = [path("v1/", include(NATIVE)), path("v2/deep/", include([path("er/", include(NATIVE))]))]
    assert get(patterns, "/v1/nope/") == "ours"
    assert get(patterns, "/v2/deep/er/nope/") == "ours"
