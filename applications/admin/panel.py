"""The panel in the office: its members and their progress, who scores what, conflicts of interest, and scores."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from applications.admin.filters import CallFilter
from applications.forms.panel import (
    NONE,
    AnswerForm,
    InviteMemberForm,
    PanelForm,
    RecordConflictForm,
    ReopenForm,
    TakeBackForm,
    WithdrawMemberForm,
)
from applications.models import Application, Assignment, Conflict, Panel, PanelMember, Review
from applications.services import assignment as assigning
from applications.services.assignment import CannotAssign, Table, table_of
from applications.services.conflicts import Interest, declare_conflict, dismiss_conflict
from applications.services.panel import invite_again, invite_member, make_chair, progress_of, remind_member, withdraw_member
from applications.services.reviews import reopen_review
from applications.states import AssignmentStatus, ConflictKind, ConflictStatus, MemberStatus, ReviewStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.admin import RecordedAdmin
from upstream.deadlines import counted, in_words
from upstream.office import Act, ColumnFilter, ReadOnlyAdmin, moment, tag
from upstream.transitions import InvalidTransition

MAY_RUN = "applications.change_panel"
LONGEST_KEY = 10  # digits: more is no key of ours
MEMBER_TONES = {MemberStatus.INVITED: "yellow", MemberStatus.ACTIVE: "green", MemberStatus.WITHDRAWN: "grey"}
CONFLICT_TONES = {
    ConflictStatus.PROPOSED: "yellow",
    ConflictStatus.ACTIVE: "red",
    ConflictStatus.DISMISSED: "grey",
    ConflictStatus.WAIVED: "grey",
}
REVIEW_TONES = {ReviewStatus.DRAFT: "grey", ReviewStatus.SUBMITTED: "green"}
INVITED_AT, DECLARED_AT = moment("invited_at", "Invited"), moment("declared_at", "Declared", "Not yet")
FOUND_AT, DECIDED_AT = moment("created_at", "Put on record"), moment("decided_at", "Decided")
SAVED_AT, SUBMITTED_AT = moment("saved_at", "Last saved", "Not yet"), moment("submitted_at", "Submitted")


@dataclass(frozen=True)
class Cell:
    """An EoI and a member in the grid."""

    member: PanelMember
    assignment: Assignment | None
    conflict: Conflict | None
    is_unanswered: bool

    @property
    def word(self) -> str:
        """What the grid says, or nothing."""
        if self.is_unanswered or (self.conflict and self.conflict.status == ConflictStatus.PROPOSED):
            return "To answer"
        if self.conflict:
            return "Conflict"
        if self.assignment is None:
            return ""
        if self.assignment.status == AssignmentStatus.COMMITTED:
            return "Assigned"
        return "Pinned" if self.assignment.is_pinned else "Proposed"

    @property
    def can_be_proposed(self) -> bool:
        """Whether this pair may be added by hand."""
        return not self.word and self.member.status == MemberStatus.ACTIVE

    @property
    def can_be_taken_back(self) -> bool:
        """Whether it is given, and not scored yet."""
        return self.word == "Assigned" and self.assignment.review.status == ReviewStatus.DRAFT  # type: ignore[union-attr]


def cells(table: Table, application: Application) -> list[Cell]:
    """Return the EoI's row of the grid."""
    pairs = [((application.pk, pk), member) for pk, member in table.members.items()]
    return [Cell(member, table.live.get(pair), table.impossible.get(pair), pair in table.unanswered) for pair, member in pairs]


def still_to_answer(rows: list[tuple[Application, list[Cell]]]) -> list[tuple[PanelMember, list[Application]]]:
    """Return the members who have still to say whether there is a conflict, each with the EoIs that it is about."""
    waiting: dict[PanelMember, list[Application]] = {}
    for application, line in rows:
        for cell in line:
            if cell.word == "To answer":
                waiting.setdefault(cell.member, []).append(application)
    return sorted(waiting.items(), key=lambda item: str(item[0]))


@admin.register(Panel)
class PanelAdmin(RecordedAdmin):
    """Panels, one for each call."""

    form = PanelForm
    list_display = ("call", "due", "reviews_per_application")
    list_select_related = ("call",)
    empty_list = "There is no panel yet. Add one for a call, then invite its members."
    fields = ("call", "reviews_per_application", "due_at", "seed")
    change_form_template = "admin/applications/panel.html"

    @admin.display(description="Scores are due", ordering="due_at")
    def due(self, panel: Panel) -> str:
        """The moment in words."""
        return capfirst(in_words(panel.due_at))

    def get_readonly_fields(self, request: HttpRequest, obj: Panel | None = None) -> Any:  # noqa: ARG002  (Django's signature)
        """A panel stays with its call."""
        return ("call",) if obj else ()

    def get_urls(self) -> list[URLPattern]:
        """Give the panel's own pages their addresses."""
        return [
            self.address("<int:object_id>/progress/", self.progress, "progress"),
            self.address("<int:object_id>/invite/", self.invite, "invite"),
            self.address("<int:object_id>/assign/", self.assign, "assign"),
            self.address("<int:object_id>/assign/commit/", self.commit, "commit"),
            self.address("<int:object_id>/assign/<int:application_id>/", self.reviewers, "reviewers"),
            self.address("<int:object_id>/assign/take-back/<int:assignment_id>/", self.take_back, "take_back"),
            *super().get_urls(),
        ]

    def panel_or_404(self, request: HttpRequest, object_id: int) -> Panel:
        """Return the panel for somebody who runs it."""
        panel: Panel = self.visible_or_404(request, str(object_id))
        if not request.user.has_perm(MAY_RUN):
            raise PermissionDenied
        return panel

    def panel_page(self, request: HttpRequest, template: str, panel: Panel, **context: Any) -> HttpResponse:
        """Render one of the panel's own pages."""
        return self.page(request, f"admin/applications/{template}.html", panel=panel, record=panel, back=self.page_url(panel), **context)

    def progress(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show how far each member is."""
        panel = self.panel_or_404(request, object_id)
        lines = progress_of(panel)
        now = clock.now()
        context = {
            "lines": lines,
            "is_late": now >= panel.due_at,
            "now": now,
            "submitted": sum(line.submitted for line in lines),
            "left": sum(line.left for line in lines),
        }
        return self.panel_page(request, "panel_progress", panel, title="Members and progress", **context)

    def invite(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Invite somebody to the panel."""
        panel = self.panel_or_404(request, object_id)
        form = InviteMemberForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                member = invite_member(panel_id=panel.pk, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, f"We have emailed an invitation to {member.user}.")
                return redirect(self.own_url("progress", panel.pk))
        return self.panel_page(request, "panel_invite", panel, title="Invite a member", form=form)

    def own_url(self, name: str, *args: int) -> str:
        """Return the address of one of the panel's own pages."""
        return reverse(f"admin:{self.url_name(name)}", args=args)

    def visible_rows(self, request: HttpRequest, table: Table) -> list[Application]:
        """Return the table's EoIs that this person may see: staff have conflicts too."""
        seen = set(Application.objects.visible_to(request.user).filter(pk__in=table.applications).values_list("pk", flat=True))  # type: ignore[arg-type]
        return [application for pk, application in table.applications.items() if pk in seen]

    def assign(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show who scores what as a grid; on POST propose anew, or discard what is proposed."""
        panel = self.panel_or_404(request, object_id)
        causes: list[str] = []
        if request.method == "POST":
            try:
                self.propose_or_discard(request, panel)
                return redirect(self.own_url("assign", panel.pk))
            except CannotAssign as refusal:
                causes = refusal.causes
        table = table_of(panel)
        rows = [(application, cells(table, application)) for application in self.visible_rows(request, table)]
        context = {
            "causes": causes,
            "table": table,
            "rows": [(application, line, table.number(application)) for application, line in rows],
            "to_answer": still_to_answer(rows),
            "loads": [table.load(member) for member in table.members.values()],
            "hidden": len(table.applications) - len(rows),
            "proposed": len(table.proposed),
        }
        return self.panel_page(request, "panel_assign", panel, title="Assign reviews", **context)

    def propose_or_discard(self, request: HttpRequest, panel: Panel) -> None:
        """Do what the pressed button says. Raises CannotAssign."""
        person: User = request.user  # type: ignore[assignment]
        if request.POST.get("action") == "discard":
            number = assigning.discard_proposals(panel_id=panel.pk, by=person)
            messages.success(request, f"{counted(number, 'proposal') or 'No proposal'} discarded.")
        else:
            number = assigning.propose_assignments(panel_id=panel.pk, by=person)
            messages.success(request, f"{counted(number, 'review') or 'No further review'} proposed. Nobody has been told yet.")

    def commit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask before members are told, then give them what is proposed."""
        panel = self.panel_or_404(request, object_id)
        if request.method == "POST":
            try:
                number = assigning.commit_proposals(panel_id=panel.pk, seen=request.POST.get("seen", ""), by=request.user)  # type: ignore[arg-type]
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
                return redirect(self.own_url("commit", panel.pk))
            messages.success(request, f"{counted(number, 'review')} assigned. We have emailed each member once.")
            return redirect(self.own_url("progress", panel.pk))
        table = table_of(panel)
        rows = self.visible_rows(request, table)
        new = {(assignment.application_id, assignment.member_id) for assignment in table.proposed}
        lines = [
            (
                member,
                sum(pair[1] == pk for pair in new),
                [application.reference for application in rows if (application.pk, pk) in new],
                table.load(member),
            )
            for pk, member in table.members.items()
        ]
        context = {
            "lines": [line for line in lines if line[1]],
            "short": [application for application in rows if table.number(application) < panel.reviews_per_application],
            "number": len(new),
            "preview": table.preview,
        }
        return self.panel_page(request, "panel_commit", panel, title="Commit the assignments", **context)

    def reviewers(self, request: HttpRequest, object_id: int, application_id: int) -> HttpResponse:
        """Show who scores one EoI, and who could; on POST change one of them."""
        panel = self.panel_or_404(request, object_id)
        table = table_of(panel)
        application = next((found for found in self.visible_rows(request, table) if found.pk == application_id), None)
        if application is None:
            raise Http404
        if request.method == "POST":
            try:
                self.change_reviewers(request, panel, application)
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
            except ValidationError as refusal:
                messages.error(request, refusal.messages[0])
            return redirect(self.own_url("reviewers", panel.pk, application.pk))
        context = {
            "application": application,
            "cells": [(cell, table.load(cell.member)) for cell in cells(table, application)],
            "number": table.number(application),
        }
        return self.panel_page(request, "panel_reviewers", panel, title="Reviewers", **context)

    def change_reviewers(self, request: HttpRequest, panel: Panel, application: Application) -> None:
        """Add, drop, pin or move, as the pressed button says."""
        person: User = request.user  # type: ignore[assignment]
        action, _, number = request.POST.get("action", "").partition("-")
        if not (number.isdecimal() and len(number) < LONGEST_KEY):
            return
        if action == "add":
            assigning.add_proposal(panel_id=panel.pk, application_id=application.pk, member_id=int(number), by=person)
            return
        own = get_object_or_404(Assignment, pk=number, application=application, member__panel=panel)
        target = request.POST.get(f"to-{own.pk}", "")
        if action == "move" and target.isdecimal() and len(target) < LONGEST_KEY:
            assigning.move_proposal(assignment_id=own.pk, member_id=int(target), by=person)
        elif action in {"pin", "unpin"}:
            assigning.pin_proposal(assignment_id=own.pk, is_pinned=action == "pin", by=person)
        elif action == "drop":
            assigning.drop_proposal(assignment_id=own.pk, by=person)

    def take_back(self, request: HttpRequest, object_id: int, assignment_id: int) -> HttpResponse:
        """Ask why a committed assignment is taken back, then do it."""
        panel = self.panel_or_404(request, object_id)
        seen = Application.objects.visible_to(request.user)  # type: ignore[arg-type]
        own = Assignment.objects.live().filter(member__panel=panel, application__in=seen)
        assignment = get_object_or_404(own.select_related("member__user", "application__council"), pk=assignment_id)
        form = TakeBackForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                assigning.take_back(assignment_id=assignment.pk, reason=form.cleaned_data["reason"], by=request.user)  # type: ignore[arg-type]
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"{assignment.member} no longer scores {assignment.application}. We have emailed them.")
            return redirect(self.own_url("reviewers", panel.pk, assignment.application_id))
        return self.panel_page(request, "panel_take_back", panel, title="Take back an assignment", assignment=assignment, form=form)


def withdraw(member: PanelMember, user: User, *, reason: str) -> str:
    """End a member's seat."""
    withdraw_member(member_id=member.pk, reason=reason, by=user)
    return f"{member} no longer sits on the panel. What they had submitted still counts."


def again(member: PanelMember, user: User) -> str:
    """Invite a member again."""
    invite_again(member_id=member.pk, by=user)
    return f"We have emailed {member} a new invitation."


def chair(member: PanelMember, user: User) -> str:
    """Make a member the chair."""
    make_chair(member_id=member.pk, by=user)
    return f"{member} now chairs the panel."


def remind(member: PanelMember, user: User) -> str:
    """Remind a member."""
    remind_member(member_id=member.pk, by=user)
    return f"We have emailed {member} a reminder."


def is_seated(member: PanelMember, _user: Any) -> bool:
    """Return whether the member has not withdrawn."""
    return member.status != MemberStatus.WITHDRAWN


def has_withdrawn(member: PanelMember, _user: Any) -> bool:
    """Return whether the member may be invited again."""
    return member.status == MemberStatus.WITHDRAWN


def may_chair(member: PanelMember, _user: Any) -> bool:
    """Return whether the member could be made the chair."""
    return member.status != MemberStatus.WITHDRAWN and not member.is_chair


def is_behind(member: PanelMember, _user: Any) -> bool:
    """Return whether there is something to remind the member of."""
    return Review.objects.waiting().filter(assignment__member=member).exists()


class MemberStatusFilter(ColumnFilter):
    """By where the member stands."""

    title = "status"
    parameter_name = column = "status"
    labels = MemberStatus.choices


@admin.register(PanelMember)
class PanelMemberAdmin(ReadOnlyAdmin):
    """One member, reached from the panel's page of progress."""

    list_display = ("user", "panel", "standing", "role", DECLARED_AT)
    list_select_related = ("user", "panel__call")
    list_filter = (MemberStatusFilter,)
    search_fields = ("user__full_name", "user__email")
    search_help_text = "Search by name or email address"
    empty_list = "Nobody has been invited to a panel yet. You invite members on the panel's page of members and progress."
    fields = (
        "user",
        "address_shown",
        "panel_link",
        "standing",
        "role",
        "invited_by",
        INVITED_AT,
        DECLARED_AT,
        "general_interest",
        "withdrawn_reason",
    )
    readonly_fields = ("address_shown", "panel_link", "standing", "role", INVITED_AT, DECLARED_AT)
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="remind",
            label="Remind",
            permission=MAY_RUN,
            run=remind,
            consequence="We email a gentle reminder of what is left to score, at most once a day.",
            offered=is_behind,
        ),
        Act(
            name="chair",
            label="Make the chair",
            permission=MAY_RUN,
            run=chair,
            consequence="Only the chair may waive conflicts of interest. Whoever chairs now no longer does.",
            offered=may_chair,
        ),
        Act(
            name="reinvite",
            label="Invite again",
            permission=MAY_RUN,
            run=again,
            consequence="We email an invitation. They declare their conflicts of interest anew.",
            offered=has_withdrawn,
        ),
        Act(
            name="withdraw",
            label="Withdraw from the panel",
            permission=MAY_RUN,
            run=withdraw,
            form=WithdrawMemberForm,
            consequence="What they have not submitted is taken back, and can be given to others. Submitted scores stay and count. "
            "We email them.",
            offered=is_seated,
            danger=True,
        ),
    )

    @admin.display(description="Status", ordering="status")
    def standing(self, member: PanelMember) -> SafeString:
        """Where the member stands."""
        return tag(member.get_status_display(), MEMBER_TONES[MemberStatus(member.status)])

    @admin.display(description="Role", ordering="-is_chair")
    def role(self, member: PanelMember) -> str:
        """Whether the member chairs."""
        return "Chair" if member.is_chair else "Member"

    @admin.display(description="Email address")
    def address_shown(self, member: PanelMember) -> str:
        """Where we write to them."""
        return member.user.email

    @admin.display(description="Panel")
    def panel_link(self, member: PanelMember) -> SafeString:
        """The way back to the panel's progress."""
        url = reverse("admin:applications_panel_progress", args=[member.panel_id])
        return format_html('<a href="{}">{}</a>', url, member.panel)


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

    list_display = ("user", "application", "kind", "standing", "scores_left_out", "detail", "reason")
    list_select_related = ("user", "application__council")
    list_filter = (ConflictCallFilter, ConflictStatusFilter)
    search_fields = ("user__full_name", "user__email", "application__reference", "application__council__official_name")
    search_help_text = "Search by person, reference or council"
    empty_list = "Nobody has declared a conflict of interest yet. They appear here with what they keep their person from."
    fields = ("user", "application", "standing", "kind", "detail", "source", FOUND_AT, "decided_by", DECIDED_AT, "reason")
    readonly_fields = ("standing", "source", FOUND_AT, DECIDED_AT)
    change_list_template = "admin/applications/conflict_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the list shows: also whether the person has submitted scores."""
        submitted = Review.objects.filter(
            status=ReviewStatus.SUBMITTED, assignment__application=OuterRef("application"), assignment__member__user=OuterRef("user")
        )
        return super().get_queryset(request).annotate(has_scored=Exists(submitted))  # type: ignore[no-any-return]

    @admin.display(description="Status", ordering="status")
    def standing(self, conflict: Conflict) -> SafeString:
        """Whether it keeps its person out."""
        return tag(conflict.get_status_display(), CONFLICT_TONES[ConflictStatus(conflict.status)])

    @admin.display(description="How it came up")
    def source(self, conflict: Conflict) -> str:
        """Whether the system found it."""
        return "Found by the system" if conflict.is_detected else "Declared or recorded by a person"

    @admin.display(description="Scores left out")
    def scores_left_out(self, conflict: Conflict) -> str:
        """Whether submitted scores do not count because of it."""
        return "Yes" if conflict.status == ConflictStatus.ACTIVE and conflict.has_scored else ""  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        """Give the page that records one its address."""
        return [self.address("record/", self.record, "record"), *super().get_urls()]

    def record(self, request: HttpRequest) -> HttpResponse:
        """Record a conflict for somebody who judges."""
        if not request.user.has_perm("applications.add_conflict"):
            raise PermissionDenied
        form = RecordConflictForm(request.POST if request.method == "POST" else None, by=request.user)  # type: ignore[arg-type]
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            declare_conflict(
                application_id=data["application"].pk,
                user=data["person"],
                interest=Interest(ConflictKind(data["kind"]), data["detail"]),
                by=request.user,  # type: ignore[arg-type]
            )
            messages.success(request, f"{data['application']} is closed to {data['person']}. We have emailed them.")
            return redirect(f"admin:{self.url_name('changelist')}")
        return self.page(request, "admin/applications/conflict_record.html", title="Record a conflict of interest", form=form)


def reopen(review: Review, user: User, *, reason: str) -> str:
    """Reopen a review."""
    reopen_review(review_id=review.pk, reason=reason, by=user)
    return "The scores are open again, and do not count until they are submitted. We have emailed the member."


class ReviewCallFilter(CallFilter):
    """By the call of the EoI."""

    column = "assignment__application__call"


class ReviewStatusFilter(ColumnFilter):
    """By whether the scores are locked."""

    title = "status"
    parameter_name = column = "status"
    labels = ReviewStatus.choices


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """What members have scored."""

    list_display = ("application", "member", "standing", SAVED_AT, SUBMITTED_AT)
    list_select_related = ("assignment__application__council", "assignment__member__user")
    list_filter = (ReviewCallFilter, ReviewStatusFilter)
    search_fields = (
        "assignment__application__reference",
        "assignment__application__council__official_name",
        "assignment__member__user__full_name",
    )
    search_help_text = "Search by reference, council or member"
    empty_list = "No reviews have been assigned yet. They appear here once you commit assignments."
    fields = ("application", "member", "standing", "scores", "note", SAVED_AT, SUBMITTED_AT, "reopened_reason")
    readonly_fields = ("application", "member", "standing", "scores", SAVED_AT, SUBMITTED_AT)
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="reopen",
            label="Reopen the scores",
            permission=MAY_RUN,
            run=reopen,
            form=ReopenForm,
            consequence="The member can change these scores, which are kept. They do not count until submitted again. We email the member.",
            offered=lambda review, _user: review.status == ReviewStatus.SUBMITTED,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what has not been taken back."""
        return super().get_queryset(request).filter(assignment__status=AssignmentStatus.COMMITTED)

    @admin.display(description="Expression of interest", ordering="assignment__application__reference")
    def application(self, review: Review) -> Application:
        """What is scored."""
        return review.assignment.application

    @admin.display(description="Member", ordering="assignment__member__user__full_name")
    def member(self, review: Review) -> PanelMember:
        """Who scores it."""
        return review.assignment.member

    @admin.display(description="Status", ordering="status")
    def standing(self, review: Review) -> SafeString:
        """Whether the scores are locked."""
        return tag(review.get_status_display(), REVIEW_TONES[ReviewStatus(review.status)])

    @admin.display(description="Scores")
    def scores(self, review: Review) -> SafeString | str:
        """Each score with its reason."""
        rows = [
            (row.criterion.name, "no score" if row.score is None else row.score, row.reason)
            for row in review.scores.select_related("criterion")
        ]
        return format_html_join("", "<p><strong>{}: {}</strong><br>{}</p>", rows) or "None yet"
