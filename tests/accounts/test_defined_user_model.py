from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.test.utils import isolate_apps


def test_a_test_of_the_project_may_define_its_user_model(settings: Any):
    settings.AUTH_USER_MODEL = "tests.Person"
    with isolate_apps("tests"):

        class Person(AbstractBaseUser):
            class Meta:
                app_label = "tests"

    assert Person._meta.label == settings.AUTH_USER_MODEL
