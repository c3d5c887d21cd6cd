"""Sends the requests of the stories in docs/accounts/ to running servers and compares the answers."""

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
from tests.support.project import ROOT, Project, fresh_database, orm_on

STORIES = stories_in(ROOT / "docs/accounts")
NEUTRAL = {"password/reset/", "email/verify/resend/"}
"""Endpoints that must not reveal what they refuse."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: Any, django_db_blocker: Any) -> Iterator[Any]:
    with fresh_database("stories", tmp_path_factory.mktemp("database"), django_db_blocker) as connection:
        folder = tmp_path_factory.mktemp("migrate")
        project = Project("tests.stories.settings", connection, folder, PROJECT_SIMPLE_AUTH="{}")
        project.manage("migrate", "-v0").check_returncode()
        yield connection


@pytest.fixture(scope="module")
def serve(tmp_path_factory: Any, database: Any) -> Iterator[Callable[[Story], tuple[Project, Server]]]:
    serving: dict[str, tuple[Project, Server]] = {}

    def serve(story: Story) -> tuple[Project, Server]:
        settings = json.dumps(story.settings)
        if settings not in serving:
            folder = tmp_path_factory.mktemp("project")
            project = Project("tests.stories.settings", database, folder, PROJECT_SIMPLE_AUTH=settings)
            serving[settings] = project, project.serve()
        return serving[settings]

    yield serve
    for _project, server in serving.values():
        server.stop()


@pytest.fixture
def player(
    story: Story,
    serve: Callable[[Story], tuple[Project, Server]],
    database: Any,
    django_db_blocker: Any,
) -> Iterator[Player]:
    """Bob and Eve have accounts; there are no others."""
    with orm_on(database, django_db_blocker):
        people = get_user_model()._default_manager
        for user in people.all():
            atomic_with_retry(partial(delete, user), get_user_model())
        for name in ("bob", "eve"):
            emails.mark_verified(people.create_user(name, f"{name}@{story.domain}", PASSWORD))
        yield Player(*serve(story), story.domain)


def delete(user: Any) -> None:
    # Under a lock: an e-mail of the previous story may still be on its way, and with it a row of this user.
    user_model.lock(user)
    user.delete()


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_the_server_answers_as_the_story_says(story: Story, player: Player):
    for scene in story.scenes:
        player.play(scene)


def answers_to(method: str, path: str) -> set[int]:
    """The statuses that the stories show for this request."""
    scenes = [scene for story in STORIES for scene in story.scenes]
    requests = filter(None, (re.match(r"([A-Z]+) (.+)\n(?:.+\n)*\n(\d{3})$", scene, re.MULTILINE) for scene in scenes))
    return {int(found[3]) for found in requests if (found[1], re.sub("<.+?>", "<id>", found[2])) == (method, path)}


@pytest.mark.parametrize("endpoint", contract.endpoints, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_a_story_shows_each_endpoint_succeed_and_refuse(endpoint: Endpoint):
    statuses = answers_to(endpoint.method, re.sub("<.+?>", "<id>", endpoint.path))
    assert statuses & {200, 201, 204}
    assert endpoint.path in NEUTRAL or any(status >= 400 for status in statuses)


def test_every_policy_has_a_story():
    assert {story.settings.get("REGISTRATION", "open") for story in STORIES} == set(REGISTRATION)
    assert {story.settings.get("EMAIL_VERIFICATION", "off") for story in STORIES} == set(VERIFICATION)
