"""Tokens in access logs."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from django_simple_auth import sessions
from django_simple_auth.tokens import redaction


@pytest.mark.parametrize("name", redaction.ACCESS_LOGS)
def test_access_logs_show_only_a_tokens_prefix(user: Any, monkeypatch: Any, name: str):
    lines = []
    logger = logging.getLogger(name)
    monkeypatch.setattr(logger, "handle", lambda record: logger.filter(record) and lines.append(record.getMessage()))
    line = f"GET /user/logout?token={sessions.start(user).secret} HTTP/1.1"
    logger.warning('"%s" %s', line, 200)
    logger.warning('"%(r)s" %(s)s', {"r": line, "s": 200})
    logger.warning(line)
    logger.warning("100%")
    redacted = "GET /user/logout?token=dsa_[redacted] HTTP/1.1"
    assert lines == [f'"{redacted}" 200', f'"{redacted}" 200', redacted, "100%"]


def test_attaching_twice_filters_once():
    redaction.attach()
    filters = logging.getLogger("django.server").filters
    assert len([present for present in filters if isinstance(present, redaction.RedactTokens)]) == 1
