"""What staff may do for people: see where they are logged in, end that, and start a reset.

Nobody chooses a password for somebody else here, and no page shows a secret or its digest.
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
