"""Conflicts of interest in the office: the list, and recording one."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from applications.admin.filters import CallFilter
from applications.forms.panel import NONE, AnswerForm, RecordConflictForm
from applications.models import Application, Conflict, MeetingItem, Review
from applications.services.conflicts import Interest, declare_conflict, dismiss_conflict
from applications.states import ConflictKind, ConflictStatus, ReviewStatus
from upstream.accounts.models import User
from upstream.office import Act, ColumnFilter, ReadOnlyAdmin, moment, tag
from upstream.transitions import InvalidTransition

CONFLICT_TONES = {
    ConflictStatus.PROPOSED: "yellow",
    ConflictStatus.ACTIVE: "red",
    ConflictStatus.DISMISSED: "grey",
    ConflictStatus.WAIVED: "grey",
}
FOUND_AT, DECIDED_AT = moment("created_at", "Put on record"), moment("decided_at", "Decided")


def lines(*texts: str) -> SafeString:
    """Return what there is of some texts, one under another."""
    return format_html_join(mark_safe("<br>"), "{}", ((text,) for text in texts if text))


class ConflictCallFilter(CallFilter):
    """By the call of the EoI."""

    column = "application__call"


class ConflictStatusFilter(ColumnFilter):
    """By whether the conflict keeps its person out."""

    title = "status"
    parameter_name = column = "status"
    labels = ConflictStatus.choices


def is_own_to_answer(conflict: Conflict, user: Any) -> bool:
    """Return whether the person can answer it."""
    return conflict.user_id == user.pk and conflict.status == ConflictStatus.PROPOSED


def answer(conflict: Conflict, user: User, *, kind: str, detail: str) -> str:
    """Keep what the person says to a conflict of theirs that was found."""
    if conflict.user_id != user.pk:
        message = f"Only {conflict.user} can answer this. You can record a conflict of interest for them."
        raise InvalidTransition(message)
    if kind == NONE:
        dismiss_conflict(application_id=conflict.application_id, user=user, reason=detail, by=user)
        return "It is on record that you have no conflict of interest here."
    declare_conflict(application_id=conflict.application_id, user=user, interest=Interest(ConflictKind(kind), detail), by=user)
    return "You have declared a conflict of interest. The expression of interest is closed to you now."


@admin.register(Conflict)
class ConflictAdmin(ReadOnlyAdmin):
    """Who is kept from which EoI, and why."""

    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="answer",
            label="Say whether it is a conflict of interest",
            permission="applications.view_conflict",
            run=answer,
            form=AnswerForm,
            consequence="If it is one, the expression of interest is closed to you at once and your scores of it stop counting. "
            "If not, you can judge it. Either answer is kept on record.",
            offered=is_own_to_answer,
        ),
    )

    list_display = ("person", "eoi", "interest", "outcome")
    list_select_related = ("user", "application__council")
    list_filter = (ConflictCallFilter, ConflictStatusFilter)
    search_fields = ("user__full_name", "user__email", "application__reference", "application__council__official_name")
    search_help_text = "Search by person, reference or council"
    empty_list = "Nobody has declared a conflict of interest yet. They appear here with what they keep their person from."
    fields = ("person", "eoi", "standing", "kind", "detail", "source", FOUND_AT, "decided_by", DECIDED_AT, "reason")
    readonly_fields = ("person", "eoi", "standing", "source", FOUND_AT, DECIDED_AT)
    change_list_template = "admin/applications/conflict_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the list shows: also whether the person has submitted scores."""
        submitted = Review.objects.filter(
            status=ReviewStatus.SUBMITTED, assignment__application=OuterRef("application"), assignment__member__user=OuterRef("user")
        )
        return super().get_queryset(request).annotate(has_scored=Exists(submitted))  # type: ignore[no-any-return]

    @admin.display(description="Person", ordering="user__full_name")
    def person(self, conflict: Conflict) -> User:
        """Whom it keeps out."""
        return conflict.user

    @admin.display(description="Expression of interest", ordering="application__reference")
    def eoi(self, conflict: Conflict) -> Application:
        """What it keeps them from."""
        return conflict.application

    @admin.display(description="Interest", ordering="kind")
    def interest(self, conflict: Conflict) -> SafeString:
        """What the interest is, and its details."""
        return lines(conflict.get_kind_display(), conflict.detail)

    @admin.display(description="Status", ordering="status")
    def outcome(self, conflict: Conflict) -> SafeString:
        """Where it stands, why, and whether submitted scores do not count because of it."""
        left_out = conflict.status == ConflictStatus.ACTIVE and conflict.has_scored  # type: ignore[attr-defined]
        return lines(self.standing(conflict), conflict.reason, "Scores left out" if left_out else "")

    @admin.display(description="Status", ordering="status")
    def standing(self, conflict: Conflict) -> SafeString:
        """Whether it keeps its person out."""
        return tag(conflict.get_status_display(), CONFLICT_TONES[ConflictStatus(conflict.status)])

    @admin.display(description="How it came up")
    def source(self, conflict: Conflict) -> str:
        """Whether the system found it."""
        return "Found by the system" if conflict.is_detected else "Declared or recorded by a person"

    def get_urls(self) -> list[URLPattern]:
        """Give the page that records one its address."""
        return [self.address("record/", self.record, "record"), *super().get_urls()]

    def record(self, request: HttpRequest) -> HttpResponse:
        """Record a conflict for somebody who judges."""
        person: User = request.user  # type: ignore[assignment]
        if not person.has_perm("applications.add_conflict"):
            raise PermissionDenied
        initial = {"application": request.GET.get("application", "")}
        form = RecordConflictForm(request.POST if request.method == "POST" else None, by=person, initial=initial)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            declare_conflict(
                application_id=data["application"].pk,
                user=data["person"],
                interest=Interest(ConflictKind(data["kind"]), data["detail"]),
                by=person,
            )
            own = data["person"] == person
            said = "is closed to you now." if own else f"is closed to {data['person']}. We have emailed them."
            messages.success(request, f"{data['application']} {said}")
            discussed = MeetingItem.objects.visible_to(person).being_discussed().filter(application=data["application"]).first()
            if discussed:
                return redirect("admin:applications_panelmeeting_item", discussed.meeting_id, discussed.pk)
            return redirect(f"admin:{self.url_name('changelist')}")
        return self.page(request, "admin/applications/conflict_record.html", title="Record a conflict of interest", form=form)
