from __future__ import annotations

from typing import Any

import pytest

from django_simple_auth import accounts
from django_simple_auth.exceptions import InvalidCredentials, UnknownUser


@pytest.mark.parametrize("disclose_cause", [False, True])
@pytest.mark.parametrize("name", ["username", "email"])
def test_a_name_that_no_database_holds_is_nobody_s(user: Any, name: str, disclose_cause: bool):
    """PostgreSQL raises at a NUL, also in a SELECT; contracts refuse it before."""
    with pytest.raises(UnknownUser if disclose_cause else InvalidCredentials):
        accounts.log_in(**{name: "bob\0"}, password="wrong", disclose_cause=disclose_cause)
