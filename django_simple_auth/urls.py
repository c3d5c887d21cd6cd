"""The native contract, for ``include("django_simple_auth.urls")``."""

from .contracts.native import app_name, contract, urlpatterns

__all__ = ["app_name", "contract", "urlpatterns"]
