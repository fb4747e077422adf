"""Pure date arithmetic: Europe/London, working days and the wording of deadlines."""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from govuk_bank_holidays.bank_holidays import BankHolidays

LONDON = ZoneInfo("Europe/London")
MIDDAY = time(12)
MIDNIGHT = time(0)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SATURDAY = 5
ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
DIVISIONS = {
    "england": BankHolidays.ENGLAND_AND_WALES,
    "wales": BankHolidays.ENGLAND_AND_WALES,
    "scotland": BankHolidays.SCOTLAND,
    "northern-ireland": BankHolidays.NORTHERN_IRELAND,
}


def in_words(moment: datetime) -> str:
    """Return a deadline as people in the UK read it: "midday on Monday 15 July 2019". Seconds are not said.

    Midnight belongs to the day that it ends: "the end of Sunday 14 July 2019".
    """
    local = moment.astimezone(LONDON)
    if clock_time(local) == MIDNIGHT:
        return f"the end of {long_date(local.date() - DAY)}"
    return f"{time_in_words(local)} on {long_date(local.date())}"


def moment_in_words(moment: datetime) -> str:
    """Return when something happened: "2:14pm on 3 May 2019"."""
    local = moment.astimezone(LONDON)
    return f"{time_in_words(local)} on {local.day} {local:%B %Y}"


def with_moments_in_words(text: str) -> str:
    """Return the text with every moment in it that is written by ISO 8601, as the code writes them, in words."""
    return ISO_MOMENT.sub(lambda found: moment_in_words(datetime.fromisoformat(found[0])), text)


def moment_to_the_second(moment: datetime) -> str:
    """Return when a receipt was given: "11:59:59am on 15 July 2019"."""
    local = moment.astimezone(LONDON)
    return f"{local.hour % 12 or 12}:{local:%M:%S}{'am' if local.hour < MIDDAY.hour else 'pm'} on {local.day} {local:%B %Y}"


def long_date(day: date) -> str:
    """Return "Monday 15 July 2019"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def time_in_words(local: datetime) -> str:
    """Return the time of day: "midday", "5pm", "5:30pm". The hour that the autumn repeats also says which of the two it is."""
    if clock_time(local) in {MIDDAY, MIDNIGHT}:
        return "midday" if local.hour else "midnight"
    minutes = f":{local:%M}" if local.minute else ""
    happens_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < MIDDAY.hour else 'pm'}" + (f" {local:%Z}" if happens_twice else "")


def clock_time(local: datetime) -> time:
    """Return the hour and minute that a clock on the wall shows."""
    return time(local.hour, local.minute)


def time_left(moment: datetime, now: datetime) -> str:
    """Return what is left in its two largest units, rounded down: "3 days and 4 hours".

    A day is from one time on the wall clock to the same time on the next day, also when the clocks change in between.
    """
    if moment <= now:
        return "no time"
    start = now.astimezone(LONDON)
    days = (moment.astimezone(LONDON).date() - start.date()).days
    if (start + days * DAY).astimezone(UTC) > moment:
        days -= 1
    rest = moment - (start + days * DAY).astimezone(UTC)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    units = [counted(days, "day"), counted(hours, "hour")] if days else [counted(hours, "hour"), counted(minutes, "minute")]
    return " and ".join(filter(None, units)) or "less than a minute"


def counted(number: int, unit: str) -> str:
    """Return "1 day" or "2 days", and nothing for none."""
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


@cache
def bank_holidays(nation: str) -> frozenset[date]:
    """Return the bank holidays of a nation ("england", "wales", "scotland" or "northern-ireland").

    From the table that the library ships, so that nothing waits for the network. A year that it does not reach yet has none.
    """
    holidays = BankHolidays(use_cached_holidays=True).get_holidays(division=DIVISIONS[nation])
    return frozenset(holiday["date"] for holiday in holidays)


def is_working_day(day: date, nation: str) -> bool:
    """Return whether offices are open: not a weekend and not a bank holiday there."""
    return day.weekday() < SATURDAY and day not in bank_holidays(nation)


def add_working_days(day: date, n: int, nation: str) -> date:
    """Return the n-th working day after `day`, or before it when n is negative."""
    step = DAY if n > 0 else -DAY
    for _ in range(abs(n)):
        day += step
        while not is_working_day(day, nation):
            day += step
    return day
