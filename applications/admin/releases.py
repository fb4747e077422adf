"""Releases in the office: preparing the letters, reading them, and telling all councils at once."""

from django.contrib import admin

from applications.admin.filters import CallFilter
from applications.models import Release
from upstream.office import ReadOnlyAdmin


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """The list of releases."""

    list_display = ("__str__", "prepared_by", "prepared_at", "released_by", "released_at")
    list_filter = (CallFilter,)
    list_select_related = ("call", "prepared_by", "released_by")
