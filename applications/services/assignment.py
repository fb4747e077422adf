"""Who scores which EoI: proposed by the optimiser, edited by staff, then committed.

Every function locks the panel first. A proposal is an Assignment that its member does not see; committing it makes the Review.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from applications.models import Application, Assignment, Conflict, Panel, PanelMember, Review
from applications.notifications import panel as notifications
from applications.services.conflicts import propose_detected
from applications.services.panel import lock_panel, to_be_scored
from applications.states import UNASSIGNABLE, AssignmentStatus, MemberStatus, ReviewStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import InvalidTransition

if TYPE_CHECKING:
    from applications.selection.assignment import Obstruction

Pair = tuple[int, int]  # an EoI's id and a member's


class CannotAssign(Exception):
    """No assignment meets the panel's rules. Holds a sentence for each cause."""

    def __init__(self, causes: list[str]) -> None:
        super().__init__("; ".join(causes))
        self.causes = causes


@dataclass(frozen=True)
class Table:
    """Everything that bears on who scores what."""

    panel: Panel
    applications: dict[int, Application]
    members: dict[int, PanelMember]  # those who may be given something, and those whose submitted scores count
    live: dict[Pair, Assignment]  # what counts towards the number of reviews: nothing that a conflict closes
    impossible: dict[Pair, Conflict]
    unanswered: frozenset[Pair]  # those of which the member has not said yet whether there is a conflict: as impossible

    @property
    def proposed(self) -> list[Assignment]:
        """The proposals that can still be committed."""
        return [assignment for assignment in self.live.values() if assignment.status == AssignmentStatus.PROPOSED]

    @property
    def preview(self) -> str:
        """A fingerprint of the proposals, to tell whether they are still those that somebody saw."""
        pairs = sorted((assignment.application_id, assignment.member_id) for assignment in self.proposed)
        return hashlib.sha256(repr(pairs).encode()).hexdigest()

    def load(self, member: PanelMember) -> int:
        """Return how many EoIs the member has."""
        return sum(pair[1] == member.pk for pair in self.live)

    def number(self, application: Application) -> int:
        """Return how many members the EoI has."""
        return sum(pair[0] == application.pk for pair in self.live)


def table_of(panel: Panel) -> Table:
    """Return the table as it stands: six queries, whatever the numbers."""
    applications = {application.pk: application for application in to_be_scored(panel)}
    assignments = Assignment.objects.live().filter(member__panel=panel, application__in=applications)
    found = {(each.application_id, each.member_id): each for each in assignments.select_related("member__user", "review")}
    given = {pair for pair, assignment in found.items() if assignment.status == AssignmentStatus.COMMITTED}
    members = {member.pk: member for member in panel.members.active().select_related("user").order_by("user__full_name", "pk")}
    active = set(members)
    members |= {assignment.member_id: assignment.member for assignment in found.values() if assignment.member_id not in members}
    seats = {member.user_id: member.pk for member in members.values()}
    conflicts = Conflict.objects.filter(user__in=seats, application__in=applications)
    on_record = {(conflict.application_id, seats[conflict.user_id]): conflict for conflict in conflicts}
    impossible = {pair: conflict for pair, conflict in on_record.items() if conflict.status in UNASSIGNABLE}
    answers = PanelMember.answered.through._default_manager.filter(panelmember__in=active)
    answered = set(answers.values_list("application", "panelmember"))
    unanswered = frozenset(product(applications, active)) - answered - on_record.keys() - given
    closed = impossible.keys() | unanswered
    live = {
        pair: assignment for pair, assignment in found.items() if pair not in closed and (pair in given or assignment.member_id in active)
    }
    return Table(panel, applications, members, live, impossible, unanswered)


@transaction.atomic
def propose_assignments(*, panel_id: int, by: User) -> int:
    """Propose who scores what, keeping what is committed or pinned while it is possible, and return how many proposals there are.

    First puts conflicts that are detected now before their people. Pairs that wait for an answer are not assigned.
    Raises CannotAssign with the causes in words, and leaves the earlier proposal in place.
    """
    from applications.selection.assignment import Task, assign

    panel = lock_panel(panel_id)
    active = [member.user for member in panel.members.active().select_related("user")]
    propose_detected(active, list(to_be_scored(panel)))
    table = table_of(panel)
    kept = kept_pairs(table)
    away = {member.pk for member in table.members.values() if member.status != MemberStatus.ACTIVE}
    closed = {(application, member) for application in table.applications for member in away} - kept
    task = Task(
        applications=frozenset(table.applications),
        reviewers=frozenset(table.members),
        reviews=panel.reviews_per_application,
        conflicts=frozenset(table.impossible) | table.unanswered | closed,
        pins=frozenset(kept),
    )
    solved = assign(task, panel.seed)
    if isinstance(solved, tuple):
        raise CannotAssign([in_words(obstruction, table) for obstruction in solved])
    pinned = [assignment.pk for assignment in table.proposed if assignment.is_pinned]
    _proposed(panel).exclude(pk__in=pinned).update(status=AssignmentStatus.REMOVED)
    _propose(pair for pair in solved.pairs if pair not in kept)
    record(actor=by, verb="assignments.proposed", subject=panel, seed=panel.seed)
    return _proposed(panel).count()


def kept_pairs(table: Table) -> set[Pair]:
    """Return what the optimiser must leave alone. Beyond the number of reviews asked for, further ones are left out of its account."""
    kept: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair, assignment in sorted(table.live.items(), key=lambda item: (item[1].status, item[0])):
        if assignment.status == AssignmentStatus.COMMITTED or assignment.is_pinned:
            kept[pair[0]].append(pair)
    return {pair for pairs in kept.values() for pair in pairs[: table.panel.reviews_per_application]}


def in_words(obstruction: "Obstruction", table: Table) -> str:
    """Return why nothing can be assigned, naming the EoI or the member that is the cause."""
    from applications.selection.assignment import Cause

    eoi = str(table.applications.get(obstruction.application or 0, ""))
    member = str(table.members.get(obstruction.reviewer or 0, ""))
    found, limit = obstruction.found, obstruction.limit
    match obstruction.cause:
        case Cause.PIN_IN_CONFLICT:
            return f"{member} is pinned to {eoi} but has a conflict with it."
        case Cause.TOO_FEW_REVIEWERS:
            return f"{eoi} needs {limit} reviewers, and only {found} of the members said that they have no conflict with it."
        case Cause.TOO_MANY_PINS:
            return f"{eoi} has {found} pinned reviewers, and needs {limit}."
        case Cause.PINNED_BEYOND_MOST:
            return f"{member} is pinned to {found} expressions of interest, and may have {limit}."
        case Cause.CAPACITY:
            return f"{limit} reviews are needed, and the members can do {found} together."
        case Cause.SHORT_TOGETHER:
            return f"{eoi} needs {limit} reviewers and is left with {found}, as others need the same members."


@transaction.atomic
def add_proposal(*, panel_id: int, application_id: int, member_id: int, by: User) -> Assignment:
    """Propose one more pair by hand, pinned, so that proposing again keeps it. Raises ValidationError where it is impossible."""
    panel = lock_panel(panel_id)
    _check_pair(panel, application_id, member_id)
    _propose([(application_id, member_id)], is_pinned=True)
    assignment = Assignment.objects.get(application=application_id, member=member_id)
    record(actor=by, verb="assignment.proposed", subject=assignment, member=member_id)
    return assignment


@transaction.atomic
def move_proposal(*, assignment_id: int, member_id: int, by: User) -> Assignment:
    """Give a proposal to another member, pinned there. Raises ValidationError where it is impossible."""
    assignment = _lock_proposal(assignment_id)
    _drop(assignment)
    return add_proposal(panel_id=assignment.member.panel_id, application_id=assignment.application_id, member_id=member_id, by=by)


@transaction.atomic
def drop_proposal(*, assignment_id: int, by: User) -> Assignment:
    """Take one proposal out of the preview."""
    assignment = _lock_proposal(assignment_id)
    _drop(assignment)
    record(actor=by, verb="assignment.dropped", subject=assignment)
    return assignment


@transaction.atomic
def pin_proposal(*, assignment_id: int, is_pinned: bool, by: User) -> Assignment:
    """Keep a proposal when reviews are proposed again, or let it go."""
    assignment = _lock_proposal(assignment_id)
    assignment.is_pinned = is_pinned
    assignment.save(update_fields=["is_pinned"])
    record(actor=by, verb="assignment.pinned" if is_pinned else "assignment.unpinned", subject=assignment)
    return assignment


@transaction.atomic
def discard_proposals(*, panel_id: int, by: User) -> int:
    """Take every proposal out of the preview, pinned ones too, and return how many there were."""
    panel = lock_panel(panel_id)
    number = _proposed(panel).update(status=AssignmentStatus.REMOVED)
    record(actor=by, verb="assignments.discarded", subject=panel, number=number)
    return number


@transaction.atomic
def commit_proposals(*, panel_id: int, seen: str, by: User) -> int:
    """Give the members what is proposed and tell each of them once. Returns how many reviews that makes.

    `seen` is the fingerprint of the preview that the person read. Raises InvalidTransition when nothing is proposed, or something
    else than that. A proposal that has become impossible is no part of either, and leaves the preview.
    """
    panel = lock_panel(panel_id)
    table = table_of(panel)
    proposed = table.proposed
    if not proposed:
        message = "Nothing is proposed. Reload the page to see where the assignments stand."
        raise InvalidTransition(message)
    if seen != table.preview:
        message = "The proposals have changed since you opened this page, so nothing was committed. They now stand as below."
        raise InvalidTransition(message)
    now = clock.now()
    keys = [assignment.pk for assignment in proposed]
    _proposed(panel).exclude(pk__in=keys).update(status=AssignmentStatus.REMOVED)
    _proposed(panel).update(status=AssignmentStatus.COMMITTED, committed_at=now, removed_reason="")
    Review.objects.bulk_create([Review(assignment=assignment) for assignment in proposed], ignore_conflicts=True)
    given: defaultdict[int, list[Assignment]] = defaultdict(list)
    for assignment in proposed:
        given[assignment.member_id].append(assignment)
    for assignments in given.values():
        member = assignments[0].member
        member.panel = panel
        notifications.assigned(member, number=len(assignments), at=now)
    record(actor=by, verb="assignments.committed", subject=panel, assignments=keys)
    return len(proposed)


@transaction.atomic
def take_back(*, assignment_id: int, reason: str, by: User) -> Assignment:
    """Take a committed assignment back and tell its member. Raises InvalidTransition once its scores are submitted."""
    panel = lock_panel(Assignment.objects.values_list("member__panel", flat=True).get(pk=assignment_id))
    assignment = Assignment.objects.select_related("member__user", "application", "review").get(pk=assignment_id)
    if assignment.status != AssignmentStatus.COMMITTED:
        message = "This is no longer assigned. Reload the page to see where the assignments stand."
        raise InvalidTransition(message)
    if Review.objects.select_for_update(no_key=True).get(assignment=assignment).status == ReviewStatus.SUBMITTED:
        message = "These scores have been submitted, so they count. Record a conflict of interest if they must not."
        raise InvalidTransition(message)
    assignment.member.panel = panel
    assignment.status = AssignmentStatus.REMOVED
    assignment.removed_reason = reason
    assignment.save(update_fields=["status", "removed_reason"])
    notifications.taken_back(assignment, clock.now())
    record(actor=by, verb="assignment.taken_back", subject=assignment, member=assignment.member_id)
    return assignment


def _check_pair(panel: Panel, application_id: int, member_id: int) -> None:
    table = table_of(panel)
    application, member = table.applications.get(application_id), table.members.get(member_id)
    if application is None or member is None or member.status != MemberStatus.ACTIVE:
        message = "Choose a shortlisted expression of interest and a member who has declared their conflicts."
        raise ValidationError(message)
    if (application_id, member_id) in table.impossible.keys() | table.unanswered:
        message = f"{member} has a conflict of interest with {application}, or has not answered yet whether there is one."
        raise ValidationError(message)
    if (application_id, member_id) in table.live:
        message = f"{member} has {application} already."
        raise ValidationError(message)


def _propose(pairs: Iterable[Pair], *, is_pinned: bool = False) -> None:
    """Make the rows, or bring those that were taken back into the preview again."""
    Assignment.objects.bulk_create(
        [Assignment(application_id=application, member_id=member, is_pinned=is_pinned) for application, member in pairs],
        update_conflicts=True,
        unique_fields=["application", "member"],
        update_fields=["status", "is_pinned"],
    )


def _proposed(panel: Panel) -> QuerySet[Assignment]:
    return Assignment.objects.filter(member__panel=panel, status=AssignmentStatus.PROPOSED)


def _lock_proposal(assignment_id: int) -> Assignment:
    lock_panel(Assignment.objects.values_list("member__panel", flat=True).get(pk=assignment_id))
    assignment = Assignment.objects.select_related("member__user", "application__council").get(pk=assignment_id)
    if assignment.status != AssignmentStatus.PROPOSED:
        message = "This is no longer proposed. Reload the page to see where the assignments stand."
        raise InvalidTransition(message)
    return assignment


def _drop(assignment: Assignment) -> None:
    assignment.status = AssignmentStatus.REMOVED
    assignment.save(update_fields=["status"])
