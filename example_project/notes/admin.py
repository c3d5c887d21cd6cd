from django.contrib import admin

from .models import Note


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    list_display = ["__str__", "user", "created"]
    list_select_related = ["user"]
    search_fields = ["text"]
    raw_id_fields = ["user"]
