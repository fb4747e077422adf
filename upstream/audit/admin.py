"""The audit trail in the office: read only."""

from django.contrib import admin

from upstream.audit.models import Entry
from upstream.office import ReadOnlyAdmin


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """Who did what, when."""

    all_visible = True
    list_display = ("at", "verb", "subject_type", "subject_id", "actor_id")
    list_filter = ("verb", "at", "subject_type")
    search_fields = ("verb", "=subject_id", "=actor_id")
    search_help_text = "Search by act, or by the number of a record or person"
    date_hierarchy = "at"
