"""Letters to people: handed over after commit, written and sent beside the request.

The secret in a letter's link is made by whoever sends it, so that none lies in a queue. Whether a letter leaves, and
how long that takes, changes no answer.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import mail as core_mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.db import connections, router, transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from . import events, limits, mailed, users
from .conf import conf
from .models import MailedSecret
from .refusals import LimitExceeded, LinkInvalid

logger = logging.getLogger("django_simple_auth")

# A new password withdraws what these letters would bring, and must find them in the queue as well as in the mailbox.
_OVERTAKEN = {MailedSecret.Purpose.CHANGE.value, MailedSecret.Purpose.REVERT.value, MailedSecret.Purpose.RESET.value}
_THREADS = 4
_MOST_WAITING = 1000
"""While the mail server hangs; what comes after that is given up rather than kept in memory."""
_room = BoundedSemaphore(_MOST_WAITING)


def send(letter: str, user: AbstractBaseUser | None, address: str = "") -> None:
    """Send the user a letter after commit: to ``address``, or to the one that is stored when it is written.

    ``letter`` names the templates ``django_simple_auth/mail/<letter>.subject.txt``, ``.txt`` and ``.html``. If it is
    also a purpose of MailedSecret there is a secret in its link. For None the same is done, but no letter leaves: that
    an account exists cannot be told by what happens if it does not. An invitation does leave: it is for nobody yet.
    """
    key = "" if user is None else str(user.pk)
    language = translation.get_language() or settings.LANGUAGE_CODE
    using = router.db_for_write(MailedSecret)
    stamp = _stamp(user)
    _after_commit(lambda: _hand_over(letter, key, address, language, stamp), using)


def _after_commit(work: Callable[[], None], using: str) -> None:
    transaction.on_commit(work, using=using)


@sensitive_variables()
def deliver(letter: str, key: str, address: str, language: str, stamp: str = "") -> None:
    """Write and send a letter to the user with this primary key; what fails is an event, and nobody else's trouble."""
    user = users.everybody().filter(pk=key).first() if key else None
    if user is None and letter != MailedSecret.Purpose.INVITE:
        return
    if user is not None and not (user.is_active and (address := address or users.address(user))):
        return
    if letter in _OVERTAKEN and stamp and not constant_time_compare(stamp, _stamp(user)):
        return
    try:
        # Nobody's mailbox is for strangers to fill. Nor is it for a thief to fill until the way back has no room.
        if letter != MailedSecret.Purpose.REVERT:
            limits.take("mail", letter, users.fold(address))
        with translation.override(language):
            _written(letter, user, address).send()
    except LinkInvalid:
        # The user was deleted meanwhile.
        return
    except LimitExceeded:
        events.limit_exceeded.tell(user, scope="mail", letter=letter)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is no answer to anybody)
        _fail(letter, user, error)


def _stamp(user: AbstractBaseUser | None) -> str:
    """Whether the password is still the same, for a queue to keep: neither it nor its hash can be read from this."""
    password = "" if user is None else user.password
    return salted_hmac("django_simple_auth.mail", password, algorithm="sha256").hexdigest()


@sensitive_variables()
def _written(letter: str, user: AbstractBaseUser | None, address: str) -> EmailMultiAlternatives:
    # To an address that may be a stranger's goes nothing that somebody else has chosen.
    unproved = letter in {MailedSecret.Purpose.CHANGE.value, MailedSecret.Purpose.VERIFY.value}
    name = address if unproved or user is None else user.get_username()
    context: dict[str, Any] = {"user": user, "name": name, "address": address}
    if letter in MailedSecret.Purpose.values:
        purpose = MailedSecret.Purpose(letter)
        context["lifetime"] = mailed.LIFETIMES[purpose]
        # Before a secret is made that nobody could be sent.
        pattern = _public_url() + conf.LINKS[letter]
        context["link"] = pattern.replace("{token}", mailed.make(purpose, address, user))
    subject, text, html = (
        render_to_string(f"django_simple_auth/mail/{letter}.{kind}", context) for kind in ("subject.txt", "txt", "html")
    )
    # A header is one line, whatever the template and the names in it hold.
    message = EmailMultiAlternatives(" ".join(subject.split()), text, to=[address])
    if html.strip():
        message.attach_alternative(html, "text/html")
    return message


def _public_url() -> str:
    if (url := conf.PUBLIC_URL) is None:
        raise ImproperlyConfigured(
            "Links in mails need SIMPLE_AUTH['PUBLIC_URL'], such as 'https://www.example.com'. They are never built "
            "from the Host header, which is the client's to choose."
        )
    return url


def _hand_over(*letter: str) -> None:
    # A queue that is down must not be told from an account that does not exist.
    try:
        if has_tasks():
            # Imported by name: it needs django.tasks, and asks for the host's TASKS at once.
            import_module("django_simple_auth.queued").deliver.enqueue(*letter)
        elif is_test():
            deliver(*letter)
        else:
            _in_background(_deliver_in_thread, *letter)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is no answer to anybody)
        _fail(letter[0], None, error)


def is_test() -> bool:
    """Whether Django's test environment is set up. A thread would not see a test's transaction, or outlive it."""
    return hasattr(core_mail, "outbox")


def has_tasks() -> bool:
    """Whether the host has set up tasks. Django's own default would run them inside the request."""
    installed = any(find_spec(name) for name in ("django.tasks", "django_tasks"))
    return installed and bool(settings.is_overridden("TASKS"))  # type: ignore[misc]


def _in_background(work: Callable[..., None], *arguments: str) -> None:
    if not _room.acquire(blocking=False):
        raise RuntimeError(f"{_MOST_WAITING} letters are waiting already; does the mail server answer?")
    try:
        future = _pool().submit(work, *arguments)
    except BaseException:
        _room.release()
        raise
    future.add_done_callback(lambda _done: _room.release())


def _deliver_in_thread(*letter: str) -> None:
    try:
        deliver(*letter)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is no answer to anybody)
        # Nobody asks for the future's result.
        _fail(letter[0], None, error)
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


def _fail(letter: str, user: AbstractBaseUser | None, error: Exception) -> None:
    # Without the traceback: the link is in the variables of many frames, and error reports show those.
    logger.error("The letter %r could not be sent: %s: %s", letter, type(error).__name__, error)
    events.mail_failed.tell(user, letter=letter, error=type(error).__name__)
