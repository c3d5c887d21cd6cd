"""Whether letters are written and leave, and their links lead anywhere."""

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
    """E005: accounts depend on links that lead nowhere."""
    depends = {
        "REGISTRATION": conf.REGISTRATION in {"invite", "verify_first"},
        "EMAIL_VERIFICATION": conf.EMAIL_VERIFICATION != "off",
    }
    name = next((name for name, on_links in depends.items() if on_links), None)
    if name is None or conf.PUBLIC_URL is not None:
        return
    yield checks.Error(
        f"SIMPLE_AUTH[{name!r}] is {getattr(conf, name)!r}, and there is no "
        "SIMPLE_AUTH['PUBLIC_URL'] to build the links on.",
        hint="Set it to where people reach your pages, such as 'https://www.example.com'.",
        id="django_simple_auth.E005",
    )


@check(deploy=True)
def check_links_offered() -> Iterator[CheckMessage]:
    """W005: endpoints that send letters whose links lead nowhere."""
    paths = [path for path, endpoint in mounted.endpoints() if endpoint.view.sends_mail]
    if not paths or conf.PUBLIC_URL is not None:
        return
    yield checks.Warning(
        f"{', '.join(paths)} send no mail: there is no SIMPLE_AUTH['PUBLIC_URL'] to build its links on.",
        hint="Set it to where people reach your pages, such as 'https://www.example.com', or mount a contract "
        "without these endpoints.",
        id="django_simple_auth.W005",
    )


@check()
def check_templates() -> Iterator[CheckMessage]:
    """W013: no engine finds the templates of letters, or can read them."""
    if not _are_sent():
        return
    try:
        get_template(_TEMPLATE)
    except (TemplateDoesNotExist, TemplateSyntaxError) as error:
        yield checks.Warning(
            f"Letters cannot be written: {type(error).__name__} of {_TEMPLATE}: {error}",
            hint="Add django.template.backends.django.DjangoTemplates to TEMPLATES, with 'APP_DIRS': True; or, if the "
            "template is your own, mend it.",
            id="django_simple_auth.W013",
        )


@check()
def check_tasks() -> Iterator[CheckMessage]:
    """E009: the host's tasks do not take letters."""
    try:
        _task_backend()
    except Exception as error:  # noqa: BLE001  (whatever a backend raises, it takes no letters)
        yield checks.Error(
            f"Letters are handed over to TASKS, which does not take them: {error}",
            hint="Let TASKS['default'] be a backend that is installed and whose QUEUES, if it names any, have a "
            "'default'. Or remove TASKS: mail is sent by threads then.",
            id="django_simple_auth.E009",
        )


@check(deploy=True)
def check_tasks_wait() -> Iterator[CheckMessage]:
    """W006: tasks that run inside the request, whose time then tells whether a letter left."""
    try:
        backend = _task_backend()
    except Exception:  # noqa: BLE001  (E009 says so)
        return
    if type(backend).__name__ == "ImmediateBackend":
        yield checks.Warning(
            "Mail is sent inside the request: the time of the answer tells whether an account exists.",
            hint="Let TASKS['default'] be a backend with a worker, or remove TASKS: mail is sent by threads then.",
            id="django_simple_auth.W006",
        )


@check(deploy=True)
def check_mailer() -> Iterator[CheckMessage]:
    """W011, W012: a mail server may hold for ever whoever hands a letter over; or there is none to hand it to."""
    if not _are_sent():
        return
    try:
        mailer = delivery.mailer()
    except Exception as error:  # noqa: BLE001  (whatever it raises, no letter leaves)
        yield checks.Warning(
            f"No letter can leave: {error}",
            hint="Let MAILERS['default'], or EMAIL_BACKEND and its kin before Django 6.1, name a mail server.",
            id="django_simple_auth.W012",
        )
        return
    if isinstance(mailer, smtp.EmailBackend) and mailer.timeout is None:
        yield checks.Warning(
            "Mail is sent without a timeout: a mail server that hangs would hold everybody who sends letters.",
            hint="Set MAILERS['default']['OPTIONS']['timeout'], or EMAIL_TIMEOUT before Django 6.1, to 10 seconds.",
            id="django_simple_auth.W011",
        )


def _are_sent() -> bool:
    """Whether the settings leave any letter to be sent."""
    return conf.PUBLIC_URL is not None or bool(conf.NOTIFICATIONS)


def _task_backend() -> Any:
    """What takes letters; None where the host has no tasks. Raises what it has against them."""
    if not delivery.has_tasks():
        return None
    task = delivery.task()
    backend = task.get_backend()
    # Importing the task has asked this already, of the settings as they were then.
    backend.validate_task(task)
    return backend
