"""Reminders to panel members: to answer an invitation, to declare conflicts of interest, and to submit scores."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import pairwise

from django.db.models import F, Max, Min, QuerySet, Value
from django.db.models.functions import Greatest

from applications.models import PanelMember, Review
from applications.notifications import panel as notifications
from applications.services.panel import lock_member
from applications.states import ApplicationStatus, ConflictStatus, MemberStatus
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import Planned
from upstream.deadlines import DAY, LONDON

AFTER_INVITING = (("3 days", 3 * DAY), ("7 days", 7 * DAY), ("no more", 14 * DAY))
BEFORE_DUE = (("7 days", 7 * DAY), ("2 days", 2 * DAY), ("1 day", DAY), ("due", timedelta(0)))
TIME_TO_DECLARE = 2 * DAY
MORNING = time(9)
NOTICE_GOOD_FOR = 7 * DAY


class InvitationWaits:
    """Reminds somebody who has not answered the invitation to a panel 3 days after it and 7 days after it."""

    name = notifications.INVITATION_WAITS
    title = "Reminder of an invitation to a panel"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the reminders that fall due in the span. Each is good until the next; an invitation sent again begins anew."""
        members = members_of(subject_id).filter(status=MemberStatus.INVITED, invited_at__gte=start - 7 * DAY, invited_at__lt=end)
        for member in members:
            for (name, after), (_, next_after) in pairwise(AFTER_INVITING):
                at, use_by = member.invited_at + after, member.invited_at + next_after
                if start <= at < end:
                    yield Planned(at, use_by, member, member.user.email, f"{name} after {member.invited_at.isoformat()}")

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the reminder's email."""
        return notifications.invitation_waits(lock_member(planned.subject.pk), key=key, use_by=planned.use_by)


class MoreToDeclare:
    """Asks a member who has declared about EoIs shortlisted since and conflicts found since, two days after the last of them."""

    name = notifications.MORE_TO_DECLARE
    title = "Reminder to a panel member with more conflicts of interest to declare or to deny"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the reminders that fall due in the span. What comes up later is a reminder of its own."""
        members = members_of(subject_id).filter(status=MemberStatus.ACTIVE)
        asked = last_asked(members, start - TIME_TO_DECLARE)
        found = [
            Planned(
                asked[member.pk] + TIME_TO_DECLARE,
                asked[member.pk] + TIME_TO_DECLARE + NOTICE_GOOD_FOR,
                member,
                member.user.email,
                f"asked at {asked[member.pk].isoformat()}",
            )
            for member in members.filter(pk__in=asked)
        ]
        yield from unless_told(planned for planned in found if start <= planned.at < end)

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the reminder's email."""
        return notifications.more_to_declare(lock_member(planned.subject.pk), key=key, use_by=planned.use_by)


def last_asked(members: QuerySet[PanelMember], since: datetime) -> dict[int, datetime]:
    """Return when a member last got something more to declare about, where that was after a moment: two queries."""
    members = members.order_by()
    shortlisted = members.filter(
        panel__call__applications__status=ApplicationStatus.SHORTLISTED,
        panel__call__applications__decisions__released_at__gt=Greatest(F("declared_at"), Value(since)),
    )
    detected = members.filter(
        user__conflicts__application__call=F("panel__call"),
        user__conflicts__application__status=ApplicationStatus.SHORTLISTED,
        user__conflicts__status=ConflictStatus.PROPOSED,
        user__conflicts__created_at__gt=since,
    )
    asked = dict(detected.values_list("pk").annotate(at=Max("user__conflicts__created_at")))
    for member, at in shortlisted.values_list("pk").annotate(at=Max("panel__call__applications__decisions__released_at")):
        asked[member] = max(at, asked.get(member, at))
    return asked


class ReviewsDue:
    """Reminds members 7 days, 2 days and 1 day before their scores are due, and at nine on the morning after."""

    name = notifications.REVIEWS_DUE
    title = "Reminder to a panel member with scores left to submit"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the reminders that fall due in the span. Each is good until the next; none is for before the member had anything."""
        waiting = Review.objects.wanted()
        members = members_of(subject_id).filter(panel__due_at__gte=start - 2 * DAY, panel__due_at__lt=end + BEFORE_DUE[0][1])
        given = dict(
            waiting.filter(assignment__member__in=members)
            .order_by()
            .values_list("assignment__member")
            .annotate(at=Min("assignment__committed_at"))
        )
        found = [planned for member in members.filter(pk__in=given) for planned in around_due(member) if planned.at >= given[member.pk]]
        yield from unless_told(planned for planned in found if start <= planned.at < end)

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the reminder's email."""
        member = lock_member(planned.subject.pk)
        left = Review.objects.wanted().filter(assignment__member=member).count()
        is_late = planned.occurrence.startswith("after")
        return notifications.reviews_due(member, left=left, is_late=is_late, key=key, use_by=planned.use_by)


def around_due(member: PanelMember) -> Iterator[Planned]:
    """Yield a reminder for each moment before a member's scores are due, and for the morning after."""
    due = member.panel.due_at
    for (name, before), (_, next_before) in pairwise(BEFORE_DUE):
        yield Planned(due - before, due - next_before, member, member.user.email, f"{name} before {due.isoformat()}")
    after = morning_after(due)
    yield Planned(after, after + NOTICE_GOOD_FOR, member, member.user.email, f"after {due.isoformat()}")


def morning_after(due: datetime) -> datetime:
    """Return nine in the morning, UK time, of the day after scores were due."""
    return datetime.combine(due.astimezone(LONDON).date() + DAY, MORNING, LONDON)


def members_of(subject_id: int | None) -> QuerySet[PanelMember]:
    """Return all members, or the one that is asked about, with what a reminder says of them."""
    members = PanelMember.objects.select_related("user", "panel")
    return members if subject_id is None else members.filter(pk=subject_id)


def unless_told(reminders: Iterable[Planned]) -> Iterator[Planned]:
    """Leave out what a person has reminded a member of by hand within the day before it, or since.

    A message that is in the outbox already is asked about once more before it goes. The other way round, whoever reminds by hand
    finds it there, as both lock the panel.
    """
    found = list(reminders)
    told = notifications.last_told({planned.subject.pk for planned in found}, notifications.BY_HAND)
    return (planned for planned in found if planned.subject.pk not in told or told[planned.subject.pk] <= planned.at - DAY)
