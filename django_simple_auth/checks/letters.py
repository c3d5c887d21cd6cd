"""Whether letters leave, and their links lead anywhere."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from .. import mail
from ..conf import conf
from . import mounted
from .registry import check


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


@check(deploy=True)
def check_tasks() -> Iterator[CheckMessage]:
    """W006: tasks that run inside the request, whose time then tells whether a letter left."""
    tasks = settings.TASKS if mail.has_tasks() else {}
    if not str(tasks.get("default", {}).get("BACKEND", "")).endswith("ImmediateBackend"):
        return
    yield checks.Warning(
        "Mail is sent inside the request: the time of the answer tells whether an account exists.",
        hint="Let TASKS['default'] be a backend with a worker, or remove TASKS: mail is sent by threads then.",
        id="django_simple_auth.W006",
    )
