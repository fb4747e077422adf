"""Submitting: on time, whole, once, with a receipt."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import IntegrityError, connection, transaction
from pypdf import PdfReader

from applications.models import Application, Extension, SubmissionAttempt
from applications.services.answers import answered_sections, content_hash
from applications.services.eoi import save_section
from applications.services.submission import submit_application, withdraw_application
from applications.states import ApplicationStatus, AttemptOutcome, QuestionKind
from tests.applications.conftest import GOOD_VALUES, question
from tests.factories import ContactFactory, UserFactory
from tests.upstream.correspondence.conftest import smtp  # noqa: F401  (a fixture)
from upstream.audit.models import Entry
from upstream.correspondence.delivery import deliver
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = pytest.mark.django_db
TICK = timedelta(microseconds=1)


def submit(application, by):
    return submit_application(application_id=application.pk, by=by)


def test_a_whole_eoi_is_accepted_with_its_receipt(whole, officer):
    attempt = submit(whole, officer)
    whole = Application.objects.get(pk=whole.pk)
    assert attempt.outcome == AttemptOutcome.ACCEPTED
    assert (whole.status, whole.submitted_by, whole.submitted_at) == (ApplicationStatus.SUBMITTED, officer, attempt.at)
    assert (whole.terms_version, whole.privacy_version) == ("2.1", "1.3")
    assert whole.content_hash == content_hash(whole, answered_sections(whole))
    assert Entry.objects.about(whole).last().verb == "application.submitted"


def test_the_receipt_arrives_with_the_answers_as_a_pdf(whole, officer, smtp):  # noqa: F811  (a fixture)
    submit(whole, officer)
    deliver(OutboundEmail.objects.get(kind="application-submitted").pk)
    (message,) = smtp.messages
    (pdf,) = message.iter_attachments()
    assert pdf.get_filename() == f"{whole.reference}.pdf"
    words = " ".join("\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf.get_content())).pages).split())
    for expected in (whole.reference, GOOD_VALUES[QuestionKind.SHORT_TEXT], GOOD_VALUES[QuestionKind.LONG_TEXT]):
        assert expected in words


def test_the_receipt_goes_to_everybody_who_acts_for_the_council(whole, officer):
    colleague = ContactFactory(council=whole.council).user
    submit(whole, officer)
    receipts = OutboundEmail.objects.about(whole).filter(kind="application-submitted")
    assert {email.recipient for email in receipts} == {officer.email, colleague.email}
    assert whole.reference in receipts[0].text
    assert {email.attachment for email in receipts} == {"expression-of-interest"}


def test_a_second_press_finds_the_same_receipt(whole, officer):
    first = submit(whole, officer)
    second = submit(whole, officer)
    whole = Application.objects.get(pk=whole.pk)
    assert second.outcome == AttemptOutcome.ALREADY
    assert whole.submitted_at == first.at
    assert OutboundEmail.objects.about(whole).filter(kind="application-submitted").count() == 1
    assert [attempt.outcome for attempt in whole.attempts.all()] == ["accepted", "already"]


@pytest.mark.parametrize(
    ("moment", "outcome"), [(-TICK, AttemptOutcome.ACCEPTED), (timedelta(0), AttemptOutcome.LATE), (TICK, AttemptOutcome.LATE)]
)
def test_strictly_before_the_deadline_is_on_time(whole, officer, move_clock, moment, outcome):
    move_clock(whole.call.closes_at + moment)
    assert submit(whole, officer).outcome == outcome


def test_an_approved_extension_moves_the_deadline_for_its_council_only(whole, officer, move_clock):
    later = whole.call.closes_at + timedelta(days=1)
    Extension.objects.create(
        call=whole.call,
        council=whole.council,
        until=later,
        reason="Flood",
        requested_by=UserFactory(),
        approved_by=UserFactory(),
        approved_at=whole.call.opens_at,
    )
    move_clock(later - TICK)
    assert submit(whole, officer).outcome == AttemptOutcome.ACCEPTED
    other = ContactFactory()
    deadline = type(whole.call).objects.with_deadline_for(other.council_id).get(pk=whole.call_id).deadline
    assert deadline == whole.call.closes_at


def test_an_extension_that_waits_moves_nothing(whole, officer, move_clock):
    Extension.objects.create(
        call=whole.call, council=whole.council, until=whole.call.closes_at + timedelta(days=1), reason="Flood", requested_by=UserFactory()
    )
    move_clock(whole.call.closes_at)
    assert submit(whole, officer).outcome == AttemptOutcome.LATE


def test_a_missing_answer_is_named_and_the_press_is_kept(draft, officer):
    attempt = submit(draft, officer)
    assert attempt.outcome == AttemptOutcome.INCOMPLETE
    assert question(draft, QuestionKind.LONG_TEXT).pk in attempt.missing
    assert question(draft, QuestionKind.YES_NO).pk not in attempt.missing
    assert Application.objects.get(pk=draft.pk).is_draft


def test_too_many_words_stop_it(whole, officer):
    asked = question(whole, QuestionKind.LONG_TEXT)
    save_section(application_id=whole.pk, section=asked.section, revision=1, values={asked.pk: "word " * 11}, completed=True, by=officer)
    attempt = submit(whole, officer)
    assert (attempt.outcome, attempt.missing) == (AttemptOutcome.INCOMPLETE, [asked.pk])


def test_a_withdrawal_is_in_the_trail(whole, officer):
    withdraw_application(application_id=whole.pk, reason="", by=officer)
    entry = Entry.objects.about(whole).last()
    assert (entry.verb, entry.actor_id) == ("application.withdrawn", officer.pk)


def test_a_withdrawn_eoi_cannot_be_submitted(whole, officer):
    withdraw_application(application_id=whole.pk, reason="", by=officer)
    assert submit(whole, officer).outcome == AttemptOutcome.WITHDRAWN
    with pytest.raises(InvalidTransition, match="from “Withdrawn” to “Withdrawn”"):
        withdraw_application(application_id=whole.pk, reason="", by=officer)


def test_the_hash_changes_with_any_answer(whole, officer):
    before = content_hash(whole, answered_sections(whole))
    asked = question(whole, QuestionKind.LONG_TEXT)
    save_section(application_id=whole.pk, section=asked.section, revision=1, values={asked.pk: "Else"}, completed=True, by=officer)
    whole = Application.objects.get(pk=whole.pk)
    assert content_hash(whole, answered_sections(whole)) != before


@pytest.mark.parametrize(
    "change", ["UPDATE applications_submissionattempt SET outcome = 'late'", "DELETE FROM applications_submissionattempt"]
)
def test_attempts_are_only_ever_added(draft, officer, change):
    submit(draft, officer)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert SubmissionAttempt.objects.get().outcome == AttemptOutcome.INCOMPLETE


def test_the_database_refuses_a_submitted_eoi_without_a_receipt(whole):
    with pytest.raises(IntegrityError, match="submitted_application_has_receipt"), transaction.atomic():
        Application.objects.filter(pk=whole.pk).update(status=ApplicationStatus.SUBMITTED)


def test_reading_a_whole_eoi_takes_the_same_few_queries_whatever_its_length(whole, django_assert_num_queries):
    application = Application.objects.select_related("call").get(pk=whole.pk)
    with django_assert_num_queries(4):
        assert len(answered_sections(application)) == 2
