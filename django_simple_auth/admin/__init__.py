"""The admin: staff see where users are logged in, log them out, and send them password reset links.

Staff cannot set a password for another user, and no page shows a secret or its digest.
"""

from .accounts import AccountAdmin
from .tables import AuthTokenAdmin, IdentifierAdmin, OneTimeTokenAdmin, PresenceAdmin

__all__ = [
    "AccountAdmin",
    "AuthTokenAdmin",
    "IdentifierAdmin",
    "OneTimeTokenAdmin",
    "PresenceAdmin",
]
