"""What is due next: the moments and days to come that the office's front page names.

What gathers from several apps is an explicit list here. Each gatherer comes with the permission of those it is for.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import NamedTuple, cast

from django.db.models import Q

from applications.models import Call, Extension, Interview, Offer, PanelMeeting, Release
from applications.states import InterviewStatus
from cohort.models import Cohort
from upstream.accounts.models import User
from upstream.deadlines import LONDON, counted, in_words, long_date, time_left

SHOWN = 8


class Deadline(NamedTuple):
    """Something that happens at a moment."""

    at: datetime
    when: str
    what: str


def programme_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """Calls that open or close, when their panels' scores are due, and the days that councils have been promised."""
    today = now.astimezone(LONDON).date()
    ahead = Q(call__closes_at__gt=now) | Q(call__panel__due_at__gt=now) | Q(starts_on__gte=today)
    for cohort in Cohort.objects.filter(ahead).select_related("call__panel"):
        yield from (deadline for deadline in promised(cohort) if deadline.at > now)
        if hasattr(cohort, "call") and user.has_perm("applications.view_call"):
            moments = moments_of(cohort.call, now, with_panel=user.has_perm("applications.view_panel"))
            yield from (Deadline(at, in_words(at), what) for at, what in moments if at > now)


def promised(cohort: Cohort) -> Iterator[Deadline]:
    """Yield the days that councils have been promised."""
    yield on_day(cohort.confirmations_due_on, f"Every council that applied for {cohort} has its answer")
    yield on_day(cohort.starts_on, f"{cohort} starts")


def moments_of(call: Call, now: datetime, *, with_panel: bool) -> Iterator[tuple[datetime, str]]:
    """Yield when something happens to a call, and what."""
    yield call.opens_at, f"{call} opens"
    yield call.closes_at, f"{call} closes, in {time_left(call.closes_at, now)}"
    if with_panel and hasattr(call, "panel"):
        yield call.panel.due_at, f"Scores of the panel of {call} are due"


def extension_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """Councils whose extension ends."""
    for extension in Extension.objects.visible_to(user).filter(approved_at__isnull=False, until__gt=now).select_related("council"):
        yield Deadline(extension.until, in_words(extension.until), f"The extension of {extension.council} ends")


def on_day(day: date, what: str) -> Deadline:
    """Return a deadline that is a day, due by its end."""
    return Deadline(datetime.combine(day, time.max, LONDON), long_date(day), what)


def offer_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """When offers that are not answered end, and when releases happen by themselves."""
    ends = Offer.objects.visible_to(user).open().filter(respond_by__gt=now).order_by("respond_by").values_list("respond_by", flat=True)
    for at, number in sorted(Counter(ends).items()):
        yield Deadline(at, in_words(at), f"{counted(number, 'offer')} without an answer lapse{'s' if number == 1 else ''}")
    for release in Release.objects.visible_to(user).pending().filter(scheduled_for__gt=now).select_related("call"):
        at = cast("datetime", release.scheduled_for)
        yield Deadline(at, in_words(at), f"{release} is released")


def interview_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """Interviews to come."""
    booked = Interview.objects.visible_to(user).filter(status=InterviewStatus.BOOKED, slot__starts_at__gt=now)
    for interview in booked.select_related("slot", "application__council").order_by("slot__starts_at")[:SHOWN]:
        moment = interview.slot.starts_at
        yield Deadline(moment, in_words(moment), f"Interview with {interview.application.council}")


def meeting_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """Meetings of panels."""
    for meeting in PanelMeeting.objects.visible_to(user).filter(starts_at__gt=now).select_related("panel__call__cohort"):
        yield Deadline(meeting.starts_at, in_words(meeting.starts_at), str(meeting))


DATES: tuple[tuple[str, Callable[[User, datetime], Iterator[Deadline]]], ...] = (
    ("applications.view_extension", extension_dates),
    ("cohort.view_cohort", programme_dates),
    ("applications.conduct_interview", interview_dates),
    ("applications.view_panelmeeting", meeting_dates),
    ("applications.view_offer", offer_dates),
)


def next_deadlines(user: User, now: datetime) -> list[Deadline]:
    """Return the first few that this person may see."""
    return sorted(found for permission, dates in DATES if user.has_perm(permission) for found in dates(user, now))[:SHOWN]
