"""Read, call one service, answer: the flows that endpoints name. They know no contract."""

from .accounts import DeleteAccount, Register, ShowAccount, UpdateAccount
from .emails import AskEmailProof, ChangeEmail, ProveEmail
from .keys import CreateKey, CreateKeyByGet, DeleteKey, ListKeys
from .passwords import AskPasswordReset, ChangePassword, ResetPassword
from .presence import Enter, Leave
from .sessions import EndSession, ListSessions, LogIn, LogInOrSayWhy, LogOut, LogOutByGet, LogOutEverywhere, RotateToken

__all__ = [
    "AskEmailProof",
    "AskPasswordReset",
    "ChangeEmail",
    "ChangePassword",
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
    "ProveEmail",
    "Register",
    "ResetPassword",
    "RotateToken",
    "ShowAccount",
    "UpdateAccount",
]
