"""Accounts with expiring tokens for Django REST framework, in the wire format your clients already speak."""

__version__ = "0.1.0"
