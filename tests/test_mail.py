from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Any

import pytest
from asgiref.local import Local
from django.contrib.auth import get_user_model
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import translation

from django_simple_auth import events, mail, mailed
from django_simple_auth.models import MailedSecret
from tests.letters import secret_in

# Django has tasks of its own from 6.0 on; before, there is a package.
tasks = import_module("django.tasks" if find_spec("django.tasks") else "django_tasks")
TASKS = f"{tasks.__name__}.backends"
backends = tasks.task_backends

User = get_user_model()


@pytest.fixture
def failures() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def hear(signal: Any, sender: Any, **facts: Any) -> None:
        heard.append(facts)

    events.mail_failed.connect(hear)
    yield heard
    events.mail_failed.disconnect(hear)


def test_a_letter_is_text_and_html_with_a_link_on_the_public_url(user: Any, mailbox: Any):
    mail.send("reset", user)
    (letter,) = mailbox
    secret = secret_in(letter)
    assert letter.to == ["bob@example.com"]
    assert letter.subject == "Choose a new password"
    assert f"\nhttps://www.example.com/reset-password#token={secret}\n" in letter.body
    ((html, kind),) = letter.alternatives
    assert kind == "text/html"
    assert f'href="https://www.example.com/reset-password#token={secret}"' in html
    assert mailed.find(secret, MailedSecret.Purpose.RESET).address == "bob@example.com"


def test_a_host_says_what_its_links_look_like(user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"PUBLIC_URL": "https://x.example/app/", "LINKS": {"reset": "/forgotten/{token}/"}}
    mail.send("reset", user)
    assert f"https://x.example/app/forgotten/{secret_in(mailbox[0])}/" in mailbox[0].body


def test_a_host_overrides_templates_by_their_path(user: Any, mailbox: Any, settings: Any, tmp_path: Path):
    folder = tmp_path / "django_simple_auth" / "mail"
    folder.mkdir(parents=True)
    (folder / "reset.subject.txt").write_text("Line one\r\nBcc: eve@example.com\n{{ name }}")
    (folder / "reset.html").write_text("")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    mail.send("reset", user)
    assert mailbox[0].subject == "Line one Bcc: eve@example.com bob"
    assert not mailbox[0].alternatives


def test_a_name_is_text_in_text_and_escaped_in_html(user: Any, mailbox: Any):
    user.username = "<b>&"
    user.save()
    mail.send("reset", user)
    assert "Hello <b>&," in mailbox[0].body
    assert "Hello &lt;b&gt;&amp;," in mailbox[0].alternatives[0][0]


def test_the_language_is_the_one_in_which_it_was_asked_for(user: Any, mailbox: Any, monkeypatch: Any):
    spoken: list[str | None] = []
    real = mail._written
    monkeypatch.setattr(mail, "_written", lambda *letter: spoken.append(translation.get_language()) or real(*letter))
    with translation.override("de"):
        mail.send("reset", user)
    with translation.override(None):
        mail.send("reset", user)
    assert spoken == ["de", "en-us"]


def test_for_nobody_the_same_is_done_and_nothing_leaves(mailbox: Any, monkeypatch: Any):
    handed: list[Any] = []
    real = mail._hand_over
    monkeypatch.setattr(mail, "_hand_over", lambda *letter: handed.append(letter) or real(*letter))
    mail.send("reset", None)
    assert [letter[:4] for letter in handed] == [("reset", "", "", "en-us")]
    assert not mailbox


@pytest.mark.parametrize("case", ["deleted", "disabled", "without address"])
def test_what_became_of_the_user_meanwhile_counts(user: Any, mailbox: Any, case: str):
    if case == "deleted":
        User.objects.all().delete()
    else:
        User.objects.update(**({"is_active": False} if case == "disabled" else {"email": ""}))
    mail.deliver("reset", str(user.pk or 1), "", "en")
    assert not mailbox


def test_a_user_who_goes_while_his_letter_is_written_gets_none(
    user: Any, mailbox: Any, monkeypatch: Any, failures: Any
):
    real = mailed.make

    def make(*arguments: Any) -> str:
        User.objects.all().delete()
        return real(*arguments)

    monkeypatch.setattr(mailed, "make", make)
    mail.deliver("reset", str(user.pk), "", "en")
    assert not mailbox
    assert not failures


def test_nobodys_mailbox_is_for_strangers_to_fill(user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"THROTTLE_RATES": {"mail": "2/hour"}}
    for _ in range(4):
        mail.send("reset", user)
    assert len(mailbox) == 2


def test_a_mail_server_that_is_down_is_an_event(user: Any, mailbox: Any, monkeypatch: Any, failures: Any, caplog: Any):
    def refuse(self: Any, messages: Any) -> int:
        raise ConnectionRefusedError("no mail server")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    mail.send("reset", user)
    ((failure),) = failures
    assert (failure["user"], failure["letter"], failure["error"]) == (user, "reset", "ConnectionRefusedError")
    assert "'reset' could not be sent" in caplog.text
    assert "dsp_" not in caplog.text


def test_without_a_public_url_no_secret_is_made_and_the_log_names_the_fix(
    user: Any, mailbox: Any, settings: Any, failures: Any, caplog: Any
):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}}
    mail.send("reset", user)
    assert [failure["error"] for failure in failures] == ["ImproperlyConfigured"]
    assert "SIMPLE_AUTH['PUBLIC_URL']" in caplog.text
    assert not MailedSecret.objects.exists()


@pytest.mark.usefixtures("_threads")
def test_a_queue_that_is_down_is_an_event(user: Any, mailbox: Any, monkeypatch: Any, failures: Any):
    def refuse(work: Any, *letter: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(mail, "_in_background", refuse)
    mail.send("reset", user)
    assert [failure["letter"] for failure in failures] == ["reset"]


@pytest.fixture
def use_tasks(settings: Any) -> Iterator[Any]:
    def use(name: str) -> None:
        settings.TASKS = {"default": {"BACKEND": f"{TASKS}.{name}"}}
        forget()

    def forget() -> None:
        backends._settings = None
        backends.__dict__.pop("settings", None)
        vars(backends)["_connections"] = Local()

    yield use
    forget()


def test_where_the_host_has_tasks_they_carry_no_secret(user: Any, mailbox: Any, use_tasks: Any):
    use_tasks("dummy.DummyBackend")
    mail.send("reset", user)
    assert not mailbox
    assert not MailedSecret.objects.exists()
    (result,) = backends["default"].results
    assert result.task.module_path == "django_simple_auth.queued.deliver"
    assert list(result.args)[:4] == ["reset", str(user.pk), "", "en-us"]
    assert user.password not in str(result.args)
    result.task.func(*result.args)
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
    mail.send("reset", user)
    assert not django_mail.outbox
    answered.set()
    mail._pool().shutdown()
    mail._pool.cache_clear()
    assert len(django_mail.outbox) == 1
    assert threads != [main_thread()]


@pytest.mark.django_db(transaction=True)
def test_a_letter_about_what_was_rolled_back_never_leaves(monkeypatch: Any):
    handed: list[Any] = []
    monkeypatch.setattr(mail, "_hand_over", lambda *letter: handed.append(letter))
    user = User.objects.create_user("bob", "bob@example.com")
    with transaction.atomic():
        mail.send("reset", user)
        assert not handed
        transaction.set_rollback(True)
    assert not handed


@pytest.mark.usefixtures("_threads")
def test_more_than_can_wait_is_given_up(monkeypatch: Any, failures: Any, caplog: Any):
    from threading import BoundedSemaphore

    room = BoundedSemaphore(1)
    room.acquire()
    monkeypatch.setattr(mail, "_room", room)
    with caplog.at_level(logging.ERROR):
        mail._hand_over("reset", "1", "", "en")
    assert [failure["error"] for failure in failures] == ["RuntimeError"]


@pytest.mark.parametrize("letter", ["reset", "change", "revert"])
def test_a_letter_that_a_new_password_overtakes_never_leaves(user: Any, mailbox: Any, monkeypatch: Any, letter: str):
    held: list[Any] = []
    monkeypatch.setattr(mail, "_hand_over", lambda *words: held.append(words))
    mail.send(letter, user, "evil@example.com")
    user.set_password("canary-Battery-Staple-8")
    user.save()
    mail.deliver(*held[0])
    assert not mailbox
    assert not MailedSecret.objects.exists()


def test_a_mail_server_that_refuses_leaves_no_frames_for_an_error_report(
    user: Any, mailbox: Any, monkeypatch: Any, caplog: Any
):
    def refuse(self: Any, messages: Any) -> None:
        raise ConnectionError("554 not here")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    mail.send("reset", user)
    assert "'reset' could not be sent: ConnectionError: 554 not here" in caplog.text
    assert not [record for record in caplog.records if record.exc_info]
    assert "dsp_" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_in_a_hosts_tests_letters_leave_at_commit_and_in_the_same_thread(settings: Any):
    settings.SIMPLE_AUTH = {"PUBLIC_URL": "https://www.example.com", "THROTTLE_RATES": {}}
    mail.send("reset", User.objects.create_user("bob", "bob@example.com"))
    assert len(django_mail.outbox) == 1


def test_after_a_fork_letters_find_new_threads(monkeypatch: Any):
    before = mail._pool()
    mail._begin_anew()
    assert mail._pool() is not before


@pytest.mark.usefixtures("_threads")
def test_a_pool_that_is_shut_keeps_no_room(monkeypatch: Any, failures: Any):
    from threading import BoundedSemaphore

    room = BoundedSemaphore(1)
    monkeypatch.setattr(mail, "_room", room)
    mail._pool().shutdown()
    mail._hand_over("reset", "1", "", "en")
    mail._pool.cache_clear()
    assert [failure["error"] for failure in failures] == ["RuntimeError"]
    assert room.acquire(blocking=False)


@pytest.mark.usefixtures("_threads")
def test_a_database_that_is_down_in_the_thread_is_an_event(monkeypatch: Any, failures: Any):
    def break_down(*letter: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(mail, "deliver", break_down)
    monkeypatch.setattr(mail.connections, "close_all", lambda: None)
    mail._deliver_in_thread("reset", "1", "", "en")
    assert [failure["error"] for failure in failures] == ["ConnectionError"]


def test_a_host_sends_letters_of_its_own_without_a_link(user: Any, mailbox: Any, settings: Any, tmp_path: Path):
    folder = tmp_path / "django_simple_auth" / "mail"
    folder.mkdir(parents=True)
    for kind in ("subject.txt", "txt", "html"):
        (folder / f"hello.{kind}").write_text("Hello {{ name }}{{ link }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    mail.send("hello", user, "elsewhere@example.com")
    assert (mailbox[0].to, mailbox[0].body) == (["elsewhere@example.com"], "Hello bob")
    assert not MailedSecret.objects.exists()
