"""Who sits on a panel. Every function locks the panel first, so that two of them never decide on the same picture."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, Max, QuerySet

from applications.models import Application, Conflict, Panel, PanelMember, Review
from applications.notifications import panel as notifications
from applications.services.conflicts import Interest, propose_detected, settle
from applications.states import MEMBER_TRANSITIONS, AssignmentStatus, MemberStatus, ReviewStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.accounts.services import find_or_invite_user
from upstream.audit.services import record
from upstream.correspondence.models import OutboundEmail
from upstream.deadlines import DAY, moment_in_words
from upstream.transitions import InvalidTransition, check_transition


def to_be_scored(panel: Panel) -> QuerySet[Application]:
    """Return the EoIs that the panel is for, with their councils."""
    return Application.objects.shortlisted().filter(call=panel.call_id).select_related("council").order_by("reference")


def unanswered(member: PanelMember) -> QuerySet[Application]:
    """Return the EoIs about which nobody has said yet whether the member has a conflict of interest."""
    asked = to_be_scored(member.panel).exclude(pk__in=member.answered.values("pk"))
    return asked.exclude(pk__in=Conflict.objects.filter(user=member.user_id).values("application"))


def lock_panel(panel_id: int) -> Panel:
    """Lock the panel and return it with its call."""
    Panel.objects.select_for_update(no_key=True).get(pk=panel_id)
    return Panel.objects.select_related("call__cohort").get(pk=panel_id)


def lock_member(member_id: int) -> PanelMember:
    """Lock the panel of a member and return the member with it."""
    panel = lock_panel(PanelMember.objects.values_list("panel", flat=True).get(pk=member_id))
    member = PanelMember.objects.select_related("user", "invited_by").get(pk=member_id)
    member.panel = panel
    return member


@transaction.atomic
def invite_member(*, panel_id: int, name: str, email: str, is_chair: bool, by: User) -> PanelMember:
    """Invite somebody to the panel by email, or invite a member who withdrew again.

    Raises ValidationError when they sit on it already, or when it has a chair.
    """
    panel = lock_panel(panel_id)
    user = find_or_invite_user(email=email)
    member = PanelMember.objects.filter(panel=panel, user=user).first() or PanelMember(panel=panel, user=user)
    if member.pk and member.status == MemberStatus.INVITED:
        raise ValidationError({"email": f"{user} has been invited already. You can send the invitation again from the list of members"})
    if member.pk and member.status != MemberStatus.WITHDRAWN:
        raise ValidationError({"email": f"{user} sits on this panel already"})
    if is_chair and panel.members.filter(is_chair=True).exists():
        raise ValidationError({"is_chair": "This panel has a chair. Make somebody else the chair on their page instead"})
    if not user.full_name:
        user.full_name = name
        user.save(update_fields=["full_name"])
    member.is_chair = is_chair
    _invite(member, by=by)
    return member


@transaction.atomic
def invite_again(*, member_id: int, by: User) -> PanelMember:
    """Invite a member who withdrew. They declare their conflicts anew. Raises InvalidTransition for anybody else."""
    member = lock_member(member_id)
    check_transition(member.status, MemberStatus.INVITED, MEMBER_TRANSITIONS)
    _invite(member, by=by)
    return member


@transaction.atomic
def send_invitation_again(*, member_id: int, by: User) -> PanelMember:
    """Invite somebody anew who has not answered. The reminders of their invitation start again too.

    Raises InvalidTransition for anybody else, or when we wrote to them within the last day.
    """
    member = lock_member(member_id)
    if member.status != MemberStatus.INVITED:
        message = f"{member.user} has no invitation to answer."
        raise InvalidTransition(message)
    _check_not_told_today(member)
    member.invited_at = clock.now()
    member.save(update_fields=["invited_at"])
    notifications.invited(member)
    record(actor=by, verb="panel.invitation_sent_again", subject=member)
    return member


def _check_not_told_today(member: PanelMember) -> None:
    """Raise InvalidTransition if a person or a rule has invited or reminded the member within the last day."""
    kinds = notifications.BY_HAND + notifications.BY_RULE
    last = notifications.last_told([member.pk], kinds).get(member.pk)
    if last and last > clock.now() - DAY:
        message = f"We wrote to {member.user} at {moment_in_words(last)}. A reminder goes at most once in 24 hours."
        raise InvalidTransition(message)


def _invite(member: PanelMember, *, by: User) -> None:
    member.status = MemberStatus.INVITED
    member.invited_by = by
    member.invited_at = clock.now()
    member.declared_at = None
    member.withdrawn_reason = ""
    member.save()
    member.answered.clear()
    propose_detected([member.user], list(to_be_scored(member.panel)))
    notifications.invited(member)
    record(actor=by, verb="panel.invited", subject=member, user=member.user_id, is_chair=member.is_chair)


@transaction.atomic
def make_chair(*, member_id: int, by: User) -> PanelMember:
    """Let a member chair the panel, in place of whoever does. Raises InvalidTransition for a member who has withdrawn."""
    member = lock_member(member_id)
    if member.status == MemberStatus.WITHDRAWN:
        message = f"{member.user} has withdrawn from the panel, so cannot chair it."
        raise InvalidTransition(message)
    member.panel.members.filter(is_chair=True).update(is_chair=False)
    member.is_chair = True
    member.save(update_fields=["is_chair"])
    record(actor=by, verb="panel.chair", subject=member)
    return member


@transaction.atomic
def withdraw_member(*, member_id: int, reason: str, by: User) -> PanelMember:
    """End a member's seat and take back what they have not submitted; what they have submitted stays and counts."""
    member = lock_member(member_id)
    check_transition(member.status, MemberStatus.WITHDRAWN, MEMBER_TRANSITIONS)
    member.status = MemberStatus.WITHDRAWN
    member.is_chair = False
    member.withdrawn_reason = reason
    member.save(update_fields=["status", "is_chair", "withdrawn_reason"])
    submitted = Review.objects.filter(status=ReviewStatus.SUBMITTED, assignment__status=AssignmentStatus.COMMITTED)
    open_ones = member.assignments.live().exclude(pk__in=submitted.values("assignment"))
    taken_back = list(open_ones.values_list("application", flat=True))
    open_ones.update(status=AssignmentStatus.REMOVED, removed_reason=f"Withdrew from the panel: {reason}")
    notifications.withdrawn(member, clock.now())
    record(actor=by, verb="panel.withdrawn", subject=member, taken_back=taken_back)
    return member


@transaction.atomic
def declare(
    *,
    member_id: int,
    general: str,
    asked: Collection[int],
    interests: Mapping[int, Interest],
    dismissals: Mapping[int, str],
    by: User,
) -> PanelMember:
    """Keep a member's declaration, the first one or a later one: what they say of the call, and their answers by EoI.

    `asked` are the EoIs that the page asked about: only these can be assigned to them. Raises PermissionDenied for anybody else,
    InvalidTransition once they have withdrawn or when an answer came too late.
    """
    member = lock_member(member_id)
    if member.user_id != by.pk:
        raise PermissionDenied
    if member.status != MemberStatus.ACTIVE:
        check_transition(member.status, MemberStatus.ACTIVE, MEMBER_TRANSITIONS)
    applications = list(to_be_scored(member.panel))
    settle(user=member.user, applications=applications, interests=interests, dismissals=dismissals, by=by)
    member.answered.add(*(application for application in applications if application.pk in asked))
    member.status = MemberStatus.ACTIVE
    member.general_interest = general
    member.declared_at = clock.now()
    member.save(update_fields=["status", "general_interest", "declared_at"])
    record(actor=by, verb="panel.declared", subject=member, conflicts=sorted(interests), dismissed=sorted(dismissals))
    return member


@transaction.atomic
def remind_member(*, member_id: int, by: User) -> OutboundEmail:
    """Remind a member of what is left to score.

    Raises InvalidTransition when nothing is, or when we wrote to them within the last day.
    """
    member = lock_member(member_id)
    left = Review.objects.waiting().filter(assignment__member=member).count()
    if not left:
        message = f"{member.user} has nothing left to score."
        raise InvalidTransition(message)
    _check_not_told_today(member)
    email = notifications.nudge(member, at=clock.now(), left=left)
    record(actor=by, verb="panel.reminded", subject=member, left=left)
    return email


@dataclass(frozen=True)
class Progress:
    """How far a member is."""

    member: PanelMember
    submitted: int
    left: int
    last_saved: datetime | None
    last_told: datetime | None


def progress_of(panel: Panel) -> list[Progress]:
    """Return how far each member is, in five queries. What a conflict closes to a member counts neither as done nor as left."""
    members = list(panel.members.select_related("user").order_by("user__full_name", "pk"))
    reviews = Review.objects.filter(assignment__member__panel=panel)
    submitted = _counted(reviews.counting())
    left = _counted(reviews.waiting())
    saved = dict(reviews.order_by().values_list("assignment__member").annotate(at=Max("saved_at")))
    told = notifications.last_told([member.pk for member in members], notifications.BY_HAND + notifications.BY_RULE)
    return [
        Progress(member, submitted.get(member.pk, 0), left.get(member.pk, 0), saved.get(member.pk), told.get(member.pk))
        for member in members
    ]


def _counted(reviews: QuerySet[Review]) -> dict[int, int]:
    return dict(reviews.order_by().values_list("assignment__member").annotate(number=Count("pk")))
