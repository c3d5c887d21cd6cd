from importlib.util import find_spec

from django.apps import AppConfig
from django.core.signals import request_finished
from django.db.models.signals import post_migrate, post_save, pre_save
from django.utils.translation import gettext_lazy as _


class SimpleAuthConfig(AppConfig):
    name = "django_simple_auth"
    verbose_name = _("Accounts and tokens")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, sessions  # noqa: F401  (importing the checks registers them)
        from .accounts import password_upgrades, passwords
        from .db import deferred
        from .identity import identifiers
        from .mail import notifications
        from .tokens import redaction

        if find_spec("drf_spectacular") is not None:  # pragma: no branch
            from . import openapi  # noqa: F401  (importing its extensions registers them)

        redaction.attach()
        notifications.connect()
        pre_save.connect(password_upgrades.hold_back, dispatch_uid="simple_auth.passwords")
        post_save.connect(identifiers.update_on_save, dispatch_uid="simple_auth.identifiers")
        post_save.connect(passwords.end_tokens_on_change, dispatch_uid="simple_auth.passwords.follow")
        post_save.connect(sessions.end_if_deactivated, dispatch_uid="simple_auth.sessions")
        post_migrate.connect(identifiers.claim_missing, sender=self, dispatch_uid="simple_auth.claim_missing")
        request_finished.connect(deferred.run_pending, dispatch_uid="simple_auth.deferred")
