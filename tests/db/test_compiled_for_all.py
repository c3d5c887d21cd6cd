"""The compiled look-ups of the store serve every thread and every setting, not only those they were compiled in."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections

from django_simple_auth import sessions
from django_simple_auth.models import AuthToken, RetiredToken
from django_simple_auth.tokens import store
from tests.db.test_compiled import content


@pytest.fixture(autouse=True)
def _not_compiled_yet() -> None:
    store._BY_DIGEST._compiled.clear()
    store._RETIRED_BY_DIGEST._compiled.clear()


@pytest.mark.django_db(transaction=True)
def test_a_connection_ends_with_the_thread_that_compiled(user: Any):
    digest = bytes(sessions.start(user).row.digest)
    found: list[Any] = []

    def look() -> None:
        found.extend([store.find(digest), weakref.ref(connections["default"])])
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    del thread
    gc.collect()
    row, connection = found
    assert connection() is None
    # What the one thread has compiled, another one runs.
    again = store.find(digest)
    assert again is not None
    assert vars(again.user) == {**vars(row.user), "_state": again.user._state}


def test_times_follow_use_tz(user: Any, settings: Any):
    digest = bytes(sessions.start(user).row.digest)
    for use_tz in [True, False, True]:
        settings.USE_TZ = use_tz
        found = store.find(digest)
        assert found is not None
        assert found.user.date_joined == get_user_model().objects.get().date_joined
        assert found.created_at == AuthToken.objects.get().created_at


def test_a_retired_token_comes_with_its_token_and_user(user: Any, django_assert_num_queries: Any):
    token = sessions.start(user).row
    old = bytes(token.digest)
    sessions.rotate(token)
    expected = RetiredToken.objects.select_related("token__user").get(digest=old)
    for _ in range(2):
        with django_assert_num_queries(1):
            found = store.find_retired(old)
            assert found is not None
            assert found.token.user == user
        assert content(found) == content(expected)
    sessions.end(token)
    assert store.find_retired(old) is None
