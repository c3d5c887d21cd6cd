"""Checks the versions of Django and Django REST framework."""

from __future__ import annotations

from collections.abc import Iterator

import django
import rest_framework
from django.core import checks
from django.core.checks import CheckMessage
from django.utils.version import get_version_tuple

from .registry import check

DJANGO = ((5, 2, 14), (6, 0, 5))
"""The first version of each series with the required fixes; later series have them from the start."""
DRF = (3, 18, 2)


@check()
def check_versions() -> Iterator[CheckMessage]:
    """E010: Django or Django REST framework is too old and lacks required fixes."""
    installed = django.VERSION[:3]
    oldest = next((oldest for oldest in reversed(DJANGO) if installed[:2] >= oldest[:2]), DJANGO[0])
    for name, has, needs in [
        ("Django", installed, oldest),
        ("djangorestframework", get_version_tuple(rest_framework.__version__), DRF),
    ]:
        if has < needs:
            has_text, needs_text = (".".join(map(str, version)) for version in (has, needs))
            yield checks.Error(
                f"{name} {has_text} is installed, but fixes from {needs_text} are required.",
                hint=f"pip install --upgrade {name}",
                id="django_simple_auth.E010",
            )
