"""The demonstration's second cohort: a call that closed five weeks ago, with its 60 EoIs on their way to being selected.

Everything is made by the services that people use, each step at the time when it would have happened.
"""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.timezone import localdate

from applications.models import Answer, Application, Call, Section, SectionProgress
from applications.services.answers import form_of
from applications.services.calls import create_call, publish_call
from applications.services.eoi import start_application
from applications.services.pilot import pilot_content
from applications.services.submission import submit_application
from applications.states import QuestionPurpose
from cohort.models import Cohort, Council
from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import LONDON, add_working_days
from upstream.home.demo_data import DATA, answered, answers_by_section, call_texts, cohort_facts, make_officer, midday

SLUG = "demonstration-selection"
CLOSED_FOR = timedelta(days=35)
OPEN_FOR = timedelta(days=42)
ANSWER_IN = timedelta(days=14)
MONTHS = (-36, 5)  # when initiatives started or will start, from the month in which their EoI was written


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Let the services judge by this moment in place of the database's clock, so that a past is made by the rules of its time."""
    now = clock.now
    clock.now = lambda: moment
    try:
        yield
    finally:
        clock.now = now


def read(name: str) -> dict[str, Any]:
    """Return what one of the data files says."""
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


@transaction.atomic
def load_selection() -> None:
    """Load the cohort at selection once. Needs what `load_demo` has made."""
    if Cohort.objects.filter(slug=SLUG).exists():
        return
    content = read("demo.toml") | read("selection.toml")
    before = OutboundEmail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    call = closed_call(by=User.objects.get(email="alex.morgan@upstream.example"))
    write_expressions(call, content)
    count_as_sent(after=before)


def closed_call(*, by: User) -> Call:
    """Publish a call in the pilot's words that closed five weeks ago."""
    today = localdate(clock.now())
    closes_at = midday(add_working_days(today - CLOSED_FOR - timedelta(days=1), 1, "england"))
    opens_at = datetime.combine(closes_at.date() - OPEN_FOR, time(9), LONDON)
    facts = cohort_facts(add_working_days(today + ANSWER_IN - timedelta(days=1), 1, "england"), "demonstration, at selection")
    with as_of(opens_at - timedelta(days=7)):
        cohort = Cohort.objects.create(slug=SLUG, reference_prefix="DEMO2", **facts)
        content = pilot_content()
        call = create_call(content=content, cohort=cohort, opens_at=opens_at, closes_at=closes_at, by=by, **call_texts(cohort))
        return publish_call(call_id=call.pk, by=by)


def write_expressions(call: Call, content: dict[str, Any]) -> None:
    """Write and submit every EoI, most of them in the last days before the closing."""
    draw = Random(content["seed"])  # noqa: S311  (a story, not a secret)
    sections = form_of(call)
    passages = read("demo.toml")["shared"] | content["shared"]
    councils = Council.objects.in_bulk([initiative["council"] for initiative in content["initiatives"]], field_name="code")
    # The councils that also answer the open call have somebody who may submit.
    known = {each["council"]: {name: each[name] for name in ("name", "job", "second")} for each in content["expressions"]}
    writers = strangers(content, draw) | known
    draw.shuffle(content["initiatives"])
    moments = sorted(call.closes_at - timedelta(minutes=8 + draw.expovariate(1 / 5_000)) for _ in content["initiatives"])
    for initiative, moment in zip(content["initiatives"], moments, strict=True):
        drawn = {name: draw.choice(texts) for name, texts in passages.items()}
        expression = initiative | drawn | writers[initiative["council"]] | {"months": draw.randint(*MONTHS)}
        with as_of(max(moment, call.opens_at + timedelta(days=1))):
            write_whole(call, sections, councils[initiative["council"]], expression)


def write_whole(call: Call, sections: list[Section], council: Council, expression: dict[str, Any]) -> None:
    """Write all of a council's EoI and submit it. The answers are written together: saved one by one, they took most of the time."""
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
    submit_application(application_id=application.pk, by=officer)


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


def count_as_sent(*, after: int) -> None:
    """Say of the messages of that past that they were sent when they were due, so that no worker sends them now."""
    fresh = OutboundEmail.objects.filter(pk__gt=after, status=EmailStatus.QUEUED)
    fresh.update(status=EmailStatus.SENT, attempts=1, created_at=F("send_after"), sent_at=F("send_after"))
