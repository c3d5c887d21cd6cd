from __future__ import annotations

from typing import Any

import pytest

from django_simple_auth.mail import delivery
from tests.support.checks import ids, said

SMTP = "django.core.mail.backends.smtp.EmailBackend"
QUIET = {"NOTIFICATIONS": [], "THROTTLE_RATES": {}}


def test_e009_passes_without_tasks():
    assert not delivery.has_tasks()
    assert not said("E009")


@pytest.mark.parametrize("backend", ["immediate.ImmediateBackend", "dummy.DummyBackend"])
def test_e009_passes_if_tasks_can_send_emails(use_tasks: Any, backend: str):
    use_tasks(backend)
    assert not said("E009")


def test_e009_a_backend_that_does_not_exist(use_tasks: Any):
    use_tasks("no.such.Backend")
    (message,) = said("E009")
    assert "no.such.Backend" in message.msg
    assert "remove TASKS" in message.hint
    assert said("E009", include_deployment_checks=False)


def test_e009_a_backend_without_the_default_queue(use_tasks: Any):
    use_tasks("dummy.DummyBackend", QUEUES=["reports"])
    (message,) = said("E009")
    assert "Queue 'default' is not valid" in message.msg


@pytest.mark.parametrize("tasks", [{}, {"reports": {"BACKEND": "x"}}, {"default": {}}, ["reports"]])
def test_e009_no_default_backend_at_all(use_tasks: Any, tasks: Any):
    use_tasks(tasks)
    assert len(said("E009")) == 1
    assert not said("W006")


def test_w006_emails_are_sent_within_the_request(use_tasks: Any):
    use_tasks("immediate.ImmediateBackend")
    assert len(said("W006")) == 1
    use_tasks("dummy.DummyBackend")
    assert not said("W006")


def test_w011_emails_are_sent_without_a_timeout(use_mailer: Any):
    use_mailer(SMTP, host="mail")
    assert len(said("W011")) == 1
    assert not said("W011", include_deployment_checks=False)
    use_mailer(SMTP, host="mail", timeout=10)
    assert not said("W011")


def test_w011_passes_if_no_email_is_sent(settings: Any, use_mailer: Any):
    use_mailer(SMTP, host="mail")
    settings.SIMPLE_AUTH = QUIET
    assert not said("W011")
    settings.SIMPLE_AUTH = {**QUIET, "PUBLIC_URL": "https://www.example.com"}
    assert len(said("W011")) == 1


@pytest.mark.filterwarnings("ignore:The EMAIL_")
def test_w011_reads_the_mail_settings_of_older_djangos(settings: Any):
    del settings.MAILERS
    settings.EMAIL_BACKEND = SMTP
    assert len(said("W011")) == 1
    settings.EMAIL_TIMEOUT = 10
    assert not said("W011")


def test_w012_a_mail_backend_that_does_not_exist(use_mailer: Any):
    use_mailer("no.such.Backend")
    (message,) = said("W012")
    assert "No module named 'no'" in message.msg
    assert not said("W011")


def test_w013_templates_that_are_not_found(settings: Any):
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
    (message,) = said("W013")
    assert "TemplateDoesNotExist in django_simple_auth/mail/reset.txt" in message.msg
    assert "APP_DIRS" in message.hint
    assert "django_simple_auth.W013" in ids()


def test_w013_a_template_of_the_project_with_an_error(settings: Any, tmp_path: Any):
    own = tmp_path / "django_simple_auth/mail/reset.txt"
    own.parent.mkdir(parents=True)
    own.write_text("{% nonsense %}")
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [tmp_path]}]
    (message,) = said("W013")
    assert "TemplateSyntaxError in django_simple_auth/mail/reset.txt" in message.msg
    assert "Invalid block tag" in message.msg
    assert "fix it" in message.hint


def test_w013_no_template_engine(settings: Any):
    settings.TEMPLATES = []
    assert len(said("W013")) == 1


def test_w013_passes_if_no_email_is_sent(settings: Any):
    settings.TEMPLATES = []
    settings.SIMPLE_AUTH = QUIET
    assert not said("W013")
