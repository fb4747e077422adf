"""The wording of deadlines and the arithmetic of working days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstream.deadlines import (
    LONDON,
    add_working_days,
    bank_holidays,
    in_words,
    is_working_day,
    moment_in_words,
    time_left,
    with_moments_in_words,
)

MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  (the zone comes last)
SPRING = datetime(2019, 3, 31, 1, tzinfo=UTC)
AUTUMN = datetime(2019, 10, 27, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2019, 7, 15, 11, tzinfo=UTC), "midday on Monday 15 July 2019"),
        (datetime(2019, 12, 16, 12, tzinfo=UTC), "midday on Monday 16 December 2019"),
        (datetime(2019, 7, 15, 12, tzinfo=UTC), "1pm on Monday 15 July 2019"),
        (datetime(2019, 5, 3, 16, 30, tzinfo=UTC), "5:30pm on Friday 3 May 2019"),
        (datetime(2019, 7, 14, 23, tzinfo=UTC), "the end of Sunday 14 July 2019"),
        (datetime(2019, 7, 15, 11, 5, tzinfo=UTC), "12:05pm on Monday 15 July 2019"),
        (datetime(2019, 10, 27, 0, 30, tzinfo=UTC), "1:30am BST on Sunday 27 October 2019"),
        (datetime(2019, 10, 27, 1, 30, tzinfo=UTC), "1:30am GMT on Sunday 27 October 2019"),
    ],
)
def test_a_deadline_is_worded_as_people_in_the_uk_read_it(moment, words):
    assert in_words(moment) == words


def test_a_moment_is_worded_without_its_weekday():
    assert moment_in_words(datetime(2019, 5, 3, 13, 14, tzinfo=UTC)) == "2:14pm on 3 May 2019"


@given(MOMENTS)
def test_moments_within_a_text_are_worded_and_the_rest_stays(moment):
    words = moment_in_words(moment)
    for written in (moment, moment.astimezone(LONDON)):
        assert with_moments_in_words(f"2 days before {written.isoformat()}, T 2026-11-26") == f"2 days before {words}, T 2026-11-26"


@given(MOMENTS)
def test_no_deadline_is_ever_12pm_or_noon(moment):
    assert not {"12pm", "12am", "noon"} & set(in_words(moment).split())


@given(MOMENTS, st.integers(1, 60 * 24))
def test_different_minutes_have_different_words(moment, minutes):
    assert in_words(moment) != in_words(moment + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(0), "no time"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=2, minutes=59, seconds=59), "2 hours and 59 minutes"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=3, hours=4, minutes=30), "3 days and 4 hours"),
    ],
)
def test_what_is_left_is_rounded_down(left, words):
    now = datetime(2019, 7, 1, 9, tzinfo=UTC)
    assert time_left(now + left, now) == words


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_day_is_a_day_also_when_the_clocks_change(change):
    midday_before = datetime(change.year, change.month, change.day, 12, tzinfo=LONDON) - timedelta(days=1)
    midday_after = midday_before + timedelta(days=2)
    assert time_left(midday_after, midday_before) == "2 days"
    assert (midday_after.astimezone(UTC) - midday_before.astimezone(UTC)) != timedelta(days=2)


@given(MOMENTS, st.integers(1, 60 * 24 * 40))
def test_what_is_left_never_grows_as_time_passes(moment, minutes):
    def in_minutes(words):
        size = {"day": 24 * 60, "hour": 60, "minute": 1}
        parts = [part.split() for part in words.split(" and ") if part[0].isdigit()]
        return sum(int(number) * size[unit.rstrip("s")] for number, unit in parts)

    now = moment - timedelta(minutes=minutes)
    # An hour that the clocks repeat or skip may sit in the rounding, never more.
    assert in_minutes(time_left(moment, now)) <= minutes + 60
    assert in_minutes(time_left(moment, now + timedelta(minutes=1))) <= in_minutes(time_left(moment, now)) + 60


def test_nations_have_their_own_bank_holidays():
    boyne = date(2019, 7, 12)
    assert [nation for nation in ("england", "scotland", "wales", "northern-ireland") if boyne in bank_holidays(nation)] == [
        "northern-ireland"
    ]


@given(st.dates(date(2012, 1, 1), date(2028, 6, 1)), st.integers(1, 40), st.sampled_from(["england", "scotland", "northern-ireland"]))
def test_the_nth_working_day_is_the_nth(day, n, nation):
    reached = add_working_days(day, n, nation)
    between = [day + timedelta(days=step) for step in range(1, (reached - day).days + 1)]
    assert sum(is_working_day(each, nation) for each in between) == n
    assert is_working_day(reached, nation)
