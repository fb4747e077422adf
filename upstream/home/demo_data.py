"""The invented councils, people and expressions of interest of the demonstration, made through the same services as real ones."""

import tomllib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.text import slugify
from django.utils.timezone import localdate

from applications.models import Application, Call, Question
from applications.services.calls import create_call, publish_call
from applications.services.eoi import save_section, start_application
from applications.services.pilot import load_pilot, pilot_content
from applications.services.submission import submit_application
from applications.states import QuestionKind
from cohort.models import Cohort, Council, CouncilContact, CouncilDomain, PoliticalControl
from cohort.services.contacts import request_to_act
from cohort.states import Nation
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.deadlines import LONDON, MIDDAY, SATURDAY, long_date

FILE = Path(__file__).parent / "data" / "demo.toml"
OPEN_FOR = timedelta(days=12)
OPENED_BEFORE = timedelta(days=21)
STALE = timedelta(days=3)  # a call that closes sooner than this, or has closed, is moved on when the demo starts again
SOURCE = "Invented for the demonstration"


@transaction.atomic
def load_demo() -> dict[str, int]:
    """Make what is missing and return how many of each are there. What somebody did in the demo since is left alone."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    load_pilot()
    make_staff(content["staff"])
    councils = [make_council(entry, number) for number, entry in enumerate(content["councils"], start=1)]
    call = make_call(content)
    for council, entry in zip(councils, content["councils"], strict=True):
        make_application(call, council, entry, content["answers"])
    return {"councils": len(councils), "EoIs": call.applications.count()}


def make_person(email: str, full_name: str, **fields: Any) -> User:
    """Return the person, whose email address counts as proven."""
    person, _ = User.objects.get_or_create(email=email, defaults={"full_name": full_name} | fields)
    EmailAddress.objects.get_or_create(user=person, email=email, defaults={"verified": True, "primary": True})
    return person


def make_staff(entries: list[dict[str, str]]) -> None:
    """Make the programme's staff and a superuser."""
    for entry in entries:
        make_person(**entry, is_staff=True).groups.add(Group.objects.get(name="Programme staff"))
    make_person("admin@upstream.example", "Site administrator", is_staff=True, is_superuser=True)


def make_council(entry: dict[str, Any], number: int) -> Council:
    """Return the council, with its control and its email domain."""
    nation = entry["region"] if entry["region"] in Nation.values else Nation.ENGLAND
    facts = {key: entry[key] for key in ("name", "official_name", "kind", "region")}
    council, created = Council.objects.get_or_create(code=f"DEMO-{number:02}", defaults={**facts, "nation": nation})
    if created:
        PoliticalControl.objects.create(council=council, since=date(2019, 5, 3), control=entry["control"], source=SOURCE)
        CouncilDomain.objects.create(council=council, domain=f"{slugify(entry['name'])}.example")
    return council


def closing(today: date) -> datetime:
    """Return midday in the UK, 12 days after today or on the first weekday after that."""
    day = today + OPEN_FOR
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, MIDDAY, tzinfo=LONDON)


def make_call(content: dict[str, Any]) -> Call:
    """Return the call that is open for EoIs: the pilot's form with a file to attach, and dates of its own."""
    now = clock.now()
    closes_at = closing(localdate(now))
    call = Call.objects.select_related("cohort").filter(cohort__slug=content["cohort"]["slug"]).first()
    if call:
        return call if call.closes_at > now + STALE else move_on(call, closes_at)
    form = pilot_content()
    form["sections"][-1]["questions"].append(
        {
            "text": "Attach a document that says more about the initiative",
            "hint": "PDF, Word (DOCX), PNG or JPEG, smaller than 10MB.",
            "kind": QuestionKind.FILE,
            "required": False,
        }
    )
    cohort = Cohort.objects.create(**content["cohort"], **cohort_dates(closes_at))
    opens_at = datetime.combine(localdate(now) - OPENED_BEFORE, time(9), tzinfo=LONDON)
    timeline = timeline_from(cohort)
    call = create_call(content=form, cohort=cohort, opens_at=opens_at, closes_at=closes_at, by=None, **content["call"], timeline=timeline)
    return publish_call(call_id=call.pk, by=None)


def move_on(call: Call, closes_at: datetime) -> Call:
    """Give a demonstration that was left lying new dates."""
    Cohort.objects.filter(pk=call.cohort_id).update(**cohort_dates(closes_at))
    call.cohort.refresh_from_db()
    call.closes_at = closes_at
    call.timeline = timeline_from(call.cohort)
    call.save(update_fields=["closes_at", "timeline"])
    record(actor=None, verb="call.changed", subject=call, fields=["closes_at", "timeline"])
    return call


def cohort_dates(closes_at: datetime) -> dict[str, date]:
    """Return the cohort's dates, as far from the closing as the pilot's were."""
    closing_day = closes_at.date()
    return {
        "confirmations_due_on": closing_day + timedelta(days=35),
        "starts_on": closing_day + timedelta(days=78),
        "ends_on": closing_day + timedelta(days=78 + 364),
    }


def timeline_from(cohort: Cohort) -> str:
    """Return what happens after the deadline, in the call's own layout."""
    steps = (
        (cohort.confirmations_due_on - timedelta(days=14), "Telephone interviews with shortlisted councils have ended"),
        (cohort.confirmations_due_on, "Every council knows the outcome"),
        (cohort.starts_on, "First residential: two days, expenses paid for two people from each council"),
        (cohort.starts_on + timedelta(days=126), "Second residential: two days, expenses paid for two people from each council"),
        (cohort.ends_on, "The 12 months end"),
    )
    return "\n".join(f"By {long_date(day)} | {what}" for day, what in steps)


def make_application(call: Call, council: Council, entry: dict[str, Any], answers: dict[str, str]) -> None:
    """Write the council's EoI as far as the entry says, unless it has one."""
    if "title" not in entry:
        return
    person = make_person(entry.get("email") or address(entry), entry["first"], job_title=entry["role"])
    if not CouncilContact.objects.filter(user=person, council=council).exists():
        request_to_act(user=person, council=council)
    if Application.objects.filter(call=call, council=council).exists():
        return
    application = start_application(call_id=call.pk, council_id=council.pk, by=person)
    sections = list(call.sections.prefetch_related("questions"))
    for section in sections if entry.get("submitted") else sections[: entry.get("sections", 0)]:
        values = {
            question.pk: answer(question, entry, answers, offset=council.pk)
            for question in section.questions.all()
            if question.kind != QuestionKind.FILE
        }
        save_section(application_id=application.pk, section=section, revision=0, values=values, completed=True, by=person)
    if entry.get("submitted"):
        submit_application(application_id=application.pk, by=person)


def address(entry: dict[str, Any]) -> str:
    """Return the person's work address."""
    return f"{slugify(entry['first']).replace('-', '.')}@{slugify(entry['name'])}.example"


def answer(question: Question, entry: dict[str, Any], answers: dict[str, str], *, offset: int) -> Any:
    """Return what the council says to a question. `offset` makes councils choose differently from a list."""
    match question.kind:
        case QuestionKind.SOME_OF:
            return [option for place, option in enumerate(question.options) if (place + offset) % 3 == 0]
        case QuestionKind.ONE_OF:
            return question.options[offset % len(question.options)]
        case QuestionKind.DATE:
            return date(2026, 1 + offset % 12, 1).isoformat()
        case _:
            return answers[question.text].format(**entry)
