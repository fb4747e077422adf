"""The audit trail in the office: read only. And records whose edits in the office go into it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from upstream.accounts.models import User
from upstream.audit.models import Entry
from upstream.audit.services import record
from upstream.deadlines import with_moments_in_words
from upstream.office import Key, KeyFilter, NamingAdmin, OfficeAdmin, moment, plain

PERSON = settings.AUTH_USER_MODEL.lower()


class RecordedAdmin(OfficeAdmin):
    """Records that staff edit by hand: the trail says who changed which fields."""

    def save_related(self, request: Any, form: "forms.ModelForm[Any]", formsets: Any, change: bool) -> None:
        """Save what belongs to the record, and note last of all what was changed."""
        super().save_related(request, form, formsets, change)
        fields = [*form.changed_data, *(formset.prefix for formset in formsets if formset.has_changed())]
        if fields:
            verb = f"{self.opts.model_name}.{'changed' if change else 'added'}"
            record(actor=request.user, verb=verb, subject=form.instance, fields=fields)


class ActFilter(KeyFilter):
    """By what was done."""

    title = "what was done"
    parameter_name = column = "verb"


@admin.register(Entry)
class EntryAdmin(NamingAdmin):
    """Who did what, when."""

    list_display = (moment("at", "When"), "act", "about", "who")
    list_filter = (ActFilter,)
    search_fields = ("verb",)
    search_help_text = "Search by what was done, or by the name or email address of who did it"
    date_hierarchy = "at"
    fieldsets = (
        (None, {"fields": (moment("at", "When"), "act", "about", "who", "details")}),
        ("Proof that nothing was changed since", {"fields": ("fingerprint", "fingerprint_before")}),
    )
    readonly_fields = (moment("at", "When"), "act", "about", "who", "details", "fingerprint", "fingerprint_before")

    def keys(self, record: Entry) -> list[Key]:
        """Return the person and the record that the entry is about."""
        return [(PERSON, record.actor_id or 0), (record.subject_type, record.subject_id)]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """Search in what was done and among the people who did it."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        people = User.objects.filter(full_name__icontains=search_term) | User.objects.filter(email__icontains=search_term)
        return found | queryset.filter(actor_id__in=people.values("pk")), may_repeat

    @admin.display(description="What was done", ordering="verb")
    def act(self, entry: Entry) -> str:
        """The act in words."""
        return plain(entry.verb)

    @admin.display(description="About")
    def about(self, entry: Entry) -> str:
        """The record's name."""
        return self.named(entry, (entry.subject_type, entry.subject_id))

    @admin.display(description="Who")
    def who(self, entry: Entry) -> str:
        """The person's name."""
        return self.named(entry, (PERSON, entry.actor_id)) if entry.actor_id else "The system"

    @admin.display(description="Details")
    def details(self, entry: Entry) -> SafeString:
        """What the act noted, line by line."""
        return format_html_join("", "<div>{}: {}</div>", ((plain(key), words(value)) for key, value in entry.data.items()))

    @admin.display(description="Fingerprint")
    def fingerprint(self, entry: Entry) -> SafeString:
        """The hash over this entry and the one before it."""
        return format_html('<span class="office-code">{}</span>', entry.hash)

    @admin.display(description="Fingerprint of the entry before")
    def fingerprint_before(self, entry: Entry) -> SafeString:
        """The hash that this entry carries on from."""
        return format_html('<span class="office-code">{}</span>', entry.previous_hash)


def words(value: Any) -> str:
    """Return a value of JSON as people write it."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {words(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(words(part) for part in value)
    return with_moments_in_words(str(value)).replace("_", " ")
