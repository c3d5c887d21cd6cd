"""What a contract is: endpoints, what they read and answer, and how they refuse."""

from .answers import Detail, Many, Outcome, StaticBody
from .contract import Contract
from .endpoint import Endpoint
from .fields import ConfirmationField, IdField, PasswordField, ScopesField, UTCDateTimeField
from .refusal import Refusal
from .serializers import AccountSerializer, CredentialsSerializer, ProfileSerializer, RegistrationSerializer
from .view import View

__all__ = [
    "AccountSerializer",
    "ConfirmationField",
    "Contract",
    "CredentialsSerializer",
    "Detail",
    "Endpoint",
    "IdField",
    "Many",
    "Outcome",
    "PasswordField",
    "ProfileSerializer",
    "Refusal",
    "RegistrationSerializer",
    "ScopesField",
    "StaticBody",
    "UTCDateTimeField",
    "View",
]
