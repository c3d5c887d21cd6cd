from importlib.util import find_spec

from django.apps import AppConfig
from django.core.signals import request_finished
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SimpleAuthConfig(AppConfig):
    name = "django_simple_auth"
    verbose_name = _("Accounts and tokens")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (importing the checks registers them)
        from .accounts import receivers
        from .db import deferred
        from .identity import identifiers
        from .mail import notifications
        from .tokens import redaction

        if find_spec("drf_spectacular") is not None:  # pragma: no branch
            from . import openapi  # noqa: F401  (importing its extensions registers them)

        redaction.attach()
        notifications.connect()
        receivers.connect()
        post_migrate.connect(identifiers.claim_missing, sender=self, dispatch_uid="simple_auth.claim_missing")
        request_finished.connect(deferred.run_pending, dispatch_uid="simple_auth.deferred")
