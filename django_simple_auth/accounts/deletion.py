"""Delete an account."""

from __future__ import annotations

import copy

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..conf import conf
from ..exceptions import AccountInUse
from ..models import AuthToken, KnownDevice, OneTimeToken, Presence
from . import reauthentication
from .reauthentication import Evidence


@sensitive_variables()
def delete(user: AbstractBaseUser, evidence: Evidence | str, request: HttpRequest | None = None) -> None:
    """Delete the account and all that it owns: by ``user.delete()``, or by the project's SIMPLE_AUTH["DELETE_ACCOUNT"].

    ``evidence`` may be the current password as a ``str``. Raises ``WrongCurrentPassword``, or what other evidence
    raises; ``AccountInUse`` if the project's records protect the user, or what DELETE_ACCOUNT raises.
    """
    reauthenticated = reauthentication.reauthenticate(user, evidence, request)

    def end() -> None:
        # delete() takes the primary key off its instance, and whoever is told of it wants to know whose it was.
        fresh = copy.copy(user)
        if (hook := conf.DELETE_ACCOUNT) is None:
            fresh.delete()
        else:
            hook(fresh)
        # Where the row stays, as anonymised or merely marked, nothing may open it any more.
        for model in (AuthToken, KnownDevice, OneTimeToken, Presence):
            model._base_manager.filter(user=user.pk).delete()

    try:
        reauthenticated.act(end)
    except (ProtectedError, RestrictedError):
        raise AccountInUse from None
    signals.deleted.send(user=user, request=request)
