"""What a contract is: endpoints, what they read and answer, and how they refuse."""

from .answers import Detail, Fixed, Many, Outcome
from .contract import Contract
from .endpoint import Endpoint
from .fields import (
    Adapted,
    AdaptedCredentials,
    AdaptedProfile,
    AdaptedRegistration,
    IdField,
    InstantField,
    PasswordField,
    RepeatField,
    WordsField,
)
from .refusal import Refusal
from .view import View

__all__ = [
    "Adapted",
    "AdaptedCredentials",
    "AdaptedProfile",
    "AdaptedRegistration",
    "Contract",
    "Detail",
    "Endpoint",
    "Fixed",
    "IdField",
    "InstantField",
    "Many",
    "Outcome",
    "PasswordField",
    "Refusal",
    "RepeatField",
    "View",
    "WordsField",
]
