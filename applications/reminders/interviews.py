"""Who is reminded of an interview, and when."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import cast

from applications.models import Conflict, Interview, InterviewSheet
from applications.notifications import interviews as notifications
from applications.states import ApplicationStatus, InterviewStatus
from cohort.models import CouncilContact
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import Planned

BEFORE_INTERVIEW = (
    ("2 days", timedelta(days=2)),
    ("2 hours", timedelta(hours=2)),
    ("the interview", timedelta(0)),
)


class InterviewSoon:
    """Reminds a council's people and both interviewers 2 days and 2 hours before an interview."""

    name = notifications.REMINDER
    title = "Reminder of an interview"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the reminders that fall due in the span. Each is good until the next; none is for before the time was booked."""
        longest = BEFORE_INTERVIEW[0][1]
        booked = Interview.objects.filter(
            status=InterviewStatus.BOOKED,
            application__status=ApplicationStatus.SHORTLISTED,  # one that is decided needs no interview any more
            slot__starts_at__gte=start,
            slot__starts_at__lt=end + longest,
        )
        if subject_id is not None:
            booked = booked.filter(pk=subject_id)
        interviews = list(
            booked.select_related("application__council", "application__call", "slot__interviewer", "slot__second_interviewer")
        )
        people = people_since(interviews)
        for interview in interviews:
            starts_at = interview.slot.starts_at
            for (name, before), (_, next_before) in pairwise(BEFORE_INTERVIEW):
                at = starts_at - before
                for person, since in people[interview.pk].items():
                    if start <= at < end and at >= max(interview.booked_at, since):
                        yield Planned(at, starts_at - next_before, interview, person.email, f"{name} before {starts_at.isoformat()}")

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the reminder's email."""
        interview = cast("Interview", planned.subject)
        return notifications.interview_reminder(interview, email=planned.recipient, key=key, use_by=planned.use_by)


def people_since(interviews: list[Interview]) -> dict[int, dict[User, datetime]]:
    """Return, for each interview, who takes part in it and since when, those apart who have a conflict of interest: three queries."""
    found: dict[int, dict[User, datetime]] = {interview.pk: {} for interview in interviews}
    councils = {interview.application.council_id for interview in interviews}
    contacts = list(CouncilContact.objects.active().filter(council__in=councils).select_related("user"))
    for interview in interviews:
        found[interview.pk] |= {each.user: each.changed_at for each in contacts if each.council_id == interview.application.council_id}
    applications = {interview.pk: interview.application_id for interview in interviews}
    conflicted = set(Conflict.objects.active().filter(application__in=applications.values()).values_list("application", "user"))
    for sheet in InterviewSheet.objects.current().filter(interview__in=found).select_related("interviewer"):
        if (applications[sheet.interview_id], sheet.interviewer_id) not in conflicted:
            found[sheet.interview_id][sheet.interviewer] = sheet.created_at
    return found
