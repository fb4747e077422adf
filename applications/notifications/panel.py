"""The emails to panel members: one function each."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import Max
from django.urls import reverse

from applications.models import Assignment, Conflict, PanelMember, Review
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import queue
from upstream.correspondence.states import EmailStatus

INVITED = "panel-invited"
INVITATION_WAITS = "panel-invitation-waits"
MORE_TO_DECLARE = "panel-more-to-declare"
REVIEWS_DUE = "panel-reviews-due"
NUDGE = "panel-nudge"
BY_HAND = (INVITED, NUDGE)
BY_RULE = (INVITATION_WAITS, MORE_TO_DECLARE, REVIEWS_DUE)


def last_told(members: Collection[int], kinds: Collection[str]) -> dict[int, datetime]:
    """Return when each member was last sent one of these, by the member's id. What proved not to be needed does not count."""
    messages = OutboundEmail.objects.filter(
        kind__in=kinds, about_type=ContentType.objects.get_for_model(PanelMember), about_id__in=members
    ).exclude(status=EmailStatus.SUPPRESSED)
    return dict(messages.order_by().values_list("about_id").annotate(at=Max("created_at")))


def _tell(member: PanelMember, *, kind: str, key: str, page: str = "panel", **options: Any) -> OutboundEmail:
    context = {
        "member": member,
        "panel": member.panel,
        "call": member.panel.call,
        "link": settings.SITE_URL + reverse(f"applications:{page}", args=[member.panel.call.slug]),
    }
    return queue(
        key=key,
        kind=kind,
        recipient=member.user.email,
        template=f"applications/{kind}",
        context=context | options.pop("context", {}),
        about=options.pop("about", member),
        **options,
    )


def invited(member: PanelMember) -> None:
    """Ask somebody to sit on the panel, once for each time that they are invited."""
    _tell(member, kind=INVITED, key=f"{INVITED}:{member.pk}:{member.invited_at.isoformat()}", page="panel_declare")


def withdrawn(member: PanelMember, at: datetime) -> None:
    """Confirm to a member that they no longer sit on the panel."""
    _tell(member, kind="panel-withdrawn", key=f"panel-withdrawn:{member.pk}:{at.isoformat()}")


def assigned(member: PanelMember, *, number: int, at: datetime) -> None:
    """Tell a member how many EoIs they were given, once for each time that assignments are committed."""
    _tell(member, kind="panel-assigned", key=f"panel-assigned:{member.pk}:{at.isoformat()}", context={"number": number})


def taken_back(assignment: Assignment, at: datetime) -> None:
    """Tell a member that they need not score an EoI any more."""
    _tell(
        assignment.member,
        kind="panel-taken-back",
        key=f"panel-taken-back:{assignment.pk}:{at.isoformat()}",
        context={"application": assignment.application, "reason": assignment.removed_reason},
        about=assignment.application,
    )


def reopened(review: Review, at: datetime) -> None:
    """Tell a member that they can change scores which they had submitted."""
    assignment = review.assignment
    _tell(
        assignment.member,
        kind="panel-reopened",
        key=f"panel-reopened:{review.pk}:{at.isoformat()}",
        context={"application": assignment.application, "reason": review.reopened_reason},
        about=assignment.application,
    )


def nudge(member: PanelMember, *, at: datetime, left: int) -> OutboundEmail:
    """Remind a member gently, at the press of a button in the office."""
    return _tell(member, kind=NUDGE, key=f"{NUDGE}:{member.pk}:{at.isoformat()}", context={"left": left})


def invitation_waits(member: PanelMember, *, key: str, use_by: datetime) -> OutboundEmail:
    """Remind somebody who has not answered their invitation."""
    return _tell(member, kind=INVITATION_WAITS, key=key, use_by=use_by, page="panel_declare")


def more_to_declare(member: PanelMember, *, key: str, use_by: datetime) -> OutboundEmail:
    """Ask a member who has declared about what came up since."""
    return _tell(member, kind=MORE_TO_DECLARE, key=key, use_by=use_by, page="panel_declare")


def reviews_due(member: PanelMember, *, left: int, is_late: bool, key: str, use_by: datetime) -> OutboundEmail:
    """Remind a member before the scores are due, or on the morning after."""
    return _tell(member, kind=REVIEWS_DUE, key=key, use_by=use_by, context={"left": left, "is_late": is_late})


def _about_conflict(conflict: Conflict, *, kind: str, recipient: str, at: datetime) -> None:
    queue(
        key=f"{kind}:{conflict.pk}:{at.isoformat()}",
        kind=kind,
        recipient=recipient,
        template=f"applications/{kind}",
        context={"conflict": conflict, "application": conflict.application},
        about=conflict,
    )


def conflict_recorded(conflict: Conflict, at: datetime) -> None:
    """Tell a person that staff recorded a conflict for them, so that the EoI is closed to them."""
    _about_conflict(conflict, kind="conflict-recorded", recipient=conflict.user.email, at=at)


def conflict_waived(conflict: Conflict, at: datetime) -> None:
    """Tell a person that the chair waived their conflict, so that the EoI is open to them again."""
    _about_conflict(conflict, kind="conflict-waived", recipient=conflict.user.email, at=at)


def reviewer_lost(conflict: Conflict, member: PanelMember, at: datetime) -> None:
    """Tell whoever invited a member that an EoI which the member was scoring needs somebody else."""
    _about_conflict(conflict, kind="reviewer-lost", recipient=member.invited_by.email, at=at)
