"""Who is due which reminder: functions of the database and a span of time. Sending them is correspondence's work."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import cast

from applications.models import Application, Call
from applications.notifications import eoi as notifications
from applications.states import ApplicationStatus
from cohort.models import CouncilContact
from upstream.accounts.services import people_who_may
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import Planned

BEFORE_DEADLINE = (
    ("14 days", timedelta(days=14)),
    ("3 days", timedelta(days=3)),
    ("24 hours", timedelta(hours=24)),
    ("2 hours", timedelta(hours=2)),
    ("the deadline", timedelta(0)),
)
NOTICE_GOOD_FOR = timedelta(days=7)


def drafts_with_people(start: datetime, end: datetime, subject_id: int | None) -> Iterator[tuple[Application, CouncilContact]]:
    """Yield drafts whose deadline lies in the span, each with every person who acts for the council: two queries.

    Nothing that fell due before a person joined is for them.
    """
    drafts = Application.objects.select_related("call__cohort", "council").with_deadline()
    drafts = drafts.filter(status=ApplicationStatus.DRAFT, deadline__gte=start, deadline__lt=end)  # type: ignore[misc]
    if subject_id is not None:
        drafts = drafts.filter(pk=subject_id)
    found = list(drafts)
    people: dict[int, list[CouncilContact]] = {}
    contacts = CouncilContact.objects.active().filter(council__in={draft.council_id for draft in found})
    for contact in contacts.select_related("user"):
        people.setdefault(contact.council_id, []).append(contact)
    for draft in found:
        for contact in people.get(draft.council_id, []):
            yield draft, contact


def draft_of(planned: Planned) -> Application:
    """Return the draft that a reminder is about."""
    return cast("Application", planned.subject)


class DraftDeadline:
    """Reminds a council with a draft 14 days, 3 days, 24 hours and 2 hours before its deadline."""

    name = notifications.DRAFT_DEADLINE
    title = "Deadline reminder to a council with a draft"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the reminders that fall due in the span. Each is good until the next; none is for before the draft began."""
        longest = BEFORE_DEADLINE[0][1]
        for draft, contact in drafts_with_people(start, end + longest, subject_id):
            deadline: datetime = draft.deadline  # type: ignore[attr-defined]
            for (name, before), (_, next_before) in pairwise(BEFORE_DEADLINE):
                at = deadline - before
                if start <= at < end and at >= max(draft.created_at, contact.joined_at):
                    yield Planned(at, deadline - next_before, draft, contact.user.email, f"{name} before {deadline.isoformat()}")

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the reminder's email."""
        return notifications.draft_deadline(draft_of(planned), email=planned.recipient, key=key, use_by=planned.use_by)


class CallClosed:
    """Tells a council whose draft missed its deadline."""

    name = "call-closed"
    title = "Notice that a call closed with a draft not submitted"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the notices that fall due in the span."""
        for draft, contact in drafts_with_people(start, end, subject_id):
            deadline: datetime = draft.deadline  # type: ignore[attr-defined]
            if deadline >= contact.joined_at:
                yield Planned(deadline, deadline + NOTICE_GOOD_FOR, draft, contact.user.email, deadline.isoformat())

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the notice's email."""
        return notifications.call_closed(draft_of(planned), email=planned.recipient, key=key, use_by=planned.use_by)


class ClosingDigest:
    """Tells staff what a call brought in, when it closes."""

    name = "closing-digest"
    title = "Digest for staff when a call closes"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the digests that fall due in the span."""
        calls = Call.objects.published().filter(closes_at__gte=start, closes_at__lt=end)
        if subject_id is not None:
            calls = calls.filter(pk=subject_id)
        staff = people_who_may("applications.view_application") if calls else []
        for call in calls:
            for person in staff:
                yield Planned(call.closes_at, call.closes_at + NOTICE_GOOD_FOR, call, person.email, call.closes_at.isoformat())

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the digest's email."""
        return notifications.closing_digest(cast("Call", planned.subject), email=planned.recipient, key=key, use_by=planned.use_by)
