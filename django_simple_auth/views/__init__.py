"""The views that endpoints name. Each reads a request, calls one service and answers; none knows a contract."""

from .accounts import DeleteAccount, Register, ShowAccount, UpdateAccount
from .emails import ChangeEmail, ResendVerification, VerifyEmail
from .keys import CreateKey, CreateKeyByGet, DeleteKey, ListKeys
from .passwords import ChangePassword, ConfirmPasswordReset, RequestPasswordReset
from .presence import LogInWithoutToken, LogOutById
from .sessions import (
    EndSession,
    ListSessions,
    LogIn,
    LogInDisclosingCause,
    LogOut,
    LogOutByGet,
    LogOutEverywhere,
    RotateToken,
)

__all__ = [
    "ChangeEmail",
    "ChangePassword",
    "ConfirmPasswordReset",
    "CreateKey",
    "CreateKeyByGet",
    "DeleteAccount",
    "DeleteKey",
    "EndSession",
    "ListKeys",
    "ListSessions",
    "LogIn",
    "LogInDisclosingCause",
    "LogInWithoutToken",
    "LogOut",
    "LogOutByGet",
    "LogOutById",
    "LogOutEverywhere",
    "Register",
    "RequestPasswordReset",
    "ResendVerification",
    "RotateToken",
    "ShowAccount",
    "UpdateAccount",
    "VerifyEmail",
]
