"""Delete an account."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Coroutine
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..conf import conf
from ..exceptions import AccountInUse
from ..mail import known_devices
from ..models import OneTimeToken, Presence
from ..tokens import links, store
from . import reauthentication
from .reauthentication import Evidence


@sensitive_variables()
def delete(user: AbstractBaseUser, evidence: Evidence | str, request: HttpRequest | None = None) -> None:
    """Delete the account and everything that belongs to it, with ``user.delete()`` or SIMPLE_AUTH["DELETE_ACCOUNT"].

    ``evidence`` is the current password as a ``str``, or other evidence. Raises ``WrongCurrentPassword``, or what other
    evidence raises; ``AccountInUse`` if the project's records protect the user; or what DELETE_ACCOUNT raises. An
    async DELETE_ACCOUNT is a ``TypeError``.
    """
    reauthenticated = reauthentication.reauthenticate(user, evidence, request)

    def delete_everything() -> None:
        # First, so that the tokens are revoked like all others, and not deleted by the cascade.
        store.revoke(user)
        # A copy: delete() removes the primary key from its instance, but receivers of the signal need it.
        fresh = copy.copy(user)
        if (hook := conf.DELETE_ACCOUNT) is None:
            fresh.delete()
        else:
            _refuse_async(hook(fresh))
        # If the project keeps the user's row, nothing may grant access to it any more.
        links.revoke(user, *OneTimeToken.Purpose)
        known_devices.forget_all(user)
        Presence.objects.filter(pk=user.pk).delete()

    try:
        reauthenticated.act(delete_everything)
    except (ProtectedError, RestrictedError):
        raise AccountInUse from None
    signals.deleted.send(user=user, request=request)


def _refuse_async(found: Any) -> None:
    # Nobody would await it: nothing would be deleted, and the user would be told that it was.
    if isinstance(found, Awaitable):
        if isinstance(found, Coroutine):
            found.close()
        raise TypeError("The function in SIMPLE_AUTH['DELETE_ACCOUNT'] must not be async: nobody awaits it.")
