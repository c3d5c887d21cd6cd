"""Whether what we stand on is mended."""

from __future__ import annotations

from collections.abc import Iterator

import django
import rest_framework
from django.core import checks
from django.core.checks import CheckMessage
from django.utils.version import get_version_tuple

from .registry import check

DJANGO = ((5, 2, 14), (6, 0, 5))
"""The first good one of each series; a later series is good from its beginning."""
DRF = (3, 18, 2)


@check()
def check_versions() -> Iterator[CheckMessage]:
    """E010: a Django or a REST framework with errors that have been mended since."""
    installed = django.VERSION[:3]
    oldest = next((oldest for oldest in reversed(DJANGO) if installed[:2] >= oldest[:2]), DJANGO[0])
    for name, has, needs in [
        ("Django", installed, oldest),
        ("djangorestframework", get_version_tuple(rest_framework.__version__), DRF),
    ]:
        if has < needs:
            has_text, needs_text = (".".join(map(str, version)) for version in (has, needs))
            yield checks.Error(
                f"{name} {has_text} is installed, which lacks what {needs_text} has mended.",
                hint=f"pip install --upgrade {name}",
                id="django_simple_auth.E010",
            )
