"""Read, call one service, answer: the flows that endpoints name. They know no contract."""

from .accounts import DeleteAccount, Register, ShowAccount, UpdateAccount
from .keys import CreateKey, CreateKeyByGet, DeleteKey, ListKeys
from .presence import Enter, Leave
from .sessions import EndSession, ListSessions, LogIn, LogInOrSayWhy, LogOut, LogOutByGet, LogOutEverywhere, RotateToken

__all__ = [
    "CreateKey",
    "CreateKeyByGet",
    "DeleteAccount",
    "DeleteKey",
    "EndSession",
    "Enter",
    "Leave",
    "ListKeys",
    "ListSessions",
    "LogIn",
    "LogInOrSayWhy",
    "LogOut",
    "LogOutByGet",
    "LogOutEverywhere",
    "Register",
    "RotateToken",
    "ShowAccount",
    "UpdateAccount",
]
