"""Whether people can have accounts and get into them."""

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


@check()
def check_user_model() -> Iterator[CheckMessage]:
    """E003: a user model whose manager cannot make users."""
    if hasattr(user_model.manager(), "create_user"):
        return
    yield checks.Error(
        f"The manager of {get_user_model()._meta.label} has no create_user().",
        hint="Derive it from django.contrib.auth.models.BaseUserManager and define create_user(), as Django's "
        "documentation on custom user models shows.",
        id="django_simple_auth.E003",
    )


@check()
def check_email_field() -> Iterator[CheckMessage]:
    """E007: nobody could log in without an e-mail address, and users have none."""
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
            f"SIMPLE_AUTH[{name!r}] is {conf.SIMPLE_AUTH[name]!r}, and {model} has no e-mail field: nobody can log in.",
            hint=f"Remove the setting; or give {model} an EmailField, and name it in EMAIL_FIELD unless it is 'email'.",
            id="django_simple_auth.E007",
        )


@check_database()
def check_claims(using: str) -> Iterator[CheckMessage]:
    """W014: users whose name opens nothing to them, because another has the same in some spelling."""
    for kind, what in _uses_of_names():
        losers = [str(user.pk) for user in islice(identifiers.users_without(kind, using), _MOST_NAMED + 1)]
        if not losers:
            continue
        # Not the names: what a check says ends up in logs.
        keys = ", ".join(losers[:_MOST_NAMED]) + (" and more" if len(losers) > _MOST_NAMED else "")
        yield checks.Warning(
            f"In the database {using!r}, the users with these primary keys cannot {what}, because somebody else has "
            f"their {kind} in the same or another spelling: {keys}.",
            hint=f"Give each a {kind} of his own, or delete the account that nobody needs.",
            id="django_simple_auth.W014",
        )


def _uses_of_names() -> Iterator[tuple[str, str]]:
    """Each kind of name that something depends on, with what that is."""
    kinds = set(credentials.login_kinds())
    endpoints = [endpoint for _path, endpoint in mounted.endpoints()]
    # Some contracts ask for the address, whatever LOGIN_METHODS says.
    if any(issubclass(endpoint.view, LogIn) and endpoint.takes("email") for endpoint in endpoints):
        kinds.add("email")
    if "username" in kinds:
        yield "username", "log in by user name"
    if "email" in kinds:
        yield "email", "log in or choose another password by e-mail"
    elif conf.EMAIL_VERIFICATION == "required":
        yield "email", "prove their e-mail address, and so cannot log in"
    elif any(endpoint.view.sends_mail for endpoint in endpoints):
        yield "email", "choose another password by e-mail"


@check_database()
def check_proofs(using: str) -> Iterator[CheckMessage]:
    """W015: users from before proofs were required."""
    if conf.EMAIL_VERIFICATION != "required":
        return
    if not user_model.all_users(using).exists() or identifiers.any_verified(using):
        return
    yield checks.Warning(
        f"E-mail addresses must be proved before a login, and nobody in the database {using!r} has proved any.",
        hint="POST email/verify/resend/ sends people a link. Where you know an address to be its user's, call "
        "django_simple_auth.accounts.emails.mark_verified(user).",
        id="django_simple_auth.W015",
    )
