"""An account's life, from registration to deletion. Knows neither DRF nor HTTP bodies."""

from .credentials import authenticate
from .deletion import delete
from .profile import update
from .registration import invite, register, register_neutrally, registration_errors

__all__ = ["authenticate", "delete", "invite", "register", "register_neutrally", "registration_errors", "update"]
