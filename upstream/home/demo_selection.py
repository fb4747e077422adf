"""The demonstration's second cohort: a call that closed five weeks ago, with its 60 EoIs on their way to being selected.

Everything is made by the services that people use, each step at the time when it would have happened.
"""

import tomllib
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import F, Model
from django.utils.timezone import localdate

from applications.models import (
    Answer,
    Application,
    Assessment,
    Assignment,
    Call,
    Conflict,
    Decision,
    Extension,
    Interview,
    InterviewSheet,
    InterviewSlot,
    MeetingExit,
    MeetingItem,
    Panel,
    PanelMeeting,
    PanelMember,
    Release,
    Review,
    Section,
    SectionProgress,
)
from applications.services.answers import form_of
from applications.services.calls import create_call, publish_call
from applications.services.eoi import start_application
from applications.services.pilot import pilot_content
from applications.services.submission import submit_application
from applications.states import QuestionPurpose
from cohort.models import Cohort, Council
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import LONDON, add_working_days
from upstream.home.demo_data import DATA, STALE, answered, answers_by_section, as_of, call_texts, cohort_facts, make_officer, midday
from upstream.home.demo_judging import judge
from upstream.home.demo_late import come_late
from upstream.home.demo_meeting import hold_meeting

SLUG = "demonstration-selection"
CLOSED_FOR = 25  # working days, which are five weeks
OPEN_FOR = timedelta(days=42)
ANSWER_IN = 10  # working days, which are two weeks
NOTE = "demonstration, at selection"
MONTHS = (-36, 5)  # when initiatives started or will start, from the month in which their EoI was written

# What bears a time, the way from there to the call, and the columns that move on. Attempts and the trail stay as they are.
DATED: dict[type[Model], tuple[str, list[str]]] = {
    Call: ("pk", ["opens_at", "closes_at", "published_at"]),
    Extension: ("call", ["until", "requested_at", "approved_at"]),
    Application: ("call", ["created_at", "submitted_at"]),
    SectionProgress: ("application__call", ["saved_at"]),
    Assessment: ("application__call", ["claimed_at", "saved_at", "completed_at"]),
    Decision: ("application__call", ["decided_at", "released_at"]),
    Release: ("call", ["prepared_at", "released_at", "dated_on"]),
    Interview: ("application__call", ["booked_at", "started_at", "ended_at"]),
    InterviewSheet: ("interview__application__call", ["created_at", "saved_at", "submitted_at"]),
    Panel: ("call", ["due_at"]),
    PanelMember: ("panel__call", ["invited_at", "declared_at"]),
    Conflict: ("application__call", ["decided_at"]),
    Assignment: ("application__call", ["committed_at"]),
    Review: ("assignment__application__call", ["saved_at", "submitted_at"]),
    PanelMeeting: ("panel__call", ["starts_at", "opened_at"]),
    MeetingItem: ("meeting__panel__call", ["opened_at", "saved_at", "closed_at"]),
    MeetingExit: ("item__meeting__panel__call", ["left_at", "returned_at"]),
}


def read(name: str) -> dict[str, Any]:
    """Return what one of the data files says."""
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


@transaction.atomic
def load_selection() -> None:
    """Load the cohort at selection once; a later run moves it on by whole weeks when its answers are due. Needs what `load_demo` made."""
    call = Call.objects.select_related("cohort").filter(cohort__slug=SLUG).first()
    if call:
        move_on(call)
        return
    first, second = read("demo.toml"), read("selection.toml")
    content = first | second | {"shared": first["shared"] | second["shared"]}
    before = OutboundEmail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    call = closed_call(by=User.objects.get(email="alex.morgan@upstream.example"))
    write_expressions(call, content)
    judge(call, content)
    hold_meeting(call, content)
    come_late(call, content)
    count_as_sent(after=before)


def closed_call(*, by: User) -> Call:
    """Publish a call in the pilot's words that closed five weeks ago."""
    today = localdate(clock.now())
    closes_at = midday(add_working_days(today, -CLOSED_FOR, "england"))
    opens_at = datetime.combine(closes_at.date() - OPEN_FOR, time(9), LONDON)
    facts = cohort_facts(add_working_days(today, ANSWER_IN, "england"), NOTE)
    with as_of(opens_at - timedelta(days=7)):
        cohort = Cohort.objects.create(slug=SLUG, reference_prefix="DEMO2", **facts)
        content = pilot_content()
        call = create_call(content=content, cohort=cohort, opens_at=opens_at, closes_at=closes_at, by=by, **call_words(cohort))
        return publish_call(call_id=call.pk, by=by)


def call_words(cohort: Cohort) -> dict[str, str]:
    """Return the words of the call that name dates, with a title that the open call has not."""
    texts = call_texts(cohort)
    return texts | {"title": f"{texts['title']}, first round"}


def write_expressions(call: Call, content: dict[str, Any]) -> None:
    """Write every EoI and submit it, most of them in the last days before the closing. Those of late councils stay drafts."""
    draw = Random(content["seed"])  # noqa: S311  (a story, not a secret)
    sections = form_of(call)
    councils = Council.objects.in_bulk([initiative["council"] for initiative in content["initiatives"]], field_name="code")
    # The councils that also answer the open call have somebody who may submit.
    known = {each["council"]: {name: each[name] for name in ("name", "job", "second")} for each in content["expressions"]}
    writers = strangers(content, draw) | known
    draw.shuffle(content["initiatives"])
    moments = sorted(call.closes_at - timedelta(minutes=8 + draw.expovariate(1 / 5_000)) for _ in content["initiatives"])
    for initiative, moment in zip(content["initiatives"], moments, strict=True):
        drawn = {name: draw.choice(passages) for name, passages in content["shared"].items()}
        expression = writers[initiative["council"]] | drawn | {"months": draw.randint(*MONTHS)} | initiative
        with as_of(max(moment, call.opens_at + timedelta(days=1))):
            application = write_whole(call, sections, councils[initiative["council"]], expression)
            if initiative["council"] not in content["late"]["councils"]:
                submit_application(application_id=application.pk, by=application.created_by)


def write_whole(call: Call, sections: list[Section], council: Council, expression: dict[str, Any]) -> Application:
    """Write all of a council's EoI. The answers are written together: saved one by one, they took most of the time."""
    officer = make_officer(council, expression["name"], expression["job"])
    application = start_application(call_id=call.pk, council_id=council.pk, by=officer)
    answers = answers_by_section(expression)
    rows = [pair for section in sections for pair in answered(section, answers)]
    Answer.objects.bulk_create(Answer(application=application, question=question, value=value) for question, value in rows)
    SectionProgress.objects.bulk_create(
        SectionProgress(application=application, section=section, revision=1, completed=True, saved_by=officer, saved_at=clock.now())
        for section in sections
    )
    shown = {question.purpose: value for question, value in rows if question.purpose != QuestionPurpose.NONE}
    Application.objects.filter(pk=application.pk).update(**shown)
    return application


def strangers(content: dict[str, Any], draw: Random) -> dict[str, dict[str, Any]]:
    """Return two people for every council, by its code."""
    firsts, lasts = content["first_names"], content["surnames"]
    names = draw.sample([f"{first} {last}" for first in firsts for last in lasts], 2 * len(content["initiatives"]))
    return {
        initiative["council"]: {
            "name": names.pop(),
            "job": draw.choice(content["jobs"]),
            "second": [names.pop(), draw.choice(content["second_jobs"])],
        }
        for initiative in content["initiatives"]
    }


def move_on(call: Call) -> None:
    """Let everything have happened later by as many weeks as put the answers two weeks ahead again, if they are due within days."""
    today = localdate(clock.now())
    if call.cohort.confirmations_due_on >= today + STALE:
        return
    weeks = (add_working_days(today, ANSWER_IN, "england") - call.cohort.confirmations_due_on) // timedelta(weeks=1)
    by = timedelta(weeks=weeks)
    facts = cohort_facts(call.cohort.confirmations_due_on + by, NOTE)
    Cohort.objects.filter(pk=call.cohort_id).update(**facts)
    call.cohort.refresh_from_db()
    Call.objects.filter(pk=call.pk).update(**call_words(call.cohort))
    for model, (path, fields) in DATED.items():
        model._default_manager.filter(**{path: call.pk}).update(**{field: F(field) + by for field in fields})
    # From the last one on, as nobody can interview twice at a time, not even between two updates.
    for slot in InterviewSlot.objects.filter(call=call).order_by("-starts_at"):
        InterviewSlot.objects.filter(pk=slot.pk).update(starts_at=slot.starts_at + by)
    record(actor=None, verb="call.changed", subject=call, weeks=weeks)


def count_as_sent(*, after: int) -> None:
    """Say of the messages of that past that they were sent when they were due, so that no worker sends them now."""
    fresh = OutboundEmail.objects.filter(pk__gt=after, status=EmailStatus.QUEUED)
    fresh.update(status=EmailStatus.SENT, attempts=1, created_at=F("send_after"), sent_at=F("send_after"))
