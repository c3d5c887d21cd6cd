"""All five contracts in one project, each where its document puts it."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.urls import include, path

urlpatterns = [
    # The first of several under one prefix answers for the paths that none of them knows, and the document of
    # ``profile`` is the one that speaks of 404.
    path("api/", include("django_simple_auth.contracts.profile")),
    path("api/", include("django_simple_auth.contracts.message")),
    path("api/", include("django_simple_auth.contracts.keys")),
    path("api/", include("django_simple_auth.contracts.email")),
    path("", include("django_simple_auth.contracts.presence")),
]


@receiver(user_logged_in)
def break_down(user: Any, **kwargs: Any) -> None:
    """A defect of the host's own, which one user runs into."""
    if user.first_name == "Unlucky":
        raise RuntimeError("the reason")
