"""All five contracts in one project, each at the path in its document."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.urls import include, path

urlpatterns = [
    # If contracts share a prefix, the first one answers unknown paths. ``profile`` comes first, because only its
    # document mentions 404.
    path("api/", include("django_simple_auth.contracts.profile")),
    path("api/", include("django_simple_auth.contracts.message")),
    path("api/", include("django_simple_auth.contracts.keys")),
    path("api/", include("django_simple_auth.contracts.email")),
    path("", include("django_simple_auth.contracts.presence")),
]


@receiver(user_logged_in)
def break_down(user: Any, **kwargs: Any) -> None:
    """A bug in the project that affects one user."""
    if user.first_name == "Unlucky":
        raise RuntimeError("the reason")
