"""Reminders to panel members who have scores left to submit."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import pairwise

from django.db.models import Min

from applications.models import PanelMember, Review
from applications.notifications import panel as notifications
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import Planned
from upstream.deadlines import LONDON

BEFORE_DUE = (("7 days", timedelta(days=7)), ("2 days", timedelta(days=2)), ("1 day", timedelta(days=1)), ("due", timedelta(0)))
MORNING = time(9)
LATE_GOOD_FOR = timedelta(days=7)


class ReviewsDue:
    """Reminds members 7 days, 2 days and 1 day before their scores are due, and at nine on the morning after."""

    name = notifications.REVIEWS_DUE
    title = "Reminder to a panel member with scores left to submit"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the reminders that fall due in the span. Each is good until the next; none is for before the member had anything."""
        waiting = Review.objects.waiting()
        members = PanelMember.objects.filter(panel__due_at__gte=start - timedelta(days=2), panel__due_at__lt=end + BEFORE_DUE[0][1])
        if subject_id is not None:
            members = members.filter(pk=subject_id)
        given = dict(
            waiting.filter(assignment__member__in=members)
            .order_by()
            .values_list("assignment__member")
            .annotate(at=Min("assignment__committed_at"))
        )
        for member in members.filter(pk__in=given).select_related("user", "panel"):
            due = member.panel.due_at
            for (name, before), (_, next_before) in pairwise(BEFORE_DUE):
                yield from within(
                    start,
                    end,
                    given[member.pk],
                    Planned(due - before, due - next_before, member, member.user.email, f"{name} before {due.isoformat()}"),
                )
            after = morning_after(due)
            yield from within(
                start, end, given[member.pk], Planned(after, after + LATE_GOOD_FOR, member, member.user.email, f"after {due.isoformat()}")
            )

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the reminder's email."""
        member = PanelMember.objects.select_related("user", "panel__call__cohort").get(pk=planned.subject.pk)
        left = Review.objects.waiting().filter(assignment__member=member).count()
        is_late = planned.occurrence.startswith("after")
        return notifications.reviews_due(member, left=left, is_late=is_late, key=key, use_by=planned.use_by)


def within(start: datetime, end: datetime, given: datetime, planned: Planned) -> Iterator[Planned]:
    """Yield the reminder if it falls due in the span and the member had something to score by then."""
    if start <= planned.at < end and planned.at >= given:
        yield planned


def morning_after(due: datetime) -> datetime:
    """Return nine in the morning, UK time, of the day after scores were due."""
    return datetime.combine(due.astimezone(LONDON).date() + timedelta(days=1), MORNING, LONDON)
