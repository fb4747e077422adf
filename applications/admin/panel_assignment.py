"""Who scores what: the grid, its changes by hand, committing it and taking back."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern

from applications.admin.panel_pages import PanelPages
from applications.forms.panel import TakeBackForm
from applications.models import Application, Assignment, Conflict, Panel, PanelMember
from applications.services import assignment as assigning
from applications.services.assignment import CannotAssign, Table, table_of
from applications.states import AssignmentStatus, ConflictStatus, MemberStatus, ReviewStatus
from upstream.accounts.models import User
from upstream.deadlines import counted
from upstream.http import whole_number
from upstream.transitions import InvalidTransition

MARKS = {"Assigned": "\u2713", "Proposed": "\u25cb", "Pinned": "\u25cf", "To answer": "?", "Conflict": "\u00d7"}


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
    def mark(self) -> str:
        """The word as one sign, which leaves room for many members."""
        return MARKS.get(self.word, "")

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


class AssignmentPages(PanelPages):
    """What a panel's office pages gain: assigning reviews."""

    def get_urls(self) -> list[URLPattern]:
        """Give the pages their addresses."""
        return [
            self.address("<int:object_id>/assign/", self.assign, "assign"),
            self.address("<int:object_id>/assign/commit/", self.commit, "commit"),
            self.address("<int:object_id>/assign/<int:application_id>/", self.reviewers, "reviewers"),
            self.address("<int:object_id>/assign/take-back/<int:assignment_id>/", self.take_back, "take_back"),
            *super().get_urls(),
        ]

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
            "marks": MARKS.items(),
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
            if number:
                messages.success(request, f"{counted(number, 'review')} proposed. Nobody has been told yet.")
            else:
                messages.info(request, "There is nothing to propose: every expression of interest has all its reviewers.")

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
        key = whole_number(number)
        if not key:
            return
        if action == "add":
            assigning.add_proposal(panel_id=panel.pk, application_id=application.pk, member_id=key, by=person)
            return
        own = get_object_or_404(Assignment, pk=key, application=application, member__panel=panel)
        if action == "move":
            member = whole_number(request.POST.get(f"to-{own.pk}", ""))
            assigning.move_proposal(assignment_id=own.pk, member_id=member, by=person)
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
