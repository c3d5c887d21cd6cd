"""The same with pytest-django. ``user`` is a fixture of your own; the others belong to pytest-django."""


def test_a_reset_email(client, user, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/api/auth/password/reset/", {"email": user.email}, content_type="application/json")
    assert "https://www.example.com/reset-password#token=" in mailoutbox[0].body
