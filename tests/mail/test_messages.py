from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from quopri import encodestring
from smtplib import SMTPDataError
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.mail.backends.locmem import EmailBackend
from django.utils import translation

from django_simple_auth.accounts import emails
from django_simple_auth.mail import delivery, messages
from django_simple_auth.models import OneTimeToken
from django_simple_auth.tokens import links
from tests.support.messages import secret_in

User = get_user_model()
TEMPLATES = Path(messages.__file__).parent.parent / "templates/django_simple_auth/mail"


def test_a_message_has_text_and_html_with_the_same_link(user: Any, mailbox: Any):
    delivery.send("reset", user)
    (message,) = mailbox
    secret = secret_in(message)
    assert message.to == ["bob@example.com"]
    assert message.subject == "[www.example.com] Reset your password"
    assert f"\nhttps://www.example.com/reset-password#token={secret}\n" in message.body
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    assert f'href="https://www.example.com/reset-password#token={secret}"' in html
    assert links.find(secret, OneTimeToken.Purpose.RESET).email == "bob@example.com"


def test_links_follow_the_settings(user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"PUBLIC_URL": "https://x.example/app/", "FRONTEND_URLS": {"reset": "/forgotten/{token}/"}}
    delivery.send("reset", user)
    assert f"https://x.example/app/forgotten/{secret_in(mailbox[0])}/" in mailbox[0].body


def test_a_project_overrides_templates_by_their_path(user: Any, mailbox: Any, settings: Any, tmp_path: Path):
    folder = tmp_path / "django_simple_auth" / "mail"
    folder.mkdir(parents=True)
    (folder / "reset.subject.txt").write_text("Line one\r\nBcc: eve@example.com\n{{ name }}")
    (folder / "reset.html").write_text("")
    emails.mark_verified(user)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    delivery.send("reset", user)
    assert mailbox[0].subject == "Line one Bcc: eve@example.com bob"
    assert not mailbox[0].alternatives


def test_a_name_is_escaped_only_in_html(user: Any, mailbox: Any):
    user.username = "<b>&"
    user.save()
    emails.mark_verified(user)
    delivery.send("reset", user)
    assert "Hello <b>&," in mailbox[0].body
    assert "Hello &lt;b&gt;&amp;," in mailbox[0].alternatives[0][0]


@pytest.mark.parametrize("message", ["reset", "already_registered", "password_changed"])
def test_unverified_addresses_get_no_user_chosen_text(user: Any, mailbox: Any, message: str):
    user.username = "evil.example"
    user.save()
    delivery.send(message, user)
    emails.mark_verified(user)
    delivery.send(message, user, "elsewhere@example.com")
    delivery.send(message, user)
    texts = [f"{message.body}{message.alternatives}" for message in mailbox]
    assert ["evil" in text for text in texts] == [False, False, True]
    assert ["Hello bob@example.com," in text for text in texts] == [True, False, False]


@pytest.mark.parametrize("case", ["deleted", "disabled", "without address"])
def test_deleted_or_disabled_users_get_no_message(user: Any, mailbox: Any, case: str):
    if case == "deleted":
        User.objects.all().delete()
    else:
        User.objects.update(**({"is_active": False} if case == "disabled" else {"email": ""}))
    messages.deliver("reset", str(user.pk or 1), "", "en")
    assert not mailbox


def test_a_user_deleted_while_rendering_gets_no_message(user: Any, mailbox: Any, monkeypatch: Any, failures: Any):
    real = links.issue

    def make(*arguments: Any) -> str:
        User.objects.all().delete()
        return real(*arguments)

    monkeypatch.setattr(links, "issue", make)
    messages.deliver("reset", str(user.pk), "", "en")
    assert not mailbox
    assert not failures


def test_messages_to_one_address_are_limited(user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"THROTTLE_RATES": {"mail": "2/hour"}}
    for _ in range(4):
        delivery.send("reset", user)
    assert len(mailbox) == 2


def test_without_a_public_url_no_token_is_issued(user: Any, mailbox: Any, settings: Any, failures: Any, caplog: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}}
    delivery.send("reset", user)
    assert [failure["error"] for failure in failures] == ["ImproperlyConfigured"]
    assert "SIMPLE_AUTH['PUBLIC_URL']" in caplog.text
    assert not OneTimeToken.objects.exists()


@pytest.mark.parametrize("message", ["reset", "change"])
def test_a_new_password_stops_links_that_are_still_queued(user: Any, mailbox: Any, monkeypatch: Any, message: str):
    held: list[Any] = []
    monkeypatch.setattr(delivery, "_hand_over", lambda *words: held.append(words))
    delivery.send(message, user, "evil@example.com")
    user.set_password("canary-Battery-Staple-8")
    user.save()
    messages.deliver(*held[0])
    assert not mailbox
    assert not OneTimeToken.objects.exists()


def test_a_failing_mail_server_is_logged_without_traceback(user: Any, mailbox: Any, monkeypatch: Any, caplog: Any):
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
def test_a_mail_server_that_quotes_the_link_does_not_leak_it(
    user: Any, mailbox: Any, monkeypatch: Any, caplog: Any, quoted: Any
):
    def refuse(self: Any, messages: Any) -> None:
        raise SMTPDataError(554, f"5.7.1 this looks like spam: {quoted(messages[0].body)}".encode())

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    delivery.send("reset", user)
    assert "'reset' could not be sent: SMTPDataError" in caplog.text
    assert "dsp_" not in caplog.text


def test_an_unknown_template_variable_does_not_leak_the_link(
    user: Any, mailbox: Any, settings: Any, tmp_path: Path, caplog: Any
):
    folder = tmp_path / "django_simple_auth" / "mail"
    folder.mkdir(parents=True)
    (folder / "reset.txt").write_text("{{ brand }}{{ link.short }}{{ link }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    with caplog.at_level("DEBUG", "django.template"):
        delivery.send("reset", user)
    assert mailbox[0].body.startswith("https://www.example.com/reset-password#token=dsp_")
    assert "Failed lookup for key [brand]" in caplog.text
    assert "dsp_" not in caplog.text


MESSAGES = sorted(path.name.removesuffix(".subject.txt") for path in TEMPLATES.glob("*.subject.txt"))
MESSAGES.remove("base")


def sent(mailbox: Any, message: str, user: Any) -> Any:
    delivery.send(message, None if message == "invite" else user, "bob@example.com", time="2026-11-20 10:00 UTC")
    return mailbox.pop()


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_names_its_site(user: Any, mailbox: Any, settings: Any, message: str):
    settings.SIMPLE_AUTH |= {"SITE_NAME": "Bob & Co"}
    built = sent(mailbox, message, user)
    assert built.subject.startswith("[Bob & Co] ")
    assert built.body.endswith("\n\nThis e-mail was sent by Bob & Co.\n")
    assert "<p>This e-mail was sent by Bob &amp; Co.</p>\n</body>" in built.alternatives[0][0]


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_reads_well_without_a_site_name(user: Any, mailbox: Any, settings: Any, message: str):
    settings.SIMPLE_AUTH |= {"SITE_NAME": ""}
    built = sent(mailbox, message, user)
    text = f"{built.subject}\n{built.body}"
    assert not re.search(r"\[\]| on\b(?! where)|None|  ", text)
    assert re.search(r"[.:]\n$", built.body)


@pytest.mark.parametrize("site_name", ["", "Example"])
@pytest.mark.parametrize("message", MESSAGES)
def test_text_and_html_say_the_same(user: Any, mailbox: Any, settings: Any, message: str, site_name: str):
    settings.SIMPLE_AUTH |= {"SITE_NAME": site_name}
    built = sent(mailbox, message, user)
    head, _body, html = built.alternatives[0][0].partition("<body>")
    assert f'<html lang="en-us">\n<head><meta charset="utf-8"><title>{built.subject}</title></head>' in head
    assert not re.search(r"src=|<link|<style|url\(", head + html)
    html = re.sub(r'<a href="(.+?)">.+?</a>', r"\1", html)
    assert unescape(re.sub(r"<.+?>", " ", html)).split() == built.body.split()


@pytest.mark.parametrize(
    ("language", "lifetimes"),
    [
        ("en", ["30 minutes", "3 days", "1 day", "2 weeks", "1 week"]),
        ("de", ["30 Minuten", "3 Tage", "1 Tag", "2 Wochen", "1 Woche"]),
    ],
)
def test_a_lifetime_is_words_in_the_users_language(user: Any, mailbox: Any, language: str, lifetimes: list[str]):
    bodies = []
    for purpose in OneTimeToken.Purpose:
        with translation.override(language):
            bodies.append(sent(mailbox, purpose, user).body)
    assert all(f" {lifetime}" in body for body, lifetime in zip(bodies, lifetimes, strict=True))


def test_a_project_sends_its_own_messages(user: Any, mailbox: Any, settings: Any, tmp_path: Path):
    folder = tmp_path / "django_simple_auth" / "mail"
    folder.mkdir(parents=True)
    for kind in ("subject.txt", "txt", "html"):
        (folder / f"hello.{kind}").write_text("Hello {{ name }}{{ link }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}]
    delivery.send("hello", user, "elsewhere@example.com")
    assert (mailbox[0].to, mailbox[0].body) == (["elsewhere@example.com"], "Hello elsewhere@example.com")
    assert not OneTimeToken.objects.exists()
