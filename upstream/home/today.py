"""The office's front page: what needs somebody today, what is due next, and how the current call stands.

What gathers from several apps is an explicit list here. Each gatherer comes with the permission of those it is for.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
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
    Letter,
    Offer,
    Panel,
    Release,
    Review,
)
from applications.services.places import free_to_promote
from applications.services.scoring import numbers_differing
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
RUNNING_OUT = timedelta(days=7)
# The sweep looks every minute.
STOPPED_AFTER = timedelta(minutes=5)
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
        yield Duty(f"{counted(number, 'extension')} to approve or refuse", list_url("applications_extension", waits="you"))


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
    numbers = Panel.objects.annotate(late=number_of(late), short=number_of(short)).values_list("pk", "call__title", "late", "short")
    for panel, call, late_number, short_number in numbers:
        if late_number:
            text = f"{counted(late_number, 'review')} of the panel late: {call}"
            yield Duty(text, reverse("admin:applications_panel_progress", args=[panel]))
        if short_number:
            text = f"{counted(short_number, 'expression')} of interest with too few reviewers: {call}"
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
    """EoIs that the person could assess, and those that they have started, call by call."""
    started = Assessment.objects.taken_up(user).filter(assessor=user).values("application")
    waiting = Application.objects.filter(Q(pk__in=open_to(user).order_by().values("pk")) | Q(pk__in=started))
    numbers = waiting.order_by().values_list("call", "call__title").annotate(number=Count("pk"))
    yield from duties_of_calls({(call, title): number for call, title, number in numbers}, "to assess", "assessment_changelist")


def differing_assessments(user: User, _now: datetime) -> Iterator[Duty]:
    """EoIs on which assessors differ, with no decision yet, call by call."""
    numbers = numbers_differing(user)
    yield from duties_of_calls(numbers, "on which assessors differ", "assessment_board", standing="differs", decision="none")


def duties_of_calls(numbers: Mapping[tuple[int, str], int], what: str, page: str, **filters: str) -> Iterator[Duty]:
    """Return a duty for each call, by its id and title, that has EoIs of which something is to be done on a page."""
    for (call, title), number in sorted(numbers.items()):
        url = f"{reverse(f'admin:applications_{page}')}?{urlencode({'call': call, **filters})}"
        yield Duty(f"{counted(number, 'expression')} of interest {what}: {title}", url)


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


def stopped_releases(user: User, now: datetime) -> Iterator[Duty]:
    """Releases whose moment has passed: something stopped them."""
    for release in Release.objects.visible_to(user).pending().filter(scheduled_for__lte=now - STOPPED_AFTER).select_related("call"):
        yield Duty(f"A release that was stopped at its moment: {release}", reverse("admin:applications_release_change", args=[release.pk]))


def undelivered_letters(user: User, _now: datetime) -> Iterator[Duty]:
    """Releases with letters that may not have arrived."""
    letters = Letter.objects.visible_to(user)
    of_letters = OutboundEmail.objects.filter(about_type__app_label="applications", about_type__model="letter")
    troubled = of_letters.visible_to(user).needing_a_person()
    found = letters.filter(pk__in=troubled.values("about_id")).values_list("decision__release", flat=True)
    for release, number in sorted(Counter(found).items()):
        url = f"{reverse('admin:applications_release_change', args=[release])}#chase"
        yield Duty(f"{counted(number, 'letter')} that may not have reached {'its council' if number == 1 else 'their councils'}", url)


def offers_running_out(user: User, now: datetime) -> Iterator[Duty]:
    """Offers without an answer that end within a week."""
    number = Offer.objects.visible_to(user).open().filter(respond_by__lte=now + RUNNING_OUT).count()
    if number:
        yield Duty(f"{counted(number, 'offer')} not answered, with a week left or less", list_url("applications_offer", answer="open"))


def places_for_reserves(user: User, _now: datetime) -> Iterator[Duty]:
    """Places that are free while reserves wait."""
    reserves = Application.objects.visible_to(user).filter(status=ApplicationStatus.RESERVE)
    for call in Call.objects.filter(pk__in=reserves.values("call")):
        free = free_to_promote(call)
        if free > 0:
            url = f"{reverse('admin:applications_decision_changelist')}?call={call.pk}"
            yield Duty(f"{counted(free, 'place')} free while reserves wait: {call}", url)


def offer_dates(user: User, now: datetime) -> Iterator[Deadline]:
    """When offers that are not answered end, and when releases happen by themselves."""
    ends = Offer.objects.visible_to(user).open().filter(respond_by__gt=now).order_by("respond_by").values_list("respond_by", flat=True)
    for at, number in sorted(Counter(ends).items()):
        yield Deadline(at, in_words(at), f"{counted(number, 'offer')} without an answer lapse{'s' if number == 1 else ''}")
    for release in Release.objects.visible_to(user).pending().filter(scheduled_for__gt=now).select_related("call"):
        at = cast("datetime", release.scheduled_for)
        yield Deadline(at, in_words(at), f"{release} is released")


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


def conflicted_interviewers(user: User, _now: datetime) -> Iterator[Duty]:
    """Interviewers who have a conflict of interest with the council that they are to ring."""
    interviews = Interview.objects.visible_to(user).to_give_away()
    for interview in interviews.select_related("application__council", "slot__interviewer", "slot__second_interviewer"):
        conflicted = (interview.first_conflicted, interview.second_conflicted)  # type: ignore[attr-defined]
        for is_conflicted, person, seat in zip(conflicted, interview.slot.interviewers, ("first", "second"), strict=True):
            if is_conflicted:
                text = f"Replace {person}, who has a conflict of interest, in the interview with {interview.application.council}"
                yield Duty(text, reverse(f"admin:applications_interview_swap-{seat}", args=[interview.pk]))


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
    ("applications.release_decisions", stopped_releases),
    ("applications.view_release", undelivered_letters),
    ("applications.view_offer", offers_running_out),
    ("applications.decide_application", places_for_reserves),
    ("applications.conduct_interview", own_interviews),
    ("applications.conduct_interview", unbooked_interviews),
    ("applications.conduct_interview", conflicted_interviewers),
    ("applications.change_panel", panel_needs),
    ("applications.decide_application", overtaken_decisions),
    ("applications.view_conflict", conflicts_to_answer),
)
DATES: tuple[tuple[str, Gatherer[Deadline]], ...] = (
    ("applications.view_call", call_dates),
    ("applications.view_extension", extension_dates),
    ("cohort.view_cohort", cohort_dates),
    ("applications.conduct_interview", interview_dates),
    ("applications.view_offer", offer_dates),
)


def gather(gatherers: Iterable[tuple[str, Gatherer[Found]]], user: User, now: datetime) -> list[Found]:
    """Return what the gatherers find that this person may see."""
    return [found for permission, gatherer in gatherers if user.has_perm(permission) for found in gatherer(user, now)]


def counted_by(records: QuerySet[Any], column: str) -> dict[Any, int]:
    """Return how many records each value of a column has."""
    return dict(records.order_by().values_list(column).annotate(number=Count("pk")))


def standing(user: User, call: Call) -> Standing:
    """Return how a call stands."""
    records = Application.objects.visible_to(user).filter(call=call).with_control()
    columns = {"status": "status", "region": "council__region", "control": "control", "kind": "council__kind"}
    rows = records.order_by().values(*columns.values())
    numbers = {name: Counter(row[column] for row in rows) for name, column in columns.items()}

    def lines(name: str, labels: list[tuple[Any, str]], always: Container[Any] = ()) -> list[Share]:
        shown = [(value, label) for value, label in labels if value in numbers[name] or value in always]
        return shares(shown, numbers[name], lambda value: list_url("applications_application", call=call.pk, **{name: value}))

    return Standing(
        total=sum(numbers["status"].values()),
        stages=lines("status", ApplicationStatus.choices, always={ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED}),
        tiles=tiles(numbers["region"]),
        regions=longest_first(lines("region", Region.choices, always=Region.values)),
        controls=longest_first(lines("control", Control.choices)),
        kinds=longest_first(lines("kind", CouncilKind.choices)),
    )


def today(request: HttpRequest) -> dict[str, Any]:
    """Return what the front page shows this person: of the EoIs, those of the call that they chose, or of the one that opened last."""
    from applications.admin.choosing import chosen_call, opened_calls  # its package registers with the site that this page is of

    user: User = request.user  # type: ignore[assignment]
    now = clock.now()
    sees_applications = user.has_perm("applications.view_application")
    calls = opened_calls() if sees_applications else []
    call = chosen_call(request, calls) if calls else None
    return {
        "duties": gather(NEEDS, user, now),
        "deadlines": sorted(gather(DATES, user, now))[:SHOWN],
        "scans_files": settings.CLAMD is not None,
        "sees_applications": sees_applications,
        "calls": calls,
        "call": call,
        "standing": standing(user, call) if call else None,
    }
