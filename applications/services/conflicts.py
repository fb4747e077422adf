"""Conflicts of interest: found by the system, declared by the person, recorded by staff, waived by the chair.

Each write locks the EoI, so that two about the same one wait for each other. Most of what follows from an active conflict is not done
here: `visible_to`, `unconflicted` and `overtaken` ask whether there is one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.db import transaction

from applications.models import Application, Assessment, Assignment, Conflict, PanelMember
from applications.notifications import panel as notifications
from applications.states import CONFLICT_TRANSITIONS, ApplicationStatus, AssignmentStatus, ConflictKind, ConflictStatus
from cohort.models import CouncilContact, CouncilDomain
from cohort.states import ContactStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.accounts.services import people_who_may
from upstream.audit.services import record
from upstream.transitions import InvalidTransition, check_transition

Pair = tuple[int, int]  # a user's id and an EoI's
JUDGING = ("applications.assess_application", "applications.decide_application", "applications.conduct_interview")


@dataclass(frozen=True)
class Interest:
    """A conflict as a person describes it."""

    kind: ConflictKind
    detail: str


def detected(users: Collection[User], applications: Collection[Application]) -> dict[Pair, str]:
    """Return which of these people seem to work, or to have worked, for the council of which EoI, each with how it shows.

    Three queries, whatever the numbers.
    """
    councils = {application.council_id for application in applications}
    domains: dict[str, set[int]] = {}
    for domain, council in CouncilDomain.objects.filter(council__in=councils).values_list("domain", "council"):
        domains.setdefault(domain, set()).add(council)
    addresses = [(user.pk, user.email) for user in users]
    addresses += EmailAddress.objects.filter(user__in=users).values_list("user", "email")
    found: dict[Pair, str] = {}
    for user, address in addresses:
        domain = address.rpartition("@")[2].lower()
        for council in domains.get(domain, ()):
            found[user, council] = f"Their email address is at {domain}, which belongs to the council."
    standings = CouncilContact.objects.filter(
        user__in=users, council__in=councils, status__in=[ContactStatus.ACTIVE, ContactStatus.ENDED]
    ).values_list("user", "council", "status")
    for user, council, status in standings:
        found[user, council] = "They act for the council." if status == ContactStatus.ACTIVE else "They have acted for the council."
    return {
        (user.pk, application.pk): found[user.pk, application.council_id]
        for application in applications
        for user in users
        if (user.pk, application.council_id) in found
    }


def propose_detected(users: Collection[User], applications: Collection[Application]) -> None:
    """Put what is detected before the person, unless there is already a conflict to decide, or one that was decided."""
    found = detected(users, applications)
    rows = [
        Conflict(
            user_id=user,
            application_id=application,
            kind=ConflictKind.COUNCIL,
            detail=how,
            status=ConflictStatus.PROPOSED,
            is_detected=True,
        )
        for (user, application), how in found.items()
    ]
    Conflict.objects.bulk_create(rows, ignore_conflicts=True)


def propose_to_staff() -> None:
    """Put what is detected now before everybody of the office who assesses, decides or interviews, about what is being judged."""
    judging = {person for permission in JUDGING for person in people_who_may(permission)}
    propose_detected(judging, Application.objects.filter(status__in=[ApplicationStatus.SUBMITTED, ApplicationStatus.SHORTLISTED]))


def refuse_unanswered(application: Application, user: User) -> None:
    """Raise InvalidTransition while the person has not answered whether what was found is a conflict with the EoI."""
    if Conflict.objects.proposed().filter(user=user, application=application).exists():
        message = "You may have a conflict of interest with this council. Say first whether it is one: the triage queue leads there."
        raise InvalidTransition(message)


@transaction.atomic
def declare_conflict(*, application_id: int, user: User, interest: Interest, by: User) -> Conflict:
    """Keep a person away from an EoI, at once. Staff do so for others, who are told. Declaring it twice changes nothing.

    What they have not finished goes back: a proposal out of the preview, an assessment to the queue with what was written in it.
    """
    application = _lock(application_id)
    conflict = Conflict.objects.filter(application=application, user=user).first() or Conflict(application=application, user=user)
    if conflict.pk and conflict.status == ConflictStatus.ACTIVE:
        return conflict
    if conflict.pk:
        check_transition(conflict.status, ConflictStatus.ACTIVE, CONFLICT_TRANSITIONS)
    conflict.kind = interest.kind
    conflict.detail = interest.detail
    _decide(conflict, ConflictStatus.ACTIVE, reason="", by=by)
    proposed = Assignment.objects.filter(application=application, member__user=user, status=AssignmentStatus.PROPOSED)
    proposed.update(status=AssignmentStatus.REMOVED)
    _, deleted = Assessment.objects.filter(application=application, assessor=user, completed_at__isnull=True).delete()
    at = clock.now()
    if by != user:
        notifications.conflict_recorded(conflict, at)
    else:
        _tell_of_lost_reviewer(conflict, at)
    record(actor=by, verb="conflict.declared", subject=conflict, application=application.pk, user=user.pk, kind=conflict.kind)
    if deleted:
        record(actor=by, verb="assessment.put_back", subject=application, assessor=user.pk, reason="Conflict of interest")
    return conflict


def _tell_of_lost_reviewer(conflict: Conflict, at: datetime) -> None:
    members = PanelMember.objects.filter(
        user=conflict.user_id, assignments__application=conflict.application_id, assignments__status=AssignmentStatus.COMMITTED
    )
    for member in members.select_related("invited_by"):
        notifications.reviewer_lost(conflict, member, at)


@transaction.atomic
def dismiss_conflict(*, application_id: int, user: User, reason: str, by: User) -> Conflict:
    """Say that what was detected is no conflict, and why. Raises InvalidTransition unless it still waits for an answer."""
    application = _lock(application_id)
    conflict = Conflict.objects.get(application=application, user=user)
    check_transition(conflict.status, ConflictStatus.DISMISSED, CONFLICT_TRANSITIONS)
    _decide(conflict, ConflictStatus.DISMISSED, reason=reason, by=by)
    record(actor=by, verb="conflict.dismissed", subject=conflict, application=application.pk, user=user.pk)
    return conflict


@transaction.atomic
def waive_conflict(*, conflict_id: int, reason: str, by: User) -> Conflict:
    """Let a person judge an EoI in spite of a conflict, and tell them. Only the chair may, and not about their own EoIs.

    Raises PermissionDenied for everybody else, and InvalidTransition when there is nothing to waive.
    """
    application = _lock(Conflict.objects.values_list("application", flat=True).get(pk=conflict_id))
    if not Conflict.objects.for_chair(by).filter(pk=conflict_id).exists():
        raise PermissionDenied
    conflict = Conflict.objects.select_related("user").get(pk=conflict_id)
    conflict.application = application
    check_transition(conflict.status, ConflictStatus.WAIVED, CONFLICT_TRANSITIONS)
    _decide(conflict, ConflictStatus.WAIVED, reason=reason, by=by)
    notifications.conflict_waived(conflict, clock.now())
    record(actor=by, verb="conflict.waived", subject=conflict, application=conflict.application_id, user=conflict.user_id)
    return conflict


def settle(
    *,
    user: User,
    applications: Collection[Application],
    interests: Mapping[int, Interest],
    dismissals: Mapping[int, str],
    by: User,
) -> None:
    """Keep a person's answers about many EoIs, each by its id.

    Raises InvalidTransition when one was decided meanwhile, or when more has been detected than they have answered.
    """
    propose_detected([user], applications)
    answered = interests.keys() | dismissals.keys()
    # All before the first line of the trail, which everybody else's line waits for.
    list(Application.objects.select_for_update(no_key=True).filter(pk__in=answered).order_by("pk"))
    for application in applications:
        if application.pk in interests:
            declare_conflict(application_id=application.pk, user=user, interest=interests[application.pk], by=by)
        elif application.pk in dismissals:
            dismiss_conflict(application_id=application.pk, user=user, reason=dismissals[application.pk], by=by)
    if Conflict.objects.filter(user=user, application__in=applications, status=ConflictStatus.PROPOSED).exists():
        message = "A possible conflict has been found since you opened this page. Reload it to answer."
        raise InvalidTransition(message)


def _lock(application_id: int) -> Application:
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    return Application.objects.select_related("council", "call").get(pk=application_id)


def _decide(conflict: Conflict, status: ConflictStatus, *, reason: str, by: User) -> None:
    conflict.status = status
    conflict.reason = reason
    conflict.decided_by = by
    conflict.decided_at = clock.now()
    conflict.save()
