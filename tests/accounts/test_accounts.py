"""The name under which tests/contracts refers to a hook for SIMPLE_AUTH["DELETE_ACCOUNT"]."""

from __future__ import annotations

from .test_deletion import refuse

__all__ = ["refuse"]
