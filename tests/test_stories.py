"""The stories in docs/accounts.md, played as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from django_simple_auth.conf import REGISTRATION, VERIFICATION
from tests.client import Client
from tests.letters import secret_in

PAGE = (Path(__file__).resolve().parent.parent / "docs/accounts.md").read_text()
PASSWORD = "Correct-Horse-7"
STORIES = {
    title: scenes
    for title, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    if (scenes := re.findall(r"```text\n(.*?)```", text, re.DOTALL))
}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_goes_as_it_is_told(story: str, mailbox: Any, settings: Any):
    setting = story.rpartition(": ")[2]
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": setting if setting in VERIFICATION else "off"}
    settings.SIMPLE_AUTH |= {"REGISTRATION": setting if setting in REGISTRATION else "open"}
    user = get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    client = Client()
    for scene in STORIES[story]:
        if scene.startswith("manage.py "):
            call_command(*scene.split()[1:], verbosity=0)
            continue
        asked, _blank, answered = scene.partition("\n\n")
        (method, path), *more = [line.split(" ", 1) for line in asked.splitlines()]
        client.token = token_of(user) if more and more[0][0] == "Authorization:" else None
        body = asked.splitlines()[-1]
        if found := re.search(r"<from the mail(?: to (.+?))?>", body):
            with_links = [letter for letter in mailbox if "https://" in letter.body]
            letter = [letter for letter in with_links if found[1] in (None, *letter.to)][-1]
            body = body.replace(found[0], secret_in(letter))
        response = client.send(method, f"/api/auth/{path}", body if body.startswith("{") else "")
        status, _newline, expected = answered.partition("\n")
        assert response.status_code == int(status), (scene, response.content)
        if expected.strip():
            assert response.json() == json.loads(expected), scene


def token_of(user: Any) -> str:
    from django_simple_auth import sessions

    user.refresh_from_db()
    return sessions.start(user).secret
