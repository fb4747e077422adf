"""The demonstration: invented councils, their people, and a call that is open. Made by the services that people use.

Every council's official name says that it is invented, and every address ends in .example, which can never be real.
"""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.timezone import localdate

from applications.models import Application, Call, Question, Section
from applications.services.answers import form_of
from applications.services.calls import create_call, publish_call
from applications.services.eoi import attach_file, save_section, start_application
from applications.services.extensions import request_extension
from applications.services.pilot import load_pilot, pilot_content
from applications.services.submission import submit_application, withdraw_application
from applications.states import QuestionKind
from cohort.models import Cohort, Council, CouncilDomain
from cohort.services.contacts import request_to_act
from cohort.services.register import load_register
from upstream import clock
from upstream.accounts.models import User
from upstream.accounts.services import find_or_invite_user
from upstream.audit.services import record
from upstream.deadlines import LONDON, MIDDAY, add_working_days, long_date

DATA = Path(__file__).parent / "data"
SLUG = "demonstration"
OPEN_FOR = timedelta(days=21)
STILL_OPEN_FOR = timedelta(days=12)
STALE = timedelta(days=3)  # a call that closes sooner than this, or has closed, is moved on when the demonstration is started again


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Let the services judge by this moment in place of the database's clock, so that a past is made by the rules of its time."""
    now = clock.now
    clock.now = lambda: moment
    try:
        yield
    finally:
        clock.now = now


@transaction.atomic
def load_demo() -> None:
    """Load the demonstration once; a later run only moves on the dates of a call that has run out. Needs the staff's groups."""
    call = Call.objects.select_related("cohort").filter(cohort__slug=SLUG).first()
    if call is None:
        make_everything(tomllib.loads((DATA / "demo.toml").read_text(encoding="utf-8")))
    elif call.closes_at < clock.now() + STALE:
        move_on(call)


def make_everything(content: dict[str, Any]) -> None:
    """Make the councils, the people, the call and what councils wrote."""
    load_pilot()
    councils = load_councils()
    staff = [make_person(person, is_staff=True) for person in content["staff"]]
    for member in staff:
        member.groups.add(Group.objects.get(name="Programme staff"))
    make_person(content["superuser"], is_staff=True, is_superuser=True)
    manager, head = staff
    call = open_call(content["file_question"], by=manager)
    sections = form_of(call)
    for number, expression in enumerate(content["expressions"]):
        write_expression(call, sections, councils[expression["council"]], expression | turns(content["shared"], number))
    request_to_act(user=make_person(content["waiting"]), council=councils[content["waiting"]["council"]])
    extension = content["extension"]
    request_extension(
        call_id=call.pk,
        council_id=councils[extension["council"]].pk,
        until=more_time(call.closes_at),
        reason=extension["reason"],
        by=head,
    )


def load_councils() -> dict[str, Council]:
    """Load the invented councils, each with an email domain of its own, and return them by code."""
    data = (DATA / "demo_councils.csv").read_bytes()
    codes = [council.code for council in load_register(data=data, by=None).added]
    councils = {council.code: council for council in Council.objects.filter(code__in=codes)}
    CouncilDomain.objects.bulk_create(CouncilDomain(council=council, domain=domain(council)) for council in councils.values())
    return councils


def domain(council: Council) -> str:
    """Return the council's email domain."""
    return f"{council.name.lower().replace(' ', '')}.example"


def make_person(person: dict[str, str], **powers: bool) -> User:
    """Make somebody who has proven their email address."""
    user = find_or_invite_user(email=person["email"])
    user.full_name, user.job_title = person["name"], person["job"]
    user.is_staff, user.is_superuser = powers.get("is_staff", False), powers.get("is_superuser", False)
    user.save()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


def make_officer(council: Council, name: str, job: str) -> User:
    """Make somebody who acts for the council: the first submits, the others write."""
    email = f"{name.lower().replace(' ', '.')}@{domain(council)}"
    user = make_person({"name": name, "job": job, "email": email})
    request_to_act(user=user, council=council)
    return user


def open_call(file_question: dict[str, Any], *, by: User) -> Call:
    """Publish a call in the pilot's words that opened three weeks ago."""
    closes_at = closing()
    cohort = Cohort.objects.create(slug=SLUG, reference_prefix="DEMO", **cohort_facts(answer_after(closes_at), "demonstration"))
    content = pilot_content()
    content["sections"][-1]["questions"].append(file_question)
    opens_at = datetime.combine(localdate(clock.now()) - OPEN_FOR, time(9), LONDON)
    call = create_call(content=content, cohort=cohort, opens_at=opens_at, closes_at=closes_at, by=by, **call_texts(cohort))
    return publish_call(call_id=call.pk, by=by)


def move_on(call: Call) -> None:
    """Give a demonstration that was left lying new dates, and the request that waits for a second person with it."""
    closes_at = closing()
    Cohort.objects.filter(pk=call.cohort_id).update(**cohort_facts(answer_after(closes_at), "demonstration"))
    call.cohort.refresh_from_db()
    changes = {"closes_at": closes_at, **call_texts(call.cohort)}
    Call.objects.filter(pk=call.pk).update(**changes)
    call.extensions.waiting().update(until=more_time(closes_at))
    record(actor=None, verb="call.changed", subject=call, fields=sorted(changes))


def closing() -> datetime:
    """Return midday on a working day, 12 days from today or soon after."""
    last_day_before = localdate(clock.now()) + STILL_OPEN_FOR - timedelta(days=1)
    return midday(add_working_days(last_day_before, 1, "england"))


def more_time(closes_at: datetime) -> datetime:
    """Return the deadline that a council asks for: three working days after the others'."""
    return midday(add_working_days(closes_at.date(), 3, "england"))


def midday(day: date) -> datetime:
    """Return midday in the UK."""
    return datetime.combine(day, MIDDAY, LONDON)


def answer_after(closes_at: datetime) -> date:
    """Return the day by which the councils of a call that closes then are promised an answer."""
    return add_working_days(closes_at.date(), 25, "england")


def cohort_facts(answer_by: date, note: str) -> dict[str, Any]:
    """Return the name and the dates of a cohort whose councils are promised an answer by that day."""
    starts_on = first_of_month(answer_by, 2)
    return {
        "name": f"Upstream Collaborative {years(starts_on)} ({note})",
        "starts_on": starts_on,
        "ends_on": first_of_month(starts_on, 12) - timedelta(days=1),
        "confirmations_due_on": answer_by,
    }


def call_texts(cohort: Cohort) -> dict[str, str]:
    """Return the words of the call that name dates."""
    steps = (
        ("After the deadline", "We make a shortlist, and hold a telephone interview with each shortlisted council"),
        (
            f"By {long_date(cohort.confirmations_due_on)}",
            "We tell every council the outcome, once a panel of advisers has helped us to choose",
        ),
        (f"{cohort.starts_on:%B %Y}", "First residential: two days, expenses paid for two people from each council"),
        (
            f"{first_of_month(cohort.starts_on, 4):%B %Y}",
            "Second residential: two days, expenses paid for two people from each council",
        ),
        (f"Until {cohort.ends_on:%B %Y}", "Events, tools, consultancy support, published insight and the experimentation fund"),
    )
    return {
        "title": f"Join the Upstream Collaborative {years(cohort.starts_on)}",
        "timeline": "\n".join(f"{when} | {what}" for when, what in steps),
    }


def years(starts_on: date) -> str:
    """Return "2026-27" for a cohort that starts in 2026."""
    return f"{starts_on.year}-{(starts_on.year + 1) % 100:02}"


def first_of_month(day: date, months: int) -> date:
    """Return the first day of the month that is so many months after the day's own, or before it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def turns(shared: dict[str, list[str]], number: int) -> dict[str, str]:
    """Return one of each of the shared passages, another for the next number."""
    return {name: passages[number % len(passages)] for name, passages in shared.items()}


def write_expression(call: Call, sections: list[Section], council: Council, expression: dict[str, Any]) -> None:
    """Write a council's EoI as its people would: `done` sections and a started one, or all of it and submit."""
    people = [make_officer(council, expression["name"], expression["job"])]
    if "colleague" in expression:
        people.append(make_officer(council, *expression["colleague"]))
    application = start_application(call_id=call.pk, council_id=council.pk, by=people[0])
    done = expression.get("done", len(sections))
    answers = answers_by_section(expression)
    for number, section in enumerate(sections[: done + 1]):
        values = {question.pk: value for question, value in answered(section, answers)}
        writer = people[number % len(people)]
        save_section(application_id=application.pk, section=section, revision=0, values=values, completed=number < done, by=writer)
    if "letter" in expression:
        attach_letter(application, expression["letter"], by=people[0])
    if "done" not in expression:
        submit_application(application_id=application.pk, by=people[0])
    if "withdrawn" in expression:
        withdraw_application(application_id=application.pk, reason=expression["withdrawn"], by=people[0])


def attach_letter(application: Application, name: str, *, by: User) -> None:
    """Answer the question for a file with the letter of support that lies beside the other data."""
    question = Question.objects.get(section__call=application.call_id, kind=QuestionKind.FILE)
    letter = ContentFile((DATA / "letter.pdf").read_bytes(), name=name)
    attach_file(application_id=application.pk, question=question, upload=letter, revision=1, by=by)


def answers_by_section(expression: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the answers in the order of each section's questions; choices are positions in the question's list."""
    started = first_of_month(localdate(clock.now()), expression["months"])
    first = [expression["name"], expression["job"], expression["first_why"]]
    return {
        "people": [*first, *expression["second"], expression["second_why"]],
        "initiative": [
            expression["title"],
            expression["summary"],
            int(expression["months"] > 0),
            started.isoformat(),
            expression["services"],
            expression["focus"],
        ],
        "operating-model": [expression["model"]],
        "evidence": [expression["evidence"]],
        "year": [expression["year"]],
        "learning": [expression["learning"]],
        "partners": [expression["partners"], expression["obstacles"]],
    }


def answered(section: Section, answers: dict[str, list[Any]]) -> list[tuple[Question, Any]]:
    """Return the section's questions, those for a file left out, with their answers as they are kept."""
    questions = [question for question in section.questions.all() if question.kind != QuestionKind.FILE]
    return [(question, chosen(question, value)) for question, value in zip(questions, answers[section.slug], strict=True)]


def chosen(question: Question, value: Any) -> Any:
    """Return the answer as it is kept: positions become the choices themselves, as far as the list goes."""
    if question.kind == QuestionKind.ONE_OF:
        return question.options[value]
    if question.kind == QuestionKind.SOME_OF:
        # Staff may have shortened the list before the demonstration was loaded.
        return list(dict.fromkeys(question.options[place % len(question.options)] for place in value))
    return value
