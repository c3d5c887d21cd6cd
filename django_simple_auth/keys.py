"""API keys: tokens for programs, which no login ends."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from . import tokens
from .models import AuthToken
from .tokens import Issued


def create(user: AbstractBaseUser) -> Issued:
    """A fresh key, beside those that the user has already. It lives until it is deleted, or the user is."""
    return tokens.issue(user, AuthToken.Purpose.KEY)
