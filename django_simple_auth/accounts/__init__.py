"""Services for accounts: register, log in, change and delete. They know neither DRF nor HTTP bodies."""

from .credentials import authenticate
from .deletion import delete
from .login import log_in
from .profile import update
from .reauthentication import CurrentPassword, Evidence
from .registration import invite, register, register_neutrally, registration_errors

__all__ = [
    "CurrentPassword",
    "Evidence",
    "authenticate",
    "delete",
    "invite",
    "log_in",
    "register",
    "register_neutrally",
    "registration_errors",
    "update",
]
