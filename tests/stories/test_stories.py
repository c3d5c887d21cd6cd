"""The stories in docs/accounts/, played as they stand against running servers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth.accounts import emails
from django_simple_auth.conf import REGISTRATION, VERIFICATION
from django_simple_auth.contracts.native import contract
from django_simple_auth.db.transactions import atomic_with_retry
from django_simple_auth.identity import user_model
from django_simple_auth.wire import Endpoint
from tests.stories.scenes import PASSWORD, Player, Story, stories_in
from tests.support.http import Server
from tests.support.project import ROOT, Host, fresh_database, orm_on

STORIES = stories_in(ROOT / "docs/accounts")
SAME_FOR_EVERYBODY = {"password/reset/", "email/verify/resend/"}
"""What these would refuse, they must not tell."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: Any, django_db_blocker: Any) -> Iterator[Any]:
    with fresh_database("stories", tmp_path_factory.mktemp("database"), django_db_blocker) as connection:
        host = Host("tests.stories.settings", connection, tmp_path_factory.mktemp("migrate"), HOST_SIMPLE_AUTH="{}")
        host.manage("migrate", "-v0").check_returncode()
        yield connection


@pytest.fixture(scope="module")
def serve(tmp_path_factory: Any, database: Any) -> Iterator[Callable[[Story], tuple[Host, Server]]]:
    serving: dict[str, tuple[Host, Server]] = {}

    def serve(story: Story) -> tuple[Host, Server]:
        settings = json.dumps(story.settings)
        if settings not in serving:
            folder = tmp_path_factory.mktemp("host")
            host = Host("tests.stories.settings", database, folder, HOST_SIMPLE_AUTH=settings)
            serving[settings] = host, host.serve()
        return serving[settings]

    yield serve
    for _host, server in serving.values():
        server.stop()


@pytest.fixture
def player(
    story: Story,
    serve: Callable[[Story], tuple[Host, Server]],
    database: Any,
    django_db_blocker: Any,
) -> Iterator[Player]:
    """Bob and Eve have accounts, and nobody else has."""
    with orm_on(database, django_db_blocker):
        people = get_user_model()._default_manager
        for user in people.all():
            atomic_with_retry(partial(end, user), get_user_model())
        for name in ("bob", "eve"):
            emails.mark_verified(people.create_user(name, f"{name}@{story.domain}", PASSWORD))
        yield Player(*serve(story), story.domain)


def end(user: Any) -> None:
    # In turns: a letter of the story before may still be on its way, and with it a row that belongs to the user.
    user_model.lock(user)
    user.delete()


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_story_goes_as_it_is_told(story: Story, player: Player):
    for scene in story.scenes:
        player.play(scene)


def answers_to(method: str, path: str) -> set[int]:
    """The statuses with which the stories answer this request."""
    scenes = [scene for story in STORIES for scene in story.scenes]
    requests = filter(None, (re.match(r"([A-Z]+) (.+)\n(?:.+\n)*\n(\d{3})$", scene, re.MULTILINE) for scene in scenes))
    return {int(told[3]) for told in requests if (told[1], re.sub("<.+?>", "<id>", told[2])) == (method, path)}


@pytest.mark.parametrize("endpoint", contract.endpoints, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_what_an_endpoint_does_and_what_it_refuses_is_in_a_story(endpoint: Endpoint):
    statuses = answers_to(endpoint.method, re.sub("<.+?>", "<id>", endpoint.path))
    assert statuses & {200, 201, 204}
    assert endpoint.path in SAME_FOR_EVERYBODY or any(status >= 400 for status in statuses)


def test_every_policy_has_its_story():
    assert {story.settings.get("REGISTRATION", "open") for story in STORIES} == set(REGISTRATION)
    assert {story.settings.get("EMAIL_VERIFICATION", "off") for story in STORIES} == set(VERIFICATION)
