from __future__ import annotations

from pathlib import Path
from quopri import encodestring
from smtplib import SMTPDataError
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.mail.backends.locmem import EmailBackend

from django_simple_auth.accounts import emails
from django_simple_auth.mail import delivery, messages
from django_simple_auth.models import OneTimeToken
from django_simple_auth.tokens import links
from tests.support.messages import secret_in

User = get_user_model()


def test_a_letter_is_text_and_html_with_a_link_on_the_public_url(user: Any, mailbox: Any):
    delivery.send("reset", user)
    (letter,) = mailbox
    secret = secret_in(letter)
    assert letter.to == ["bob@example.com"]
    assert letter.subject == "Choose a new password"
    assert f"\nhttps://www.example.com/reset-password#token={secret}\n" in letter.body
    ((html, kind),) = letter.alternatives
    assert kind == "text/html"
    assert f'href="https://www.example.com/reset-password#token={secret}"' in html
    assert links.find(secret, OneTimeToken.Purpose.RESET).email == "bob@example.com"


def test_a_host_says_what_its_links_look_like(user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"PUBLIC_URL": "https://x.example/app/", "FRONTEND_URLS": {"reset": "/forgotten/{token}/"}}
    delivery.send("reset", user)
    assert f"https://x.example/app/forgotten/{secret_in(mailbox[0])}/" in mailbox[0].body


def test_a_host_overrides_templates_by_their_path(user: Any, mailbox: Any, settings: Any, tmp_path: Path):
    folder = tmp_path / "django_simple_auth" / "mail"
    folder.mkdir(parents=True)
    (folder / "reset.subject.txt").write_text("Line one\r\nBcc: eve@example.com\n{{ name }}")
    (folder / "reset.html").write_text("")
    emails.mark_verified(user)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    delivery.send("reset", user)
    assert mailbox[0].subject == "Line one Bcc: eve@example.com bob"
    assert not mailbox[0].alternatives


def test_a_name_is_text_in_text_and_escaped_in_html(user: Any, mailbox: Any):
    user.username = "<b>&"
    user.save()
    emails.mark_verified(user)
    delivery.send("reset", user)
    assert "Hello <b>&," in mailbox[0].body
    assert "Hello &lt;b&gt;&amp;," in mailbox[0].alternatives[0][0]


@pytest.mark.parametrize("letter", ["reset", "known", "password_changed"])
def test_to_an_address_that_was_never_proved_goes_no_name_that_somebody_has_chosen(
    user: Any, mailbox: Any, letter: str
):
    user.username = "evil.example"
    user.save()
    delivery.send(letter, user)
    emails.mark_verified(user)
    delivery.send(letter, user, "elsewhere@example.com")
    delivery.send(letter, user)
    texts = [f"{letter.body}{letter.alternatives}" for letter in mailbox]
    assert ["evil" in text for text in texts] == [False, False, True]
    assert ["Hello bob@example.com," in text for text in texts] == [True, False, False]


@pytest.mark.parametrize("case", ["deleted", "disabled", "without address"])
def test_what_became_of_the_user_meanwhile_counts(user: Any, mailbox: Any, case: str):
    if case == "deleted":
        User.objects.all().delete()
    else:
        User.objects.update(**({"is_active": False} if case == "disabled" else {"email": ""}))
    messages.deliver("reset", str(user.pk or 1), "", "en")
    assert not mailbox


def test_a_user_who_goes_while_his_letter_is_written_gets_none(
    user: Any, mailbox: Any, monkeypatch: Any, failures: Any
):
    real = links.issue

    def make(*arguments: Any) -> str:
        User.objects.all().delete()
        return real(*arguments)

    monkeypatch.setattr(links, "issue", make)
    messages.deliver("reset", str(user.pk), "", "en")
    assert not mailbox
    assert not failures


def test_nobodys_mailbox_is_for_strangers_to_fill(user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"THROTTLE_RATES": {"mail": "2/hour"}}
    for _ in range(4):
        delivery.send("reset", user)
    assert len(mailbox) == 2


def test_without_a_public_url_no_secret_is_made_and_the_log_names_the_fix(
    user: Any, mailbox: Any, settings: Any, failures: Any, caplog: Any
):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}}
    delivery.send("reset", user)
    assert [failure["error"] for failure in failures] == ["ImproperlyConfigured"]
    assert "SIMPLE_AUTH['PUBLIC_URL']" in caplog.text
    assert not OneTimeToken.objects.exists()


@pytest.mark.parametrize("letter", ["reset", "change"])
def test_a_letter_that_a_new_password_overtakes_never_leaves(user: Any, mailbox: Any, monkeypatch: Any, letter: str):
    held: list[Any] = []
    monkeypatch.setattr(delivery, "_hand_over", lambda *words: held.append(words))
    delivery.send(letter, user, "evil@example.com")
    user.set_password("canary-Battery-Staple-8")
    user.save()
    messages.deliver(*held[0])
    assert not mailbox
    assert not OneTimeToken.objects.exists()


def test_a_mail_server_that_refuses_leaves_no_frames_for_an_error_report(
    user: Any, mailbox: Any, monkeypatch: Any, caplog: Any
):
    def refuse(self: Any, messages: Any) -> None:
        raise ConnectionError("554 not here")

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    delivery.send("reset", user)
    assert "'reset' could not be sent: ConnectionError: 554 not here" in caplog.text
    assert not [record for record in caplog.records if record.exc_info]
    assert "dsp_" not in caplog.text


def quoted_printable(text: str) -> str:
    return encodestring(text.encode()).decode()


@pytest.mark.parametrize("quoted", [str, quoted_printable, lambda text: text[: text.index("dsp_") + 20]])
def test_a_mail_server_that_quotes_the_letter_brings_no_secret_into_the_log(
    user: Any, mailbox: Any, monkeypatch: Any, caplog: Any, quoted: Any
):
    def refuse(self: Any, messages: Any) -> None:
        raise SMTPDataError(554, f"5.7.1 this looks like spam: {quoted(messages[0].body)}".encode())

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    delivery.send("reset", user)
    assert "'reset' could not be sent: SMTPDataError" in caplog.text
    assert "dsp_" not in caplog.text


def test_a_template_that_asks_for_what_is_not_there_brings_no_secret_into_the_log(
    user: Any, mailbox: Any, settings: Any, tmp_path: Path, caplog: Any
):
    folder = tmp_path / "django_simple_auth" / "mail"
    folder.mkdir(parents=True)
    (folder / "reset.txt").write_text("{{ site_name }}{{ link.short }}{{ link }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    with caplog.at_level("DEBUG", "django.template"):
        delivery.send("reset", user)
    assert mailbox[0].body.startswith("https://www.example.com/reset-password#token=dsp_")
    assert "Failed lookup for key [site_name]" in caplog.text
    assert "dsp_" not in caplog.text


def test_a_host_sends_letters_of_its_own_without_a_link(user: Any, mailbox: Any, settings: Any, tmp_path: Path):
    folder = tmp_path / "django_simple_auth" / "mail"
    folder.mkdir(parents=True)
    for kind in ("subject.txt", "txt", "html"):
        (folder / f"hello.{kind}").write_text("Hello {{ name }}{{ link }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    delivery.send("hello", user, "elsewhere@example.com")
    assert (mailbox[0].to, mailbox[0].body) == (["elsewhere@example.com"], "Hello elsewhere@example.com")
    assert not OneTimeToken.objects.exists()
