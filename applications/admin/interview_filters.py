"""Filters of the lists of interviews and of slots."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from applications.admin.filters import CallFilter
from applications.models import Interview, InterviewSheet, InterviewSlot
from applications.states import InterviewStatus
from upstream.accounts.models import User
from upstream.deadlines import long_date
from upstream.office import ColumnFilter


class InterviewCallFilter(CallFilter):
    """By the call of the EoI."""

    column = "application__call"


class InterviewStatusFilter(ColumnFilter):
    """By where the interview stands."""

    title = "status"
    parameter_name = column = "status"
    labels = InterviewStatus.choices


class DayFilter(ColumnFilter):
    """By day, UK time. The lists annotate `day`; the choices are the days in use."""

    title = "day"
    parameter_name = column = "day"

    def found_choices(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002  (ColumnFilter's signature)
        """Return the days on which the person sees something, in order."""
        days: Iterable[date] = self.records(request).order_by("day").values_list("day", flat=True).distinct()
        return [(day.isoformat(), long_date(day)) for day in days]

    def records(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the list is of."""
        raise NotImplementedError

    def counted(self, records: QuerySet[Any]) -> dict[Any, int]:
        """Return how many records each day has."""
        return {day.isoformat(): number for day, number in super().counted(records).items()}


class InterviewDayFilter(DayFilter):
    """By day of the interview."""

    def records(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the interviews that the person sees."""
        return Interview.objects.visible_to(request.user).with_day()  # type: ignore[arg-type]


class SlotDayFilter(DayFilter):
    """By day of the slot."""

    def records(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the slots that the person sees."""
        return InterviewSlot.objects.visible_to(request.user).with_day()  # type: ignore[arg-type]


class InterviewerFilter(ColumnFilter):
    """By one of the two who ring. The choices are those who have slots. An interview counts under both."""

    title = "interviewer"
    parameter_name = "interviewer"
    seats: tuple[str, str] = ("interviewer", "second_interviewer")

    def found_choices(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:  # noqa: ARG002  (the same for all)
        """Return the people who have slots."""
        offered = InterviewSlot.objects.offered()
        people = User.objects.filter(Q(pk__in=offered.values("interviewer")) | Q(pk__in=offered.values("second_interviewer")))
        return [(person.pk, str(person)) for person in people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  (Django's signature)
        """Keep what the person takes part in; a person who does not exist takes part in nothing."""
        if self.value() is None:
            return queryset
        known = {str(pk) for pk, _ in self.lookup_choices}
        first, second = self.seats
        return queryset.filter(Q(**{first: self.value()}) | Q(**{second: self.value()})) if self.value() in known else queryset.none()

    def counted(self, records: QuerySet[Any]) -> dict[Any, int]:
        """Return how many records each person takes part in."""
        first, second = (F(seat) for seat in self.seats)
        numbers: dict[Any, int] = {}
        pairs = records.order_by().values_list(first, second).annotate(number=Count("pk"))
        for one, other, number in pairs:
            for person in (one, other):
                numbers[person] = numbers.get(person, 0) + number
        return numbers


class InterviewsInterviewerFilter(InterviewerFilter):
    """The same for interviews."""

    seats = ("slot__interviewer", "slot__second_interviewer")


class SheetFilter(ColumnFilter):
    """By whose sheets are still to be submitted, of interviews whose time has come."""

    title = "sheets to submit"
    parameter_name = "sheets"
    labels = (("mine", "My own"), ("any", "Of either"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the interviews that wait for the chosen sheets."""
        if self.value() is None:
            return queryset
        return queryset.filter(pk__in=self.waiting(request, self.value()).values("interview"))

    def waiting(self, request: HttpRequest, whose: str | None) -> QuerySet[InterviewSheet]:
        """Return the sheets that are due."""
        due = InterviewSheet.objects.due(timezone.now())
        return due.filter(interviewer=request.user.pk) if whose == "mine" else due

    def counted(self, records: QuerySet[Any]) -> dict[Any, int]:
        """Return how many interviews wait, in one query for each choice."""
        return {whose: records.filter(pk__in=self.waiting(self.request, whose).values("interview")).count() for whose, _ in self.labels}


class SlotStandingFilter(ColumnFilter):
    """By whether a council has the time. The list annotates `standing`."""

    title = "standing"
    parameter_name = column = "standing"
    labels = (("free", "Free"), ("taken", "Taken"), ("past", "Past, not taken"), ("withdrawn", "Withdrawn"))
