"""What a contract is made of: endpoints, what they read and answer, and how they refuse."""

from .answers import Accepted, Detail, Many, Outcome, StaticBody
from .contract import Contract
from .endpoint import Endpoint, View, user_of
from .fields import ConfirmationField, IdField, PasswordField, ScopesField, UTCDateTimeField
from .parsers import FormBody, JSONBody, MultiPartBody
from .refusal import Refusal
from .serializers import AccountSerializer, CredentialsSerializer, ProfileSerializer, RegistrationSerializer

__all__ = [
    "Accepted",
    "AccountSerializer",
    "ConfirmationField",
    "Contract",
    "CredentialsSerializer",
    "Detail",
    "Endpoint",
    "FormBody",
    "IdField",
    "JSONBody",
    "Many",
    "MultiPartBody",
    "Outcome",
    "PasswordField",
    "ProfileSerializer",
    "Refusal",
    "RegistrationSerializer",
    "ScopesField",
    "StaticBody",
    "UTCDateTimeField",
    "View",
    "user_of",
]
