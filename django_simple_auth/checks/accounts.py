"""Checks that users can register and log in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.contrib.auth import get_user_model
from django.core import checks
from django.core.checks import CheckMessage

from ..accounts import credentials
from ..conf import conf
from ..identity import identifiers, user_model
from ..views import LogIn
from . import mounted
from .registry import check, check_database

_MOST_NAMED = 10
_LABELS = {"username": "username", "email": "e-mail address"}


@check()
def check_user_model() -> Iterator[CheckMessage]:
    """E003: the user model's manager has no create_user()."""
    if hasattr(user_model.manager(), "create_user"):
        return
    yield checks.Error(
        f"The manager of {get_user_model()._meta.label} has no create_user().",
        hint="Use a subclass of django.contrib.auth.models.BaseUserManager that defines create_user(). See "
        "'Customizing authentication' in Django's documentation.",
        id="django_simple_auth.E003",
    )


@check()
def check_email_field() -> Iterator[CheckMessage]:
    """E007: a setting requires e-mail addresses, but the user model has no e-mail field."""
    if user_model.email_field() is not None:
        return
    first = conf.REGISTRATION == "verify_first"
    needs = {
        "REGISTRATION": first,
        "EMAIL_VERIFICATION": conf.EMAIL_VERIFICATION == "required" and not first,
        "LOGIN_METHODS": set(conf.LOGIN_METHODS) == {"email"},
    }
    model = get_user_model()._meta.label
    for name in (name for name, needed in needs.items() if needed):
        yield checks.Error(
            f"SIMPLE_AUTH[{name!r}] is {conf.SIMPLE_AUTH[name]!r}, but {model} has no e-mail field: nobody can log in.",
            hint=f"Remove the setting, or add an EmailField to {model}. If its name is not 'email', set EMAIL_FIELD.",
            id="django_simple_auth.E007",
        )


@check_database()
def check_identifiers(using: str) -> Iterator[CheckMessage]:
    """W014: users cannot use their username or e-mail address, because another user has the same one."""
    for kind, purpose in _used_kinds():
        losers = [str(user.pk) for user in islice(identifiers.users_without(kind, using), _MOST_NAMED + 1)]
        if not losers:
            continue
        # Not their names: the output of checks ends up in logs.
        keys = ", ".join(losers[:_MOST_NAMED]) + (" and more" if len(losers) > _MOST_NAMED else "")
        yield checks.Warning(
            f"In the database {using!r}, the users with these primary keys cannot {purpose}, because another user has "
            f"the same {_LABELS[kind]}, ignoring case and Unicode form: {keys}.",
            hint=f"Give each of them a {_LABELS[kind]} of their own, or delete the accounts that are not needed.",
            id="django_simple_auth.W014",
        )


def _used_kinds() -> Iterator[tuple[str, str]]:
    """Each kind of identifier that is in use, with what users do with it."""
    kinds = set(credentials.login_kinds())
    endpoints = [endpoint for _path, endpoint in mounted.endpoints()]
    # Some contracts log in by e-mail, whatever LOGIN_METHODS says.
    if any(issubclass(endpoint.view, LogIn) and endpoint.takes("email") for endpoint in endpoints):
        kinds.add("email")
    if "username" in kinds:
        yield "username", "log in by username"
    if "email" in kinds:
        yield "email", "log in or reset their password by e-mail"
    elif conf.EMAIL_VERIFICATION == "required":
        yield "email", "verify their e-mail address, and so cannot log in"
    elif any(endpoint.view.sends_mail for endpoint in endpoints):
        yield "email", "reset their password by e-mail"


@check_database()
def check_verified(using: str) -> Iterator[CheckMessage]:
    """W015: e-mail verification is required, but no user has verified an address."""
    if conf.EMAIL_VERIFICATION != "required":
        return
    if not user_model.all_users(using).exists() or identifiers.any_verified(using):
        return
    yield checks.Warning(
        f"Users must verify their e-mail address before they can log in, and nobody in the database {using!r} has.",
        hint="Users get a link from POST email/verify/resend/. For addresses that you trust, call "
        "django_simple_auth.accounts.emails.mark_verified(user).",
        id="django_simple_auth.W015",
    )
