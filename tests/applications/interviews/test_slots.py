"""The times that staff offer."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from applications.models import InterviewSlot
from applications.services.interview_slots import Series, offer_series, offer_slot, plan_series, withdraw_slot
from applications.states import ApplicationStatus, InterviewStatus
from tests.factories import CallFactory, StaffFactory, UserFactory
from tests.factories.judging import ConflictFactory, InterviewFactory, InterviewSlotFactory, SubmittedFactory
from upstream.audit.models import Entry
from upstream.deadlines import LONDON, in_words
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)


@pytest.fixture
def pair(move_clock):
    move_clock(NOW)
    return StaffFactory(full_name="Alex Reed"), StaffFactory(full_name="Sam Okafor")


@pytest.fixture
def series(pair):
    """Return a function that describes a series of the pair's, over the week in which the clocks go back unless told otherwise."""
    call = CallFactory()

    def described(first_day=date(2026, 10, 23), last_day=date(2026, 10, 26), **options):
        people = {"interviewer": pair[0], "second_interviewer": pair[1]}
        return Series(**{"call": call, "first_day": first_day, "last_day": last_day} | people | options)

    return described


def test_a_series_keeps_its_hours_on_both_sides_of_the_clock_change_and_leaves_out_weekends_and_lunch(series, pair):
    plan = offer_series(series=series(), by=pair[0])
    assert [start.astimezone(LONDON).strftime("%a %H:%M") for start in plan.starts] == [
        f"{day} {hour}" for day in ("Fri", "Mon") for hour in ("09:30", "10:30", "11:30", "13:30", "14:30", "15:30")
    ]
    assert [start.astimezone(UTC).hour for start in (plan.starts[0], plan.starts[6])] == [8, 9]
    assert list(InterviewSlot.objects.values_list("starts_at", flat=True)) == plan.starts
    assert Entry.objects.get(verb="interview_slots.offered").data["slots"] == list(InterviewSlot.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("options", "hours"),
    [
        ({"minutes": 60, "gap": 0}, ["09:30", "10:30", "11:30", "13:30", "14:30", "15:30"]),
        ({"minutes": 90, "gap": 30}, ["09:30", "13:30"]),
        ({"opens": time(12), "closes": time(14, 15)}, ["13:30"]),
        ({"opens": time(12, 30), "closes": time(13, 15), "lunch": time(12)}, []),
        (
            {"opens": time(0), "closes": time(23, 59), "lunch": time(23, 30), "minutes": 180, "gap": 180},
            ["00:00", "06:00", "12:00", "18:00"],
        ),
    ],
)
def test_the_day_is_filled_within_its_hours(series, options, hours):
    plan = plan_series(series(first_day=date(2026, 10, 26), **options))
    assert [start.astimezone(LONDON).strftime("%H:%M") for start in plan.starts] == hours


def test_a_series_over_the_clock_change_in_spring_keeps_its_hours(series):
    plan = plan_series(series(first_day=date(2027, 3, 25), last_day=date(2027, 3, 30), opens=time(9), closes=time(10)))
    assert [in_words(start) for start in plan.starts] == ["9am on Thursday 25 March 2027", "9am on Tuesday 30 March 2027"]
    assert [start.hour for start in plan.starts] == [9, 8]
    assert [day for day, _ in plan.skipped] == ["Friday 26 March 2027", "Monday 29 March 2027"]  # Easter


def test_bank_holidays_past_times_and_clashes_are_skipped_with_the_reason(series, pair, move_clock):
    move_clock(datetime(2026, 12, 24, 12, tzinfo=UTC))
    clashing = InterviewSlotFactory(starts_at=datetime(2026, 12, 29, 10, tzinfo=UTC), second_interviewer=pair[0])
    InterviewSlotFactory(starts_at=datetime(2026, 12, 29, 13, 30, tzinfo=UTC), interviewer=pair[0], withdrawn_at=NOW)
    plan = plan_series(series(first_day=date(2026, 12, 24), last_day=date(2026, 12, 29)))
    assert plan.skipped == [
        ("9:30am on Thursday 24 December 2026", "It has passed"),
        ("10:30am on Thursday 24 December 2026", "It has passed"),
        ("11:30am on Thursday 24 December 2026", "It has passed"),
        ("Friday 25 December 2026", "It is a bank holiday in England"),
        ("Monday 28 December 2026", "It is a bank holiday in England"),
        ("9:30am on Tuesday 29 December 2026", f"Alex Reed has another slot at {in_words(clashing.starts_at)}"),
        ("10:30am on Tuesday 29 December 2026", f"Alex Reed has another slot at {in_words(clashing.starts_at)}"),
    ]
    assert [in_words(start) for start in plan.starts][:4] == [
        "1:30pm on Thursday 24 December 2026",
        "2:30pm on Thursday 24 December 2026",
        "3:30pm on Thursday 24 December 2026",
        "11:30am on Tuesday 29 December 2026",
    ]


def test_a_series_made_twice_is_refused_the_second_time(series, pair):
    offer_series(series=series(), by=pair[0])
    with pytest.raises(ValidationError, match="There is no free time"):
        offer_series(series=series(), by=pair[0])
    assert InterviewSlot.objects.count() == 12


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"last_day": date(2026, 10, 22)}, "must not be before"),
        ({"last_day": date(2027, 10, 22)}, "eight weeks"),
        ({"first_day": date(2026, 9, 30)}, "from today to Friday 1 October 2027"),
        ({"first_day": date(1, 1, 1)}, "from today to"),
        ({"first_day": date.max, "last_day": date.max}, "from today to"),
        ({"last_day": date.max}, "eight weeks"),
        ({"opens": time(16), "closes": time(16, 44)}, "at least 45 minutes after"),
        ({"opens": time(16), "closes": time(9)}, "at least 45 minutes after"),
    ],
)
def test_days_that_make_no_sense_are_refused(series, options, words):
    with pytest.raises(ValidationError, match=words):
        plan_series(series(**options))


def test_only_two_people_who_may_interview_are_given_slots(series, pair):
    with pytest.raises(ValidationError, match="somebody else"):
        plan_series(series(second_interviewer=pair[0]))
    with pytest.raises(ValidationError, match="may not interview councils"):
        plan_series(series(second_interviewer=UserFactory()))


def test_conflicts_are_counted_and_a_pair_that_could_interview_nobody_is_refused(series, pair):
    asked = series()
    first, second = SubmittedFactory.create_batch(2, call=asked.call, status=ApplicationStatus.SHORTLISTED)
    ConflictFactory(application=first, user=pair[1])
    assert plan_series(asked).kept_from == 1
    ConflictFactory(application=second, user=pair[0])
    with pytest.raises(ValidationError, match="conflict of interest with every shortlisted council"):
        offer_series(series=asked, by=pair[0])
    with pytest.raises(ValidationError, match="conflict of interest with every shortlisted council"):
        one(asked, NOW + timedelta(days=2), by=pair[0])


def one(asked, starts_at, by, minutes=45):
    return offer_slot(
        call=asked.call,
        interviewer=asked.interviewer,
        second_interviewer=asked.second_interviewer,
        starts_at=starts_at,
        minutes=minutes,
        by=by,
    )


def test_one_slot_may_be_on_any_day_but_not_in_the_past_and_not_over_another(series, pair):
    sunday = datetime(2026, 10, 25, 10, tzinfo=UTC)
    assert one(series(), sunday, by=pair[0]).ends_at == sunday + timedelta(minutes=45)
    for moment in (sunday + timedelta(minutes=44), sunday - timedelta(minutes=44)):
        with pytest.raises(ValidationError, match="has another slot"):
            one(series(), moment, by=pair[0])
    one(series(), sunday + timedelta(minutes=45), by=pair[0])
    with pytest.raises(ValidationError, match="must start in the future"):
        one(series(), NOW, by=pair[0])
    with pytest.raises(ValidationError, match="must start within a year"):
        one(series(), NOW + timedelta(days=366), by=pair[0])
    assert InterviewSlot.objects.count() == 2


@pytest.mark.parametrize("seat", ["interviewer", "second_interviewer"])
def test_the_last_wall_keeps_a_person_from_the_same_seat_twice_at_a_time(seat):
    person = UserFactory()
    slot = InterviewSlotFactory(**{seat: person})
    with pytest.raises(IntegrityError):
        InterviewSlotFactory(starts_at=slot.starts_at, **{seat: person})


def test_a_free_slot_can_be_withdrawn_once_and_a_taken_one_cannot(pair):
    free, taken = InterviewSlotFactory(), InterviewFactory().slot
    withdraw_slot(slot_id=free.pk, by=pair[0])
    for slot in (free, taken):
        with pytest.raises(InvalidTransition):
            withdraw_slot(slot_id=slot.pk, by=pair[0])
    given_back = InterviewFactory(status=InterviewStatus.CANCELLED).slot
    assert withdraw_slot(slot_id=given_back.pk, by=pair[0]).withdrawn_at
