"""The admin: staff see sessions and API keys, end them, and send password reset links.

Staff cannot choose passwords for others, and no page shows a token or its digest.
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
