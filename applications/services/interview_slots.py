"""The times that staff offer for interviews: one, or a series within working hours.

Nobody interviews twice at once: whoever writes a slot locks its interviewers first, in the order of their keys, and reads after.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from applications.models import Application, Call, Conflict, Interview, InterviewSlot
from applications.models.interview import LONGEST_SLOT
from applications.states import LIVE_INTERVIEW, ApplicationStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.accounts.services import people_who_may
from upstream.audit.services import record
from upstream.deadlines import DAY, HOUR, LONDON, MINUTE, SATURDAY, in_words, is_working_day, long_date
from upstream.transitions import InvalidTransition

MAY_INTERVIEW = "applications.conduct_interview"
LONGEST_SERIES = timedelta(days=56)
# Interviews are not planned further ahead, so a later year is a slip.
FURTHEST = timedelta(days=365)


@dataclass(frozen=True)
class Series:
    """Interviews one after another on working days, with an hour for lunch. Times are UK time, `minutes` and `gap` whole minutes."""

    call: Call
    interviewer: User
    second_interviewer: User
    first_day: date
    last_day: date
    opens: time = time(9, 30)
    closes: time = time(16, 30)
    lunch: time = time(12, 30)
    minutes: int = 45
    gap: int = 15

    def days(self) -> Iterator[date]:
        """Yield every day from first to last, weekends left out."""
        day = self.first_day
        while day <= self.last_day:
            if day.weekday() < SATURDAY:
                yield day
            day += DAY

    def times(self, day: date) -> Iterator[datetime]:
        """Yield when the day's interviews start. One that would reach into lunch starts after it."""
        lunch, closing = datetime.combine(day, self.lunch), datetime.combine(day, self.closes)
        start, length = datetime.combine(day, self.opens), self.minutes * MINUTE
        while start + length <= closing:
            if lunch - length < start < lunch + HOUR:
                start = lunch + HOUR
                continue
            yield start.replace(tzinfo=LONDON).astimezone(UTC)
            start += length + self.gap * MINUTE


@dataclass(frozen=True)
class Plan:
    """What a series comes to: when slots start, what is skipped and why, and how many shortlisted councils cannot be offered them."""

    starts: list[datetime]
    skipped: list[tuple[str, str]]
    kept_from: int


def plan_series(series: Series) -> Plan:
    """Return what the series would make now. Raises ValidationError with sentences for staff."""
    now = clock.now()
    if not now.astimezone(LONDON).date() <= series.first_day <= (now + FURTHEST).date():
        raise ValidationError({"first_day": f"The first day must be from today to {long_date((now + FURTHEST).date())}"})
    if series.last_day < series.first_day:
        raise ValidationError({"last_day": "The last day must not be before the first"})
    if series.last_day - series.first_day > LONGEST_SERIES:
        raise ValidationError({"last_day": "A series can be eight weeks long at most"})
    if datetime.combine(series.first_day, series.opens) + series.minutes * MINUTE > datetime.combine(series.first_day, series.closes):
        raise ValidationError({"closes": f"Enter a time at least {series.minutes} minutes after the first interview starts"})
    kept_from = check_pair(series.call, series.interviewer, series.second_interviewer)
    people = (series.interviewer, series.second_interviewer)
    taken = taken_by(people, at_noon(series.first_day) - DAY, at_noon(series.last_day) + DAY)
    starts, skipped = [], []
    for day in series.days():
        if not is_working_day(day, "england"):
            skipped.append((long_date(day), "It is a bank holiday in England"))
            continue
        for start in series.times(day):
            problem = "It has passed" if start <= now else clash(people, taken, start, series.minutes)
            if problem:
                skipped.append((in_words(start), problem))
            else:
                starts.append(start)
    return Plan(starts, skipped, kept_from)


def at_noon(day: date) -> datetime:
    """Return a moment that lies in the day."""
    return datetime.combine(day, time(12), LONDON)


def taken_by(people: Iterable[User], start: datetime, end: datetime) -> list[InterviewSlot]:
    """Return the slots in which any of the people interview within the span, those that started just before it included."""
    return list(InterviewSlot.objects.offered().of_people(*people).filter(starts_at__gt=start - LONGEST_SLOT, starts_at__lt=end))


def clash(people: Iterable[User], taken: Iterable[InterviewSlot], start: datetime, minutes: int) -> str:
    """Return a sentence when one of the people has another slot at the time, or nothing."""
    for slot in taken:
        if slot.starts_at < start + minutes * MINUTE and slot.ends_at > start:
            busy = next(person for person in people if person.pk in {slot.interviewer_id, slot.second_interviewer_id})
            return f"{busy} has another slot at {in_words(slot.starts_at)}"
    return ""


def who_could_ring(interview: Interview) -> QuerySet[User]:
    """Return the people who could take the interview over: free at its time, and without a conflict of interest with the council."""
    slot = interview.slot
    around = InterviewSlot.objects.offered().filter(starts_at__gt=slot.starts_at - LONGEST_SLOT, starts_at__lt=slot.ends_at)
    busy = {pk for each in around if each.ends_at > slot.starts_at for pk in (each.interviewer_id, each.second_interviewer_id)}
    conflicted = Conflict.objects.active().filter(application=interview.application_id).values("user")
    return people_who_may(MAY_INTERVIEW).exclude(pk__in=busy).exclude(pk__in=conflicted)


def check_pair(call: Call, first: User, second: User) -> int:
    """Return how many shortlisted councils of the call these two may not interview, for a conflict of interest.

    Raises ValidationError unless they are two people who may interview, and may interview somebody.
    """
    if first.pk == second.pk:
        raise ValidationError({"second_interviewer": "Select somebody else as the second interviewer"})
    for name, person in (("interviewer", first), ("second_interviewer", second)):
        if not person.has_perm(MAY_INTERVIEW):
            raise ValidationError({name: f"{person} may not interview councils"})
    shortlisted = Application.objects.filter(call=call, status=ApplicationStatus.SHORTLISTED)
    kept_from = shortlisted.filter(pk__in=Conflict.objects.unassignable().filter(user__in=[first, second]).values("application")).count()
    if kept_from and kept_from == shortlisted.count():
        message = "One of these two has, or may have, a conflict of interest with every shortlisted council: nobody could book these times."
        raise ValidationError(message)
    return kept_from


def lock_people(*people: User) -> None:
    """Lock the interviewers, in the order of their keys."""
    list(User.objects.select_for_update(no_key=True).filter(pk__in=[person.pk for person in people]).order_by("pk"))


@transaction.atomic
def offer_slot(*, call: Call, interviewer: User, second_interviewer: User, starts_at: datetime, minutes: int, by: User) -> InterviewSlot:
    """Offer one slot, on whichever day. Locks its interviewers. Raises ValidationError with sentences for staff."""
    lock_people(interviewer, second_interviewer)
    check_pair(call, interviewer, second_interviewer)
    if starts_at <= clock.now():
        raise ValidationError({"starts_at": "The interview must start in the future"})
    if starts_at > clock.now() + FURTHEST:
        raise ValidationError({"starts_at": "The interview must start within a year"})
    people = (interviewer, second_interviewer)
    if problem := clash(people, taken_by(people, starts_at, starts_at + minutes * MINUTE), starts_at, minutes):
        raise ValidationError({"starts_at": problem})
    slot = InterviewSlot.objects.create(
        call=call, interviewer=interviewer, second_interviewer=second_interviewer, starts_at=starts_at, minutes=minutes
    )
    record(actor=by, verb="interview_slot.offered", subject=slot)
    return slot


@transaction.atomic
def offer_series(*, series: Series, by: User) -> Plan:
    """Make every slot of the series that can be made now, and return what came of it. Locks the interviewers.

    Raises ValidationError with sentences for staff.
    """
    lock_people(series.interviewer, series.second_interviewer)
    plan = plan_series(series)
    if not plan.starts:
        message = "There is no free time in this series. Change the days or the hours."
        raise ValidationError(message)
    slots = InterviewSlot.objects.bulk_create(
        InterviewSlot(
            call=series.call,
            interviewer=series.interviewer,
            second_interviewer=series.second_interviewer,
            starts_at=start,
            minutes=series.minutes,
        )
        for start in plan.starts
    )
    record(actor=by, verb="interview_slots.offered", subject=series.call, slots=[slot.pk for slot in slots])
    return plan


@transaction.atomic
def withdraw_slot(*, slot_id: int, by: User) -> InterviewSlot:
    """Offer the time no longer. Locks the slot. Raises InvalidTransition when a council has it, or it is withdrawn already."""
    slot = InterviewSlot.objects.select_for_update(no_key=True).get(pk=slot_id)
    if slot.withdrawn_at or slot.interviews.filter(status__in=LIVE_INTERVIEW).exists():
        message = "Only a time that no council has booked can be withdrawn. Reload the page to see where it stands now."
        raise InvalidTransition(message)
    slot.withdrawn_at = clock.now()
    slot.save(update_fields=["withdrawn_at"])
    record(actor=by, verb="interview_slot.withdrawn", subject=slot)
    return slot
