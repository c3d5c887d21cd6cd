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
_MOST_WAITING = 1000
"""While the mail server hangs; what comes after that is given up rather than kept in memory."""
_room = BoundedSemaphore(_MOST_WAITING)
_WITHOUT_SERVER = (console.EmailBackend, dummy.EmailBackend, locmem.EmailBackend)
"""They work in this process, so they cannot hang. Django's file backend is a console backend, too."""
_at_once: ContextVar[bool] = ContextVar("simple_auth_immediately", default=False)


def send(letter: str, user: AbstractBaseUser | None, email: str = "", **facts: str) -> None:
    """Send the user a letter after commit: to ``email``, or to the one that is stored when it is written.

    ``letter`` names the templates ``django_simple_auth/mail/<letter>.subject.txt``, ``.txt`` and ``.html``, which see
    the ``facts``. If it is also a purpose of MailedSecret there is a secret in its link. For None the same is done, but
    no letter leaves: that an account exists cannot be told by what happens if it does not. An invitation does leave: it
    is for nobody yet. A letter with a ``device`` leaves only if the user has never been there.
    """
    key = "" if user is None else str(user.pk)
    language = translation.get_language() or settings.LANGUAGE_CODE
    words = (letter, key, email, language, messages.password_fingerprint(user), facts)
    _after_commit(lambda: _hand_over(*words), OneTimeToken.objects.db)


@contextmanager
def immediately() -> Iterator[None]:
    """Deliver what is sent in here at its commit and in this thread; for a command, for whose answer nobody waits.

    A thousand letters would have no room in the threads. Where the host has tasks, they are queued as ever.
    """
    before = _at_once.set(True)
    try:
        yield
    finally:
        _at_once.reset(before)


def has_tasks() -> bool:
    """Whether the host has set up tasks. Django's own default would run them inside the request."""
    installed = any(find_spec(name) for name in ("django.tasks", "django_tasks"))
    default = getattr(global_settings, "TASKS", None)
    return installed and getattr(settings, "TASKS", default) is not default


def task() -> Any:
    """What hands a letter over to the host's worker. Raises what django.tasks has against the host's TASKS."""
    # Not before: it needs django.tasks, and asks for the host's TASKS at once.
    from .tasks import deliver

    return deliver


def mailer() -> Any:
    """The project's default mail backend. It is not connected yet. Raises whatever Django says of the settings."""
    # Django has MAILERS from 6.1 on, and deprecates get_connection() there.
    mailers: Any = getattr(core_mail, "mailers", None)
    return core_mail.get_connection() if mailers is None else mailers.default


def _after_commit(work: Callable[[], None], using: str) -> None:
    transaction.on_commit(work, using=using)


def _hand_over(letter: str, *words: Any) -> None:
    # A queue that is down must not be told from an account that does not exist.
    try:
        if has_tasks():
            task().enqueue(letter, *words)
        elif _at_once.get() or not _may_hang():
            _deliver(letter, *words)
        else:
            _in_background(_deliver_in_thread, letter, *words)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is no answer to anybody)
        messages.report_failure(letter, None, error)


def _may_hang() -> bool:
    """Whether messages go to a mail server, as far as we know; no request may wait for one."""
    return not isinstance(mailer(), _WITHOUT_SERVER)


def _in_background(work: Callable[..., None], *arguments: Any) -> None:
    if not _room.acquire(blocking=False):
        raise RuntimeError(f"{_MOST_WAITING} letters are waiting already; does the mail server answer?")
    try:
        future: Future[None] = _pool().submit(work, *arguments)
    except BaseException:
        _room.release()
        raise
    future.add_done_callback(lambda _done: _room.release())


def _deliver(letter: str, *words: Any) -> None:
    try:
        messages.deliver(letter, *words)
    except messages.DeliveryFailed:
        # That has been told, and there is nobody here to try again.
        pass
    except Exception as error:  # noqa: BLE001  (whatever it is, it is no answer to anybody)
        messages.report_failure(letter, None, error)


def _deliver_in_thread(*letter: Any) -> None:
    try:
        _deliver(*letter)
    finally:
        # This thread's own, to which no request's end is ever signalled.
        connections.close_all()


def _begin_anew() -> None:
    """After a fork: the threads have stayed behind, and what they held."""
    global _room
    _pool.cache_clear()
    _room = BoundedSemaphore(_MOST_WAITING)


@cache
def _pool() -> ThreadPoolExecutor:
    """Made at the first letter: threads do not survive the fork by which servers make their workers."""
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="simple_auth_mail")


if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_begin_anew)
