"""What holds where a project sets nothing, and the words that a setting may be."""

from __future__ import annotations

DEFAULT_LIFETIME = 1_209_600
DEFAULT_RATES = {
    "register": "30/min",
    "login": "60/min",
    "login_account": "10/min",
    "login_identifier": "100/hour",
    "key": "10/min",
    "logout_by_id": "30/min",
    "rotate": "30/min",
    "current_password": "10/min",
    "password_change": "10/min",
    "reset": "10/min",
    "reset_confirm": "10/min",
    "email_verify": "30/min",
    "email_resend": "10/min",
    "email_change": "10/min",
    "mail": "10/hour",
}
DEFAULT_NOTIFICATIONS = ("password", "email", "key", "login")
DEFAULT_COOKIE_NAME = "__Host-simple_auth"
DEFAULT_FRONTEND_URLS = {
    "reset": "/reset-password#token={token}",
    "verify": "/verify-email#token={token}",
    "change": "/verify-email#token={token}",
    "revert": "/verify-email#token={token}",
    "invite": "/register#token={token}",
}
"""The token is in the fragment, which browsers do not send to servers: it is in no log and no Referer header."""
RISKS = {
    "token_in_query": "takes the token from the query string, which is kept in logs and browser histories",
    "unsafe_get": "changes state on GET, which crawlers and link previews request",
    "unauthenticated_logout": "logs out the user in the path without authentication",
}
"""Unsafe behaviour that some published contracts require, each with the words in which the checks warn about it."""
VERIFICATION = ("off", "optional", "required")
THROTTLE_STORES = ("cache", "database")
REGISTRATION = ("open", "closed", "invite", "verify_first")
