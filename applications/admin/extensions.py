"""More time for councils, in the office: who asked, who approved, and the pages to do either."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from applications.admin.filters import CallFilter, ExtensionStatusFilter, ExtensionWaitsFilter
from applications.forms.extensions import CouncilMoreTimeForm
from applications.models import Extension
from applications.services.extensions import approve_extension, refuse_extension, request_extension
from applications.states import ExtensionStatus
from upstream.accounts.models import User
from upstream.deadlines import in_words
from upstream.office import Act, ReadOnlyAdmin, moment, tag

TONES = {ExtensionStatus.WAITING: "yellow", ExtensionStatus.APPROVED: "green", ExtensionStatus.REFUSED: "grey"}
ASKED_AT = moment("requested_at", "Asked")
DECIDED_AT = (moment("approved_at", "Approved"), moment("refused_at", "Refused"))
MAY_ASK = "applications.request_extension"
MAY_DECIDE = "applications.approve_extension"


def approve(extension: Extension, user: User) -> str:
    """Approve more time."""
    approve_extension(extension_id=extension.pk, by=user)
    return f"{extension.council} now has until {in_words(extension.until)}."


def refuse(extension: Extension, user: User) -> str:
    """Refuse more time."""
    refuse_extension(extension_id=extension.pk, by=user)
    return f"The request is refused. The deadline of {extension.council} stays as it was."


def waits(extension: Extension, _user: Any) -> bool:
    """Return whether somebody has to decide."""
    return extension.is_waiting


def waits_for(extension: Extension, user: User) -> bool:
    """Return whether this person may be the second one."""
    return extension.is_waiting and extension.requested_by_id != user.pk


@admin.register(Extension)
class ExtensionAdmin(ReadOnlyAdmin):
    """The list of requests for more time."""

    list_display = ("council", "new_deadline", "standing", "call", "requested_by", ASKED_AT)
    list_filter = (ExtensionStatusFilter, ExtensionWaitsFilter, CallFilter)
    list_select_related = ("council", "call", "requested_by")
    search_fields = ("council__name", "council__official_name", "reason")
    search_help_text = "Search by council or reason"
    empty_list = "Nobody has asked for more time yet."
    fields = (
        "standing",
        "council",
        "call",
        "new_deadline",
        "reason",
        "requested_by",
        ASKED_AT,
        "approved_by",
        *DECIDED_AT,
    )
    readonly_fields = ("new_deadline", "standing", ASKED_AT, *DECIDED_AT)
    change_list_template = "admin/applications/extension_list.html"
    record_template = "admin/applications/extension.html"
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="approve",
            label="Approve more time",
            permission=MAY_DECIDE,
            run=approve,
            consequence="The council's deadline moves at once and we email everybody who acts for it. This cannot be undone.",
            offered=waits_for,
        ),
        Act(
            name="refuse",
            label="Refuse more time",
            permission=MAY_DECIDE,
            run=refuse,
            consequence="The council's deadline stays as it is. We do not email the council.",
            offered=waits,
            danger=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the list shows and filters by."""
        return super().get_queryset(request).with_status()  # type: ignore[attr-defined,no-any-return]

    @admin.display(description="New deadline", ordering="until")
    def new_deadline(self, extension: Extension) -> str:
        """The moment in words."""
        return capfirst(in_words(extension.until))

    @admin.display(description="Status", ordering="status")
    def standing(self, extension: Extension) -> SafeString:
        """Whether somebody still has to decide."""
        return tag(extension.status_in_words, TONES[ExtensionStatus(extension.status)])  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        """Give the page that asks its address."""
        return [self.address("ask/", self.ask, "ask"), *super().get_urls()]

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask for more time for any council, whether or not it has started."""
        if not request.user.has_perm(MAY_ASK):
            raise PermissionDenied
        form = CouncilMoreTimeForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            person: User = request.user  # type: ignore[assignment]
            try:
                extension = request_extension(
                    call_id=data["call"].pk, council_id=data["council"].pk, until=data["until"], reason=data["reason"], by=person
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, "The request waits for somebody else to approve it.")
                return redirect(self.page_url(extension))
        return self.page(request, "admin/applications/ask_for_time.html", title="Ask for more time", form=form)
