"""Hand messages over after commit, and deliver them: by the project's tasks, by threads, or at once without a server.

The secret in a message's link is made at delivery, so no queue holds one. Whether a message leaves, and how long the
mail server takes, changes no answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.util import find_spec
from threading import BoundedSemaphore
from typing import Any

from django.conf import global_settings, settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import mail as core_mail
from django.core.mail.backends import console, dummy, locmem
from django.db import connections, transaction
from django.utils import translation

from ..models import OneTimeToken
from . import messages

_THREADS = 4
_MAX_WAITING = 1000
"""E-mails that wait for a mail server that hangs. Above that they are dropped, so that memory does not fill up."""
_free_places = BoundedSemaphore(_MAX_WAITING)
_WITHOUT_SERVER = (console.EmailBackend, dummy.EmailBackend, locmem.EmailBackend)
"""They send within this process, so they cannot hang. Django's file backend is a console backend, too."""
_immediately: ContextVar[bool] = ContextVar("simple_auth_immediately", default=False)


def send(message: str, user: AbstractBaseUser | None, email: str = "", **facts: str) -> None:
    """Send the user an e-mail after commit: to ``email``, or to the address that is stored when it is rendered.

    ``message`` names the templates ``django_simple_auth/mail/<message>.subject.txt``, ``.txt`` and ``.html``, which get
    the ``facts``. If it is also a purpose of OneTimeToken, its link carries a token. Without a user the work is the
    same, but nothing is sent, so that the request does not disclose whether an account exists; only an invitation is
    sent without a user. An e-mail with a ``device`` is sent only if that device is new.
    """
    key = "" if user is None else str(user.pk)
    language = translation.get_language() or settings.LANGUAGE_CODE
    arguments = (message, key, email, language, messages.password_fingerprint(user), facts)
    _after_commit(lambda: _hand_over(*arguments), OneTimeToken.objects.db)


@contextmanager
def immediately() -> Iterator[None]:
    """Deliver what is sent in this block in this thread, for commands, whose e-mails would overflow the threads' queue.

    If your project has tasks, they are used as usual.
    """
    before = _immediately.set(True)
    try:
        yield
    finally:
        _immediately.reset(before)


def has_tasks() -> bool:
    """Whether your project has set TASKS. Django's own default would run them inside the request."""
    installed = any(find_spec(name) for name in ("django.tasks", "django_tasks"))
    default = getattr(global_settings, "TASKS", None)
    return installed and getattr(settings, "TASKS", default) is not default


def task() -> Any:
    """The task that a worker runs to send an e-mail. Raises whatever django.tasks raises for your project's TASKS."""
    # Imported late: it needs django.tasks, which reads TASKS at import.
    from .tasks import deliver

    return deliver


def mailer() -> Any:
    """The project's default mail backend. It is not connected yet. Raises whatever Django raises for the settings."""
    # Django has MAILERS from 6.1 on, and deprecates get_connection() there.
    mailers: Any = getattr(core_mail, "mailers", None)
    return core_mail.get_connection() if mailers is None else mailers.default


def _after_commit(work: Callable[[], None], using: str) -> None:
    transaction.on_commit(work, using=using)


def _hand_over(message: str, *arguments: Any) -> None:
    # An unavailable queue must not change the answer, or it would disclose which accounts exist.
    try:
        if has_tasks():
            task().enqueue(message, *arguments)
        elif _immediately.get() or not _may_hang():
            _deliver(message, *arguments)
        else:
            _in_background(_deliver_in_thread, message, *arguments)
    except Exception as error:  # noqa: BLE001  (whatever it is, it must not reach the client)
        messages.report_failure(message, None, error)


def _may_hang() -> bool:
    """Whether sending may hang, as with a mail server: no request may wait for it."""
    return not isinstance(mailer(), _WITHOUT_SERVER)


def _in_background(work: Callable[..., None], *arguments: Any) -> None:
    if not _free_places.acquire(blocking=False):
        raise RuntimeError(f"{_MAX_WAITING} e-mails are waiting already; does the mail server answer?")
    try:
        future: Future[None] = _pool().submit(work, *arguments)
    except BaseException:
        _free_places.release()
        raise
    future.add_done_callback(lambda _done: _free_places.release())


def _deliver(message: str, *arguments: Any) -> None:
    try:
        messages.deliver(message, *arguments)
    except messages.DeliveryFailed:
        # Already reported, and there is no worker here that could retry.
        pass
    except Exception as error:  # noqa: BLE001  (whatever it is, it must not reach the client)
        messages.report_failure(message, None, error)


def _deliver_in_thread(*arguments: Any) -> None:
    try:
        _deliver(*arguments)
    finally:
        # The connections of this thread, which Django closes only at the end of requests.
        connections.close_all()


def _reset_after_fork() -> None:
    """The threads stay in the parent process, with what they were sending."""
    global _free_places
    _pool.cache_clear()
    _free_places = BoundedSemaphore(_MAX_WAITING)


@cache
def _pool() -> ThreadPoolExecutor:
    """Created with the first e-mail: threads do not survive the fork with which servers create their workers."""
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="simple_auth_mail")


if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_reset_after_fork)
