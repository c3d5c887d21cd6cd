"""Read, call one service, answer: the flows that endpoints name. They know no contract."""

from .accounts import Register, ShowAccount
from .emails import AskEmailProof, ChangeEmail, ProveEmail
from .keys import CreateKey, CreateKeyByGet
from .passwords import AskPasswordReset, ChangePassword, ResetPassword
from .presence import Enter, Leave
from .sessions import LogIn, LogInOrSayWhy, LogOut, LogOutByGet, LogOutEverywhere

__all__ = [
    "AskEmailProof",
    "AskPasswordReset",
    "ChangeEmail",
    "ChangePassword",
    "CreateKey",
    "CreateKeyByGet",
    "Enter",
    "Leave",
    "LogIn",
    "LogInOrSayWhy",
    "LogOut",
    "LogOutByGet",
    "LogOutEverywhere",
    "ProveEmail",
    "Register",
    "ResetPassword",
    "ShowAccount",
]
