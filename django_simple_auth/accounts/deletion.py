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
from ..mail import known_devices
from ..models import OneTimeToken, Presence
from ..tokens import links, store
from . import reauthentication


@sensitive_variables()
def delete(user: AbstractBaseUser, current_password: str, request: HttpRequest | None = None) -> None:
    """End the account with all that it owns: by ``user.delete()``, or by the host's SIMPLE_AUTH["DELETE_ACCOUNT"].

    Raises ``WrongCurrentPassword``, ``AccountInUse`` if the host's records protect the user, or what the host raises.
    """
    reauthentication.reauthenticate(user, current_password, request)

    def end() -> None:
        # First, so that the tokens end as all others do, and not by the cascade.
        store.revoke(user)
        # A copy: delete() removes the primary key from its instance, and receivers of the signal need it.
        fresh = copy.copy(user)
        if (hook := conf.DELETE_ACCOUNT) is None:
            fresh.delete()
        else:
            hook(fresh)
        # Where the project keeps the user's row, nothing may grant access to it any more.
        links.revoke(user, *OneTimeToken.Purpose)
        known_devices.forget_all(user)
        Presence.objects.filter(pk=user.pk).delete()

    try:
        reauthentication.act(user, current_password, end)
    except (ProtectedError, RestrictedError):
        raise AccountInUse from None
    signals.deleted.send(user=user, request=request)
