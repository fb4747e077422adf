"""A call with a form of every kind of question, and a council that answers it."""

import pytest

from applications.models import Application, Call, Question, Section
from applications.services.eoi import save_section, start_application
from applications.states import QuestionKind, QuestionPurpose
from cohort.models import CouncilContact
from tests.factories import CallFactory, ContactFactory, QuestionFactory, SectionFactory
from upstream.accounts.models import User


@pytest.fixture
def call(db: None) -> Call:
    call = CallFactory(terms_version="2.1", privacy_version="1.3")
    about = SectionFactory(call=call, slug="initiative", title="Your initiative", position=1)
    QuestionFactory(section=about, text="What is it called?", purpose=QuestionPurpose.TITLE, position=1)
    QuestionFactory(
        section=about,
        text="Which focus areas?",
        kind=QuestionKind.SOME_OF,
        purpose=QuestionPurpose.FOCUS_AREAS,
        options=["Upstream", "Communities"],
        position=2,
    )
    QuestionFactory(section=about, text="When does it start?", kind=QuestionKind.DATE, required=False, position=3)
    evidence = SectionFactory(call=call, slug="evidence", title="Evidence", position=2)
    QuestionFactory(section=evidence, text="What is the evidence?", kind=QuestionKind.LONG_TEXT, word_limit=10, position=1)
    QuestionFactory(section=evidence, text="Is it live?", kind=QuestionKind.YES_NO, required=False, position=2)
    QuestionFactory(section=evidence, text="A letter of support", kind=QuestionKind.FILE, required=False, position=3)
    return call


@pytest.fixture
def contact(db: None) -> CouncilContact:
    return ContactFactory()


@pytest.fixture
def officer(contact: CouncilContact) -> User:
    return contact.user


@pytest.fixture
def draft(call: Call, contact: CouncilContact, officer: User) -> Application:
    return start_application(call_id=call.pk, council_id=contact.council_id, by=officer)


def question(application: Application, kind: QuestionKind) -> Question:
    return Question.objects.get(section__call=application.call, kind=kind)


def section_of(application: Application, slug: str) -> Section:
    return application.call.sections.get(slug=slug)


GOOD_VALUES = {
    QuestionKind.SHORT_TEXT: "Streets that look after themselves",
    QuestionKind.SOME_OF: ["Upstream"],
    QuestionKind.DATE: "2027-05-01",
    QuestionKind.LONG_TEXT: "It worked in two wards.",
    QuestionKind.YES_NO: "yes",
}


def fill(application: Application, by: User) -> Application:
    """Answer everything well and mark every section done."""
    for section in application.call.sections.prefetch_related("questions"):
        values = {q.pk: GOOD_VALUES[q.kind] for q in section.questions.all() if q.kind in GOOD_VALUES}
        save_section(application_id=application.pk, section=section, revision=0, values=values, completed=True, by=by)
    application.refresh_from_db()
    return application


@pytest.fixture
def whole(draft: Application, officer: User) -> Application:
    return fill(draft, officer)
