"""The office's front page: what needs somebody today, what is due next, and how the current call stands.

What gathers from several apps is an explicit list here. Each gatherer comes with the permission of those it is for.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.urls import reverse

from applications.models import Application, Assignment, Call, Extension, Panel, Review
from applications.states import ApplicationStatus, AssignmentStatus
from cohort.models import Cohort, CouncilContact
from cohort.states import ContactStatus, Control, CouncilKind, Region
from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import LONDON, counted, in_words, long_date, time_left
from upstream.documents import scanning
from upstream.home.charts import Share, Tile, longest_first, shares, tiles

SOON = timedelta(days=14)
SHOWN = 8
Found = TypeVar("Found")
Gatherer = Callable[[User, datetime], Iterable[Found]]


class Duty(NamedTuple):
    """Something that waits for a person, and the list where it waits."""

    text: str
    url: str


class Deadline(NamedTuple):
    """Something that happens at a moment."""

    at: datetime
    when: str
    what: str


@dataclass(frozen=True)
class Standing:
    """How the EoIs of one call stand. Every line leads to the list that it counts."""

    call: Call
    total: int
    stages: list[Share]
    tiles: list[Tile]
    regions: list[Share]
    controls: list[Share]
    kinds: list[Share]


def list_url(model: str, **filters: Any) -> str:
    """Return the address of a list in the office with its filters set."""
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(filters)}"


def waiting_requests(user: User, _now: datetime) -> Iterator[Duty]:
    """People who ask to act for a council."""
    number = CouncilContact.objects.visible_to(user).filter(status=ContactStatus.REQUESTED).count()
    if number:
        text = f"{counted(number, 'request')} to act for a council"
        yield Duty(text, list_url("cohort_councilcontact", status__exact=ContactStatus.REQUESTED))


def waiting_extensions(user: User, _now: datetime) -> Iterator[Duty]:
    """Extensions that somebody else asked for."""
    number = Extension.objects.visible_to(user).waiting().exclude(requested_by=user).count()
    if number:
        yield Duty(f"{counted(number, 'extension')} to approve or refuse", list_url("applications_extension", status="waiting"))


def troubled_mail(user: User, _now: datetime) -> Iterator[Duty]:
    """Messages that will not go out, or may not have arrived, unless somebody looks."""
    messages = OutboundEmail.objects.visible_to(user).needing_a_person()
    numbers = counted_by(messages, "status")
    for status, what in [(EmailStatus.FAILED, "could not be sent"), (EmailStatus.UNKNOWN, "may not have arrived")]:
        if status in numbers:
            yield Duty(f"{counted(numbers[status], 'message')} that {what}", list_url("correspondence_outboundemail", status__exact=status))


def panel_needs(user: User, now: datetime) -> Iterator[Duty]:
    """Panels with scores that are late, or with EoIs that have lost a reviewer: one query."""
    late = Review.objects.waiting().filter(assignment__member__panel=OuterRef("pk"), assignment__member__panel__due_at__lte=now)
    given = Assignment.objects.filter(status=AssignmentStatus.COMMITTED).values("application")
    shortlisted = Application.objects.visible_to(user).shortlisted().filter(call=OuterRef("call"), pk__in=given)
    short = shortlisted.with_reviewers().filter(reviewers__lt=OuterRef("reviews_per_application"))  # type: ignore[misc]
    numbers = Panel.objects.annotate(late=number_of(late), short=number_of(short)).values_list("pk", "late", "short")
    for panel, late_number, short_number in numbers:
        if late_number:
            yield Duty(f"{counted(late_number, 'review')} of the panel late", reverse("admin:applications_panel_progress", args=[panel]))
        if short_number:
            text = f"{counted(short_number, 'expression')} of interest with too few reviewers"
            yield Duty(text, reverse("admin:applications_panel_assign", args=[panel]))


def number_of(records: QuerySet[Any]) -> Subquery:
    """Return the expression for how many records there are, nothing for none."""
    return Subquery(records.order_by().annotate(number=Func("pk", function="COUNT")).values("number"), output_field=IntegerField())


def closing_calls(_user: User, now: datetime) -> Iterator[Duty]:
    """Calls that close within a fortnight."""
    for call in Call.objects.published().filter(opens_at__lte=now, closes_at__gt=now, closes_at__lte=now + SOON).order_by("closes_at"):
        text = f"{call} closes at {in_words(call.closes_at)}, in {time_left(call.closes_at, now)}"
        yield Duty(text, list_url("applications_application", call=call.pk))


def silent_scanner(_user: User, _now: datetime) -> Iterator[Duty]:
    """A scanner without which nobody can upload a file."""
    if scanning.is_silent():
        yield Duty("The malware scanner does not answer, so nobody can upload a file", "#system")


def call_dates(_user: User, now: datetime) -> Iterator[Deadline]:
    """Calls that open or close."""
    for call in Call.objects.filter(closes_at__gt=now):
        if call.opens_at > now:
            yield Deadline(call.opens_at, in_words(call.opens_at), f"{call} opens")
        yield Deadline(call.closes_at, in_words(call.closes_at), f"{call} closes")


def extension_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """Councils whose extension ends."""
    for extension in Extension.objects.visible_to(user).filter(approved_at__isnull=False, until__gt=now).select_related("council"):
        yield Deadline(extension.until, in_words(extension.until), f"The extension of {extension.council} ends")


def panel_dates(_user: User, now: datetime) -> Iterator[Deadline]:
    """When panels' scores are due."""
    for panel in Panel.objects.filter(due_at__gt=now).select_related("call"):
        yield Deadline(panel.due_at, in_words(panel.due_at), f"Scores of the panel of {panel.call} are due")


def cohort_dates(_user: User, now: datetime) -> Iterator[Deadline]:
    """Days that councils have been promised."""
    today = now.astimezone(LONDON).date()
    for cohort in Cohort.objects.filter(starts_on__gte=today):
        if cohort.confirmations_due_on >= today:
            yield on_day(cohort.confirmations_due_on, f"Every council that applied for {cohort} has its answer")
        yield on_day(cohort.starts_on, f"{cohort} starts")


def on_day(day: date, what: str) -> Deadline:
    """Return a deadline that is a day, due by its end."""
    return Deadline(datetime.combine(day, time.max, LONDON), long_date(day), what)


NEEDS: tuple[tuple[str, Gatherer[Duty]], ...] = (
    ("cohort.change_councilcontact", waiting_requests),
    ("applications.approve_extension", waiting_extensions),
    ("correspondence.view_outboundemail", troubled_mail),
    ("applications.view_application", closing_calls),
    ("applications.view_application", silent_scanner),
    ("applications.change_panel", panel_needs),
)
DATES: tuple[tuple[str, Gatherer[Deadline]], ...] = (
    ("applications.view_call", call_dates),
    ("applications.view_extension", extension_dates),
    ("cohort.view_cohort", cohort_dates),
    ("applications.view_panel", panel_dates),
)


def gather(gatherers: Iterable[tuple[str, Gatherer[Found]]], user: User, now: datetime) -> list[Found]:
    """Return what the gatherers find that this person may see."""
    return [found for permission, gatherer in gatherers if user.has_perm(permission) for found in gatherer(user, now)]


def counted_by(records: QuerySet[Any], column: str) -> dict[Any, int]:
    """Return how many records each value of a column has."""
    return dict(records.order_by().values_list(column).annotate(number=Count("pk")))


def standing(user: User, now: datetime) -> Standing | None:
    """Return how the call that opened last stands, or None before the first one opens."""
    call = Call.objects.published().filter(opens_at__lte=now).order_by("-opens_at").first()
    if call is None:
        return None
    records = Application.objects.visible_to(user).filter(call=call).with_control()
    columns = {"status": "status", "region": "council__region", "control": "control", "kind": "council__kind"}
    numbers = {name: counted_by(records, column) for name, column in columns.items()}

    def lines(name: str, labels: list[tuple[Any, str]], always: Container[Any] = ()) -> list[Share]:
        shown = [(value, label) for value, label in labels if value in numbers[name] or value in always]
        return shares(shown, numbers[name], lambda value: list_url("applications_application", call=call.pk, **{name: value}))

    return Standing(
        call=call,
        total=sum(numbers["status"].values()),
        stages=lines("status", ApplicationStatus.choices, always={ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED}),
        tiles=tiles(numbers["region"]),
        regions=longest_first(lines("region", Region.choices, always=Region.values)),
        controls=longest_first(lines("control", Control.choices)),
        kinds=longest_first(lines("kind", CouncilKind.choices)),
    )


def today(user: User) -> dict[str, Any]:
    """Return what the front page shows this person."""
    now = clock.now()
    sees_applications = user.has_perm("applications.view_application")
    return {
        "duties": gather(NEEDS, user, now),
        "deadlines": sorted(gather(DATES, user, now))[:SHOWN],
        "scans_files": settings.CLAMD is not None,
        "sees_applications": sees_applications,
        "standing": standing(user, now) if sees_applications else None,
    }
