from __future__ import annotations

import logging
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import translation

from django_simple_auth.mail import delivery, messages
from django_simple_auth.models import OneTimeToken

User = get_user_model()


def test_an_email_is_in_the_language_of_its_request(user: Any, mailbox: Any, monkeypatch: Any):
    spoken: list[str | None] = []
    real = messages._render
    monkeypatch.setattr(
        messages, "_render", lambda *message: spoken.append(translation.get_language()) or real(*message)
    )
    with translation.override("de"):
        delivery.send("reset", user)
    with translation.override(None):
        delivery.send("reset", user)
    assert spoken == ["de", "en-us"]


def test_without_a_user_the_work_is_done_but_nothing_sent(mailbox: Any, monkeypatch: Any):
    handed: list[Any] = []
    real = delivery._hand_over
    monkeypatch.setattr(delivery, "_hand_over", lambda *message: handed.append(message) or real(*message))
    delivery.send("reset", None)
    assert [message[:4] for message in handed] == [("reset", "", "", "en-us")]
    assert not mailbox


def test_a_mail_server_that_is_down_is_reported(user: Any, mailbox: Any, monkeypatch: Any, failures: Any, caplog: Any):
    def refuse(self: Any, messages: Any) -> int:
        raise ConnectionRefusedError("no mail server")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    delivery.send("reset", user)
    ((failure),) = failures
    assert (failure["user"], failure["message"], failure["error"]) == (user, "reset", "ConnectionRefusedError")
    assert "'reset' could not be sent" in caplog.text
    assert "dsp_" not in caplog.text


@pytest.mark.usefixtures("_threads")
def test_a_queue_that_is_down_is_reported(user: Any, mailbox: Any, monkeypatch: Any, failures: Any):
    def refuse(work: Any, *message: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(delivery, "_in_background", refuse)
    delivery.send("reset", user)
    assert [failure["message"] for failure in failures] == ["reset"]


def test_tasks_carry_no_token(user: Any, mailbox: Any, use_tasks: Any):
    use_tasks("dummy.DummyBackend")
    delivery.send("reset", user)
    assert not mailbox
    assert not OneTimeToken.objects.exists()
    (result,) = delivery.task().get_backend().results
    assert result.task.module_path == "django_simple_auth.mail.tasks.deliver"
    assert list(result.args)[:4] == ["reset", str(user.pk), "", "en-us"]
    assert user.password not in str(result.args)
    result.task.func(*result.args)
    assert len(mailbox) == 1


def test_a_failed_task_reports_the_error_and_can_be_retried(
    user: Any, mailbox: Any, use_tasks: Any, monkeypatch: Any, failures: Any
):
    def refuse(self: Any, messages: Any) -> int:
        raise ConnectionRefusedError("no mail server")

    use_tasks("immediate.ImmediateBackend")
    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", refuse)
        result = delivery.task().enqueue("reset", str(user.pk), "", "en")
    assert result.status == "FAILED"
    assert [failure["error"] for failure in failures] == ["ConnectionRefusedError"]
    (error,) = result.errors
    assert error.exception_class is messages.DeliveryFailed
    assert "dsp_" not in error.traceback
    delivery.task().enqueue("reset", str(user.pk), "", "en")
    assert len(mailbox) == 1


@pytest.mark.usefixtures("_threads")
@pytest.mark.django_db(transaction=True)
def test_the_answer_does_not_wait_for_the_mail_server(settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH = {"PUBLIC_URL": "https://www.example.com", "THROTTLE_RATES": {}}
    answered = Event()
    threads = []
    real = EmailBackend.send_messages

    def send_when_let(self: Any, messages: Any) -> int:
        assert answered.wait(30)
        threads.append(current_thread())
        return real(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_when_let)
    user = User.objects.create_user("bob", "bob@example.com")
    delivery.send("reset", user)
    assert not django_mail.outbox
    answered.set()
    delivery._pool().shutdown()
    delivery._pool.cache_clear()
    assert len(django_mail.outbox) == 1
    assert threads != [main_thread()]


@pytest.mark.django_db(transaction=True)
def test_after_a_rollback_nothing_is_sent(monkeypatch: Any):
    handed: list[Any] = []
    monkeypatch.setattr(delivery, "_hand_over", lambda *message: handed.append(message))
    user = User.objects.create_user("bob", "bob@example.com")
    with transaction.atomic():
        delivery.send("reset", user)
        assert not handed
        transaction.set_rollback(True)
    assert not handed


@pytest.mark.usefixtures("_threads")
def test_above_the_queue_limit_emails_are_dropped(monkeypatch: Any, failures: Any, caplog: Any):
    from threading import BoundedSemaphore

    room = BoundedSemaphore(1)
    room.acquire()
    monkeypatch.setattr(delivery, "_free_places", room)
    with caplog.at_level(logging.ERROR):
        delivery._hand_over("reset", "1", "", "en")
    assert [failure["error"] for failure in failures] == ["RuntimeError"]


@pytest.mark.django_db(transaction=True)
def test_a_projects_test_finds_its_emails_in_the_outbox(settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH = {"PUBLIC_URL": "https://www.example.com", "THROTTLE_RATES": {}}
    monkeypatch.setattr(delivery, "_in_background", None)
    user = User.objects.create_user("bob", "bob@example.com")
    with transaction.atomic():
        delivery.send("reset", user)
        assert not django_mail.outbox
    assert len(django_mail.outbox) == 1


def test_a_projects_test_in_a_transaction_finds_them_too(
    user: Any, settings: Any, django_capture_on_commit_callbacks: Any
):
    settings.SIMPLE_AUTH = {"PUBLIC_URL": "https://www.example.com", "THROTTLE_RATES": {}}
    with django_capture_on_commit_callbacks(execute=True):
        delivery.send("reset", user)
    assert len(django_mail.outbox) == 1


class ToSomeServer(BaseEmailBackend):
    """A backend that the package does not know."""


@pytest.mark.parametrize(
    ("backend", "options", "thread"),
    [
        ("django.core.mail.backends.console.EmailBackend", {}, "this"),
        ("django.core.mail.backends.dummy.EmailBackend", {}, "this"),
        ("django.core.mail.backends.filebased.EmailBackend", {"file_path": "mail"}, "this"),
        ("django.core.mail.backends.locmem.EmailBackend", {}, "this"),
        ("django.core.mail.backends.smtp.EmailBackend", {"host": "mail"}, "another"),
        (f"{__name__}.ToSomeServer", {}, "another"),
    ],
)
def test_only_a_backend_that_may_hang_gets_a_thread(
    use_mailer: Any, tmp_path: Path, monkeypatch: Any, backend: str, options: dict[str, str], thread: str
):
    monkeypatch.chdir(tmp_path)
    use_mailer(backend, **options)
    threads: list[str] = []
    monkeypatch.setattr(delivery, "_in_background", lambda work, *message: threads.append("another"))
    monkeypatch.setattr(delivery, "_deliver", lambda *message: threads.append("this"))
    delivery._hand_over("reset", "1", "", "en")
    assert threads == [thread]


def test_a_missing_backend_is_reported(use_mailer: Any, failures: Any):
    use_mailer("not.there")
    delivery._hand_over("reset", "1", "", "en")
    assert [failure["message"] for failure in failures] == ["reset"]


def test_after_a_fork_there_are_new_threads(monkeypatch: Any):
    before = delivery._pool()
    delivery._reset_after_fork()
    assert delivery._pool() is not before


@pytest.mark.usefixtures("_threads")
def test_a_closed_pool_frees_its_place(monkeypatch: Any, failures: Any):
    from threading import BoundedSemaphore

    room = BoundedSemaphore(1)
    monkeypatch.setattr(delivery, "_free_places", room)
    delivery._pool().shutdown()
    delivery._hand_over("reset", "1", "", "en")
    delivery._pool.cache_clear()
    assert [failure["error"] for failure in failures] == ["RuntimeError"]
    assert room.acquire(blocking=False)


@pytest.mark.usefixtures("_threads")
def test_a_database_error_in_the_thread_is_reported(monkeypatch: Any, failures: Any):
    def break_down(*message: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(messages, "deliver", break_down)
    monkeypatch.setattr(delivery.connections, "close_all", lambda: None)
    delivery._deliver_in_thread("reset", "1", "", "en")
    assert [failure["error"] for failure in failures] == ["ConnectionError"]
