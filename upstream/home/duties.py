"""What needs somebody today: the duties that the office's front page shows, each with the list where it waits.

What gathers from several apps is an explicit list here. Each entry comes with the permission of those it is for. Most are numbers of
records: all of those are counted in one query, and all that are counted call by call in another.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Func, IntegerField, OuterRef, Q, QuerySet, Subquery
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
    Release,
    Review,
)
from applications.services.places import with_free_places
from applications.services.scoring import numbers_differing
from applications.services.triage import open_to
from applications.states import ApplicationStatus, AssignmentStatus, ConflictStatus, InterviewStatus
from cohort.models import CouncilContact
from cohort.states import ContactStatus
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import LONDON, counted
from upstream.documents import scanning

RUNNING_OUT = timedelta(days=7)
# The sweep looks every minute.
STOPPED_AFTER = timedelta(minutes=5)
Records = Callable[[User, datetime], QuerySet[Any]]
JUDGED = [ApplicationStatus.SUBMITTED, ApplicationStatus.SHORTLISTED]


class Duty(NamedTuple):
    """Something that waits for a person, and the list where it waits."""

    text: str
    url: str


@dataclass(frozen=True)
class Counted:
    """Records that wait: "2 extensions" are `noun` in the plural, and `rest` says what for. `url` leads to the list of them."""

    permission: str
    records: Records
    noun: str
    rest: str
    url: Callable[[User], str]


@dataclass(frozen=True)
class CountedByCall:
    """The same, call by call: `records` are those of the call that is OuterRef("pk"). `url` takes the call's and its panel's key."""

    permission: str
    records: Records
    noun: str
    rest: str
    url: Callable[[int, int], str]


def list_url(model: str, **filters: Any) -> str:
    """Return the address of a list in the office with its filters set."""
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(filters)}"


def page_of_call(name: str, **filters: str) -> Callable[[int, int], str]:
    """Return what gives the address of a page for a call."""
    return lambda call, _panel: f"{reverse(f'admin:applications_{name}')}?{urlencode({'call': call, **filters})}"


def waiting_requests(user: User, _now: datetime) -> QuerySet[Any]:
    """People who ask to act for a council."""
    return CouncilContact.objects.visible_to(user).filter(status=ContactStatus.REQUESTED)


def waiting_extensions(user: User, _now: datetime) -> QuerySet[Any]:
    """Extensions that somebody else asked for."""
    return Extension.objects.visible_to(user).waiting().exclude(requested_by=user)


def troubled_mail(status: EmailStatus) -> Records:
    """Messages that will not go out, or may not have arrived, unless somebody looks."""
    return lambda user, _now: OutboundEmail.objects.visible_to(user).needing_a_person().filter(status=status)


def offers_running_out(user: User, now: datetime) -> QuerySet[Any]:
    """Offers without an answer that end within a week."""
    return Offer.objects.visible_to(user).open().filter(respond_by__lte=now + RUNNING_OUT)


def unbooked_interviews(user: User, _now: datetime) -> QuerySet[Any]:
    """Shortlisted councils that have not booked."""
    return Application.objects.visible_to(user).awaiting_interview()


def conflicts_to_answer(user: User, _now: datetime) -> QuerySet[Any]:
    """Conflicts of interest of the person's own that were found, about what is still being judged."""
    return Conflict.objects.proposed().filter(user=user, application__status__in=JUDGED)


def assessments_to_write(user: User, _now: datetime) -> QuerySet[Any]:
    """EoIs that the person could assess, and those that they have started."""
    started = Assessment.objects.taken_up(user).filter(assessor=user).values("application")
    waiting = Application.objects.filter(Q(pk__in=open_to(user).order_by().values("pk")) | Q(pk__in=started))
    return waiting.filter(call=OuterRef("pk"))


def overtaken_decisions(user: User, _now: datetime) -> QuerySet[Any]:
    """Decisions that councils have not been told, by or with scores of somebody who has a conflict of interest now."""
    held = Decision.objects.visible_to(user).held().overtaken().filter(application__status=ApplicationStatus.SUBMITTED)
    return held.filter(application__call=OuterRef("pk"))


def reserves_with_a_place(user: User, _now: datetime) -> QuerySet[Any]:
    """Reserves whose cohort has a place that is free, and that nobody has promoted to one."""
    reserves = Application.objects.visible_to(user).filter(status=ApplicationStatus.RESERVE, call=OuterRef("pk"))
    promoted = Decision.objects.held().values("application")
    return reserves.exclude(pk__in=promoted).filter(call__cohort__in=with_free_places().filter(to_promote__gt=0).values("pk"))


def late_reviews(_user: User, now: datetime) -> QuerySet[Any]:
    """Scores of the panel that are late."""
    return Review.objects.wanted().filter(assignment__member__panel__call=OuterRef("pk"), assignment__member__panel__due_at__lte=now)


def too_few_reviewers(user: User, _now: datetime) -> QuerySet[Any]:
    """EoIs that have lost a reviewer."""
    given = Assignment.objects.filter(status=AssignmentStatus.COMMITTED).values("application")
    shortlisted = Application.objects.visible_to(user).shortlisted().filter(call=OuterRef("pk"), pk__in=given)
    return shortlisted.with_reviewers().filter(reviewers__lt=OuterRef("panel__reviews_per_application"))  # type: ignore[misc]


COUNTED = (
    Counted(
        "cohort.change_councilcontact",
        waiting_requests,
        "request",
        "to act for a council",
        lambda _: list_url("cohort_councilcontact", status__exact=ContactStatus.REQUESTED),
    ),
    Counted(
        "applications.approve_extension",
        waiting_extensions,
        "extension",
        "to approve or refuse",
        lambda _: list_url("applications_extension", waits="you"),
    ),
    *(
        Counted(
            "correspondence.view_outboundemail",
            troubled_mail(status),
            "message",
            rest,
            lambda _, status=status: list_url("correspondence_outboundemail", status__exact=status),  # type: ignore[misc]
        )
        for status, rest in ((EmailStatus.FAILED, "that could not be sent"), (EmailStatus.UNKNOWN, "that may not have arrived"))
    ),
    Counted(
        "applications.view_offer",
        offers_running_out,
        "offer",
        "not answered, with a week left or less",
        lambda _: list_url("applications_offer", answer="open"),
    ),
    Counted(
        "applications.conduct_interview",
        unbooked_interviews,
        "shortlisted council",
        "without an interview",
        lambda _: reverse("admin:applications_interview_unbooked"),
    ),
    Counted(
        "applications.view_conflict",
        conflicts_to_answer,
        "possible conflict",
        "of interest of yours to answer",
        lambda user: list_url("applications_conflict", status=ConflictStatus.PROPOSED, q=user.email),
    ),
)
BY_CALL = (
    CountedByCall(
        "applications.assess_application",
        assessments_to_write,
        "expression",
        "of interest to assess",
        page_of_call("assessment_changelist"),
    ),
    CountedByCall(
        "applications.decide_application",
        overtaken_decisions,
        "decision",
        "to take again, after a conflict of interest",
        page_of_call("assessment_board", decision="again"),
    ),
    CountedByCall(
        "applications.decide_application",
        reserves_with_a_place,
        "reserve",
        "waiting while a place is free",
        page_of_call("decision_changelist"),
    ),
    CountedByCall(
        "applications.change_panel",
        late_reviews,
        "review",
        "of the panel late",
        lambda _, panel: reverse("admin:applications_panel_progress", args=[panel]),
    ),
    CountedByCall(
        "applications.change_panel",
        too_few_reviewers,
        "expression",
        "of interest with too few reviewers",
        lambda _, panel: reverse("admin:applications_panel_assign", args=[panel]),
    ),
)


def number_of(records: QuerySet[Any]) -> Subquery:
    """Return the expression for how many records there are, nothing for none."""
    return Subquery(records.order_by().annotate(number=Func("pk", function="COUNT")).values("number"), output_field=IntegerField())


def counted_duties(user: User, now: datetime) -> Iterator[Duty]:
    """Yield what is counted as a whole: one query."""
    mine = [each for each in COUNTED if user.has_perm(each.permission)]
    numbers = User.objects.filter(pk=user.pk).values_list(*(number_of(each.records(user, now)) for each in mine)).get() if mine else ()
    for each, number in zip(mine, numbers, strict=True):
        if number:
            yield Duty(f"{counted(number, each.noun)} {each.rest}", each.url(user))


def duties_of_calls(user: User, now: datetime) -> Iterator[Duty]:
    """Yield what is counted call by call: one query."""
    mine = [each for each in BY_CALL if user.has_perm(each.permission)]
    calls = Call.objects.order_by("pk") if mine else Call.objects.none()
    for call, panel, title, *numbers in calls.values_list("pk", "panel", "title", *(number_of(each.records(user, now)) for each in mine)):
        for each, number in zip(mine, numbers, strict=True):
            if number:
                yield Duty(f"{counted(number, each.noun)} {each.rest}: {title}", each.url(call, panel))


def silent_scanner(_user: User, _now: datetime) -> Iterator[Duty]:
    """A scanner without which nobody can upload a file."""
    if scanning.is_silent():
        yield Duty("The malware scanner does not answer, so nobody can upload a file", "#system")


def differing_assessments(user: User, _now: datetime) -> Iterator[Duty]:
    """EoIs on which assessors differ, with no decision yet, call by call."""
    address = page_of_call("assessment_board", standing="differs", decision="none")
    for (call, title), number in sorted(numbers_differing(user).items()):
        yield Duty(f"{counted(number, 'expression')} of interest on which assessors differ: {title}", address(call, 0))


def waiting_releases(user: User, now: datetime) -> Iterator[Duty]:
    """Releases that somebody else prepared, and those whose moment has passed: something stopped them."""
    for release in Release.objects.visible_to(user).pending().select_related("call"):
        url = reverse("admin:applications_release_change", args=[release.pk])
        if release.prepared_by_id != user.pk:
            yield Duty(f"A release to read and let go: {release}", url)
        if release.scheduled_for and release.scheduled_for <= now - STOPPED_AFTER:
            yield Duty(f"A release that was stopped at its moment: {release}", url)


def undelivered_letters(user: User, _now: datetime) -> Iterator[Duty]:
    """Releases with letters that may not have arrived."""
    letters = Letter.objects.visible_to(user)
    of_letters = OutboundEmail.objects.filter(about_type__app_label="applications", about_type__model="letter")
    troubled = of_letters.visible_to(user).needing_a_person()
    found = letters.filter(pk__in=troubled.values("about_id")).values_list("decision__release", flat=True)
    for release, number in sorted(Counter(found).items()):
        url = f"{reverse('admin:applications_release_change', args=[release])}#chase"
        yield Duty(f"{counted(number, 'letter')} that may not have reached {'its council' if number == 1 else 'their councils'}", url)


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


def conflicted_interviewers(user: User, _now: datetime) -> Iterator[Duty]:
    """Interviewers who have a conflict of interest with the council that they are to ring."""
    interviews = Interview.objects.visible_to(user).to_give_away()
    for interview in interviews.select_related("application__council", "slot__interviewer", "slot__second_interviewer"):
        conflicted = (interview.first_conflicted, interview.second_conflicted)  # type: ignore[attr-defined]
        for is_conflicted, person, seat in zip(conflicted, interview.slot.interviewers, ("first", "second"), strict=True):
            if is_conflicted:
                text = f"Replace {person}, who has a conflict of interest, in the interview with {interview.application.council}"
                yield Duty(text, reverse(f"admin:applications_interview_swap-{seat}", args=[interview.pk]))


GATHERERS: tuple[tuple[str, Callable[[User, datetime], Iterator[Duty]]], ...] = (
    ("applications.view_application", silent_scanner),
    ("applications.decide_application", differing_assessments),
    ("applications.release_decisions", waiting_releases),
    ("applications.view_release", undelivered_letters),
    ("applications.conduct_interview", own_interviews),
    ("applications.conduct_interview", conflicted_interviewers),
)


def duties(user: User, now: datetime) -> list[Duty]:
    """Return what waits for this person."""
    others = (found for permission, gatherer in GATHERERS if user.has_perm(permission) for found in gatherer(user, now))
    return [*counted_duties(user, now), *duties_of_calls(user, now), *others]
