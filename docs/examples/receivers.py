"""Alert staff when a rotated token is used again."""

from django.core.mail import mail_admins
from django.dispatch import receiver

from django_simple_auth import signals


@receiver(signals.token_reused)
def alert_staff(user, session, **_others):
    mail_admins("A token was reused", f"Session {session} of user {user.pk} has ended.")
