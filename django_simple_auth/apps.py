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
        from . import checks, durable, identifiers, notices, passwords, redaction, sessions  # noqa: F401  (checks register)

        if find_spec("drf_spectacular") is not None:  # pragma: no branch
            from . import schema  # noqa: F401  (so do its extensions)

        redaction.attach()
        notices.attach()
        pre_save.connect(passwords.hold_back, dispatch_uid="simple_auth.passwords")
        post_save.connect(identifiers.follow, dispatch_uid="simple_auth.identifiers")
        post_save.connect(passwords.follow, dispatch_uid="simple_auth.passwords.follow")
        post_save.connect(sessions.end_if_deactivated, dispatch_uid="simple_auth.sessions")
        post_migrate.connect(identifiers.catch_up, sender=self, dispatch_uid="simple_auth.catch_up")
        request_finished.connect(durable.settle, dispatch_uid="simple_auth.durable")
