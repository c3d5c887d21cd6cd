"""Tests of a project that mounts the native contract at api/auth/ and a view of its own at notes/."""

from django.contrib.auth import get_user_model
from django.core import mail
from django.test import override_settings
from rest_framework.test import APITestCase

from django_simple_auth import keys, sessions

NO_THROTTLING = {"THROTTLE_RATES": {}, "PUBLIC_URL": "https://www.example.com"}


@override_settings(SIMPLE_AUTH=NO_THROTTLING)
class AccountTests(APITestCase):
    def setUp(self):
        self.bob = get_user_model().objects.create_user("bob", "bob@example.com", "Correct-Horse-7")

    def test_log_in(self):
        credentials = {"username": "bob", "password": "Correct-Horse-7"}
        response = self.client.post("/api/auth/login/", credentials, format="json")
        assert response.status_code == 200
        assert "token" in response.json()

    def test_a_token_without_logging_in(self):
        token = sessions.start(self.bob).secret
        self.client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        assert self.client.get("/notes/").json() == {"notes_of": "bob"}

    def test_a_user_without_a_token(self):
        self.client.force_authenticate(self.bob)
        assert self.client.get("/notes/").json() == {"notes_of": "bob"}

    def test_a_key_without_the_scope(self):
        key = keys.create(self.bob, name="backup", scopes=["photos:read"]).secret
        self.client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
        assert self.client.get("/notes/").status_code == 403

    def test_a_reset_email(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.client.post("/api/auth/password/reset/", {"email": "bob@example.com"}, format="json")
        assert "https://www.example.com/reset-password#token=" in mail.outbox[0].body
