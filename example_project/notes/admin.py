from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User

from django_simple_auth.admin import AccountAdmin

from .models import Note

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(AccountAdmin, UserAdmin):
    """Django's UserAdmin with the user's sessions and keys, and a password reset instead of the password form."""


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    list_display = ["__str__", "user", "created"]
    list_select_related = ["user"]
    search_fields = ["text"]
    raw_id_fields = ["user"]
