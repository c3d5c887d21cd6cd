"""Checks that e-mails can be rendered and sent, and that their links work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage
from django.core.mail.backends import smtp
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template

from ..conf import conf
from ..mail import delivery
from . import mounted
from .registry import check

_TEMPLATE = "django_simple_auth/mail/reset.txt"


@check()
def check_links_needed() -> Iterator[CheckMessage]:
    """E005: registration or verification needs links in e-mails, but PUBLIC_URL is not set."""
    needed_by = {
        "REGISTRATION": conf.REGISTRATION in {"invite", "verify_first"},
        "EMAIL_VERIFICATION": conf.EMAIL_VERIFICATION != "off",
    }
    name = next((name for name, needed in needed_by.items() if needed), None)
    if name is None or conf.PUBLIC_URL is not None:
        return
    yield checks.Error(
        f"SIMPLE_AUTH[{name!r}] is {getattr(conf, name)!r}, which needs links in e-mails, but "
        "SIMPLE_AUTH['PUBLIC_URL'] is not set.",
        hint="Set SIMPLE_AUTH['PUBLIC_URL'] to the address of your pages, such as 'https://www.example.com'.",
        id="django_simple_auth.E005",
    )


@check(deploy=True)
def check_links_offered() -> Iterator[CheckMessage]:
    """W005: endpoints cannot send their e-mails, because PUBLIC_URL is not set."""
    paths = [path for path, endpoint in mounted.endpoints() if endpoint.view.sends_mail]
    if not paths or conf.PUBLIC_URL is not None:
        return
    yield checks.Warning(
        f"No e-mails are sent by {', '.join(paths)}: SIMPLE_AUTH['PUBLIC_URL'] is not set.",
        hint="Set SIMPLE_AUTH['PUBLIC_URL'] to the address of your pages, such as 'https://www.example.com', or mount "
        "a contract without these endpoints.",
        id="django_simple_auth.W005",
    )


@check()
def check_templates() -> Iterator[CheckMessage]:
    """W013: the templates of the e-mails are not found, or have a syntax error."""
    if not _sends_any():
        return
    try:
        get_template(_TEMPLATE)
    except (TemplateDoesNotExist, TemplateSyntaxError) as error:
        yield checks.Warning(
            f"E-mails cannot be rendered: {type(error).__name__} in {_TEMPLATE}: {error}",
            hint="Add django.template.backends.django.DjangoTemplates with 'APP_DIRS': True to TEMPLATES. If the "
            "template is your own, fix it.",
            id="django_simple_auth.W013",
        )


@check()
def check_tasks() -> Iterator[CheckMessage]:
    """E009: TASKS cannot run the task that sends e-mails."""
    try:
        _task_backend()
    except Exception as error:  # noqa: BLE001  (a backend can raise anything)
        yield checks.Error(
            f"TASKS is set, but cannot send e-mails: {error}",
            hint="Set TASKS['default'] to a backend that is installed and has the queue 'default', or remove TASKS to "
            "send e-mails in threads.",
            id="django_simple_auth.E009",
        )


@check(deploy=True)
def check_tasks_wait() -> Iterator[CheckMessage]:
    """W006: e-mails are sent within the request, so response times disclose which accounts exist."""
    try:
        backend = _task_backend()
    except Exception:  # noqa: BLE001  (E009 says so)
        return
    if type(backend).__name__ == "ImmediateBackend":
        yield checks.Warning(
            "TASKS sends e-mails within the request, so response times disclose which accounts exist.",
            hint="Set TASKS['default'] to a backend with a worker, or remove TASKS to send e-mails in threads.",
            id="django_simple_auth.W006",
        )


@check(deploy=True)
def check_mailer() -> Iterator[CheckMessage]:
    """W011, W012: e-mails are sent without a timeout, or Django's mail settings are invalid."""
    if not _sends_any():
        return
    try:
        mailer = delivery.mailer()
    except Exception as error:  # noqa: BLE001  (a backend can raise anything)
        yield checks.Warning(
            f"No e-mail can be sent: {error}",
            hint="Configure a mail server in MAILERS['default'], or before Django 6.1 in EMAIL_BACKEND and EMAIL_HOST.",
            id="django_simple_auth.W012",
        )
        return
    if isinstance(mailer, smtp.EmailBackend) and mailer.timeout is None:
        yield checks.Warning(
            "E-mails are sent without a timeout: a mail server that hangs blocks the threads that send them.",
            hint="Set MAILERS['default']['OPTIONS']['timeout'] (before Django 6.1: EMAIL_TIMEOUT) to 10 seconds.",
            id="django_simple_auth.W011",
        )


def _sends_any() -> bool:
    """Whether any e-mail is sent with these settings."""
    return conf.PUBLIC_URL is not None or bool(conf.NOTIFICATIONS)


def _task_backend() -> Any:
    """The task backend that sends e-mails; None without TASKS. Raises whatever a misconfigured backend raises."""
    if not delivery.has_tasks():
        return None
    task = delivery.task()
    backend = task.get_backend()
    # The import validates too, but only the first one, with the settings of that time.
    backend.validate_task(task)
    return backend
