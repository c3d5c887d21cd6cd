"""Read, call one service, answer: the flows that endpoints name. They know no contract."""

from .accounts import Register, ShowAccount
from .keys import CreateKey, CreateKeyByGet
from .presence import Enter, Leave
from .sessions import EndSession, ListSessions, LogIn, LogInOrSayWhy, LogOut, LogOutByGet, LogOutEverywhere, RotateToken

__all__ = [
    "CreateKey",
    "CreateKeyByGet",
    "EndSession",
    "Enter",
    "Leave",
    "ListSessions",
    "LogIn",
    "LogInOrSayWhy",
    "LogOut",
    "LogOutByGet",
    "LogOutEverywhere",
    "Register",
    "RotateToken",
    "ShowAccount",
]
