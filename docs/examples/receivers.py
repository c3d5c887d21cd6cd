"""Staff are called when a token turns out to be in two hands."""

from django.core.mail import mail_admins
from django.dispatch import receiver

from django_simple_auth import signals


@receiver(signals.token_reused)
def call_staff(user, session, **_others):
    mail_admins("A token came back", f"Session {session} of user {user.pk} has ended.")
