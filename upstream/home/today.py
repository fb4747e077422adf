"""The office's front page: what needs somebody today, what is due next, and how the current call stands.

What gathers from several apps is an explicit list here. Each gatherer comes with the permission of those it is for.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from applications.models import (
    Application,
    Assessment,
    Assignment,
    Call,
    Conflict,
    Decision,
    Extension,
    Interview,
    InterviewSheet,
    Panel,
    Release,
    Review,
)
from applications.services.scoring import number_differing
from applications.services.triage import open_to
from applications.states import ApplicationStatus, AssignmentStatus, ConflictStatus, InterviewStatus
from cohort.models import Cohort, CouncilContact
from cohort.states import ContactStatus, Control, CouncilKind, Region
from upstream import clock
from upstream.accounts.models import User
from upstream.charts import Share, Tile, longest_first, shares, tiles
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import LONDON, counted, in_words, long_date, time_left
from upstream.documents import scanning

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


def silent_scanner(_user: User, _now: datetime) -> Iterator[Duty]:
    """A scanner without which nobody can upload a file."""
    if scanning.is_silent():
        yield Duty("The malware scanner does not answer, so nobody can upload a file", "#system")


def call_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """Calls that open or close, and when their panels' scores are due."""
    for call in Call.objects.filter(Q(closes_at__gt=now) | Q(panel__due_at__gt=now)).select_related("panel"):
        moments = [(call.opens_at, f"{call} opens"), (call.closes_at, f"{call} closes, in {time_left(call.closes_at, now)}")]
        if hasattr(call, "panel") and user.has_perm("applications.view_panel"):
            moments.append((call.panel.due_at, f"Scores of the panel of {call} are due"))
        for at, what in moments:
            if at > now:
                yield Deadline(at, in_words(at), what)


def extension_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """Councils whose extension ends."""
    for extension in Extension.objects.visible_to(user).filter(approved_at__isnull=False, until__gt=now).select_related("council"):
        yield Deadline(extension.until, in_words(extension.until), f"The extension of {extension.council} ends")


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


def assessments_to_write(user: User, _now: datetime) -> Iterator[Duty]:
    """EoIs that the person could assess, and those that they have started."""
    started = Assessment.objects.taken_up(user).filter(assessor=user)
    number = open_to(user).order_by().values("pk").union(started.order_by().values("application")).count()
    if number:
        yield Duty(f"{counted(number, 'expression')} of interest to assess", reverse("admin:applications_assessment_changelist"))


def differing_assessments(user: User, _now: datetime) -> Iterator[Duty]:
    """EoIs on which assessors differ, with no decision yet."""
    if number := number_differing(user):
        text = f"{counted(number, 'expression')} of interest on which assessors differ"
        yield Duty(text, f"{reverse('admin:applications_assessment_board')}?{urlencode({'standing': 'differs', 'decision': 'none'})}")


def overtaken_decisions(user: User, _now: datetime) -> Iterator[Duty]:
    """Decisions that councils have not been told, by or with scores of somebody who has a conflict of interest now."""
    held = Decision.objects.visible_to(user).held().overtaken().filter(application__status=ApplicationStatus.SUBMITTED)
    for call, number in counted_by(held, "application__call").items():
        text = f"{counted(number, 'decision')} to take again, after a conflict of interest"
        yield Duty(text, f"{reverse('admin:applications_assessment_board')}?{urlencode({'call': call, 'decision': 'again'})}")


def conflicts_to_answer(user: User, _now: datetime) -> Iterator[Duty]:
    """Conflicts of interest of the person's own that were found, about what is still being judged."""
    judged = [ApplicationStatus.SUBMITTED, ApplicationStatus.SHORTLISTED]
    number = Conflict.objects.proposed().filter(user=user, application__status__in=judged).count()
    if number:
        url = list_url("applications_conflict", status=ConflictStatus.PROPOSED, q=user.email)
        yield Duty(f"{counted(number, 'possible conflict')} of interest of yours to answer", url)


def waiting_releases(user: User, _now: datetime) -> Iterator[Duty]:
    """Releases that somebody else prepared."""
    for release in Release.objects.visible_to(user).pending().exclude(prepared_by=user).select_related("call"):
        yield Duty(f"A release to read and let go: {release}", reverse("admin:applications_release_change", args=[release.pk]))


def own_interviews(user: User, now: datetime) -> Iterator[Duty]:
    """Interviews in which the person rings today or tomorrow, and sheets of theirs whose interview's time has come."""
    own = InterviewSheet.objects.visible_to(user).unsubmitted_of(user).select_related("interview__slot")
    sheets = [(sheet.interview.is_booked, sheet.interview.slot.starts_at) for sheet in own]
    today = now.astimezone(LONDON).date()
    for day, word in ((today, "today"), (today + timedelta(days=1), "tomorrow")):
        number = sum(is_booked and starts_at > now and starts_at.astimezone(LONDON).date() == day for is_booked, starts_at in sheets)
        if number:
            url = list_url("applications_interview", day=day.isoformat(), interviewer=user.pk, status=InterviewStatus.BOOKED)
            yield Duty(f"You have {counted(number, 'interview')} {word}", url)
    due = sum(starts_at <= now for _, starts_at in sheets)
    if due:
        yield Duty(f"{counted(due, 'interview sheet')} of yours to submit", list_url("applications_interview", sheets="mine"))


def unbooked_interviews(user: User, _now: datetime) -> Iterator[Duty]:
    """Shortlisted councils that have not booked."""
    number = Application.objects.visible_to(user).awaiting_interview().count()
    if number:
        yield Duty(f"{counted(number, 'shortlisted council')} without an interview", reverse("admin:applications_interview_unbooked"))


def interview_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """Interviews to come."""
    booked = Interview.objects.visible_to(user).filter(status=InterviewStatus.BOOKED, slot__starts_at__gt=now)
    for interview in booked.select_related("slot", "application__council").order_by("slot__starts_at")[:SHOWN]:
        moment = interview.slot.starts_at
        yield Deadline(moment, in_words(moment), f"Interview with {interview.application.council}")


NEEDS: tuple[tuple[str, Gatherer[Duty]], ...] = (
    ("cohort.change_councilcontact", waiting_requests),
    ("applications.approve_extension", waiting_extensions),
    ("correspondence.view_outboundemail", troubled_mail),
    ("applications.view_application", silent_scanner),
    ("applications.assess_application", assessments_to_write),
    ("applications.decide_application", differing_assessments),
    ("applications.release_decisions", waiting_releases),
    ("applications.conduct_interview", own_interviews),
    ("applications.conduct_interview", unbooked_interviews),
    ("applications.change_panel", panel_needs),
    ("applications.decide_application", overtaken_decisions),
    ("applications.view_conflict", conflicts_to_answer),
)
DATES: tuple[tuple[str, Gatherer[Deadline]], ...] = (
    ("applications.view_call", call_dates),
    ("applications.view_extension", extension_dates),
    ("cohort.view_cohort", cohort_dates),
    ("applications.conduct_interview", interview_dates),
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
    rows = records.order_by().values(*columns.values())
    numbers = {name: Counter(row[column] for row in rows) for name, column in columns.items()}

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
