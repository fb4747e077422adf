"""Telling councils: nothing before, everything at once, and the letter that went out is the letter that was read."""

import hashlib
import io
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from pypdf import PdfReader

from applications import tasks
from applications.documents import LetterChanged, letter_attachment
from applications.models import Application, Call, Decision, Letter, Release
from applications.services.decisions import decide
from applications.services.releases import prepare_release, release_decisions, take_back_release
from applications.services.submission import withdraw_application
from applications.states import ApplicationStatus
from tests.factories import ApplicationFactory, ContactFactory, StaffFactory
from tests.factories.judging import ConflictFactory, DecisionFactory, SubmittedFactory, scored_call
from upstream.audit.models import Entry
from upstream.correspondence.delivery import deliver
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus, Lane
from upstream.documents.models import StoredFile
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
OUTCOMES = (ApplicationStatus.SHORTLISTED, ApplicationStatus.NOT_SHORTLISTED, ApplicationStatus.INELIGIBLE)


@pytest.fixture
def call(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return scored_call(closes_at=timezone.now() - timedelta(days=3))


@pytest.fixture
def staff(roles):
    return StaffFactory()


@pytest.fixture
def other(roles):
    return StaffFactory()


@pytest.fixture
def decided(call):
    """Return three EoIs, each with its people and a held decision of another kind."""
    made = SubmittedFactory.create_batch(3, call=call)
    for application, outcome in zip(made, OUTCOMES, strict=True):
        ContactFactory(council=application.council, user=application.created_by)
        DecisionFactory(application=application, outcome=outcome, feedback=f"Our view of {application.reference}.")
    return made


@pytest.fixture
def prepared(call, staff, decided):
    return prepare_release(call_id=call.pk, by=staff)


@pytest.fixture
def ready(prepared):
    for letter in Letter.objects.all():
        tasks.make_letter(letter.pk)
    return prepared


def version_of(application):
    return Decision.objects.get(application=application).version


def letter_of(application):
    return Letter.objects.get(decision__application=application)


def test_each_decision_gets_its_letter_and_stands_still(prepared, staff, decided):
    shortlisted, not_shortlisted, ineligible = (letter_of(application) for application in decided)
    assert "on the shortlist" in shortlisted.subject
    assert f"Our view of {decided[0].reference}." in shortlisted.text
    assert decided[0].council.official_name in shortlisted.text
    assert "telephone interview" in shortlisted.text
    assert "not on the shortlist" in not_shortlisted.text
    assert "conditions for taking part" in ineligible.text
    assert len({letter.template_version for letter in Letter.objects.all()}) == 3
    with pytest.raises(InvalidTransition, match="release"):
        decide(application_id=decided[0].pk, outcome=OUTCOMES[1], reason="No", feedback="", seen=version_of(decided[0]), by=staff)


@pytest.mark.parametrize("why", ["undecided", "open", "waiting", "nothing"])
def test_a_release_is_prepared_once_everything_is_decided(call, staff, decided, why):
    refusal = ValidationError
    if why == "undecided":
        SubmittedFactory(call=call)
    elif why == "open":
        Call.objects.update(closes_at=timezone.now() + timedelta(hours=1))
    elif why == "waiting":
        prepare_release(call_id=call.pk, by=staff)
        refusal = InvalidTransition
    else:
        Application.objects.update(status=ApplicationStatus.WITHDRAWN)
    number = Release.objects.count()
    with pytest.raises(refusal):
        prepare_release(call_id=call.pk, by=staff)
    assert Release.objects.count() == number


def test_drafts_and_withdrawn_ones_hold_nothing_up(call, staff, decided):
    ApplicationFactory(call=call)
    SubmittedFactory(call=call, status=ApplicationStatus.WITHDRAWN)
    assert prepare_release(call_id=call.pk, by=staff).decisions.count() == 3


def test_the_pdf_is_made_once_and_kept_with_its_fingerprint(prepared, decided):
    letter = letter_of(decided[0])
    tasks.make_letter(letter.pk)
    tasks.make_letter(letter.pk)
    file = StoredFile.objects.get()
    letter.refresh_from_db()
    assert (file.owner, file.name) == (letter, f"{decided[0].reference} letter.pdf")
    with file.content.open("rb") as stored:
        content = stored.read()
    assert letter.sha256 == file.sha256 == hashlib.sha256(content).hexdigest()
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert decided[0].council.official_name in " ".join(text.split())
    assert "Our view of" in text
    today = localdate()
    assert f"{today.day} {today:%B %Y}" in text


def test_a_letter_whose_wake_up_was_missed_is_swept_up(prepared, decided, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks, "wake", lambda task, pk, lane, expires: woken.append((task, pk, lane)))
    tasks.make_letter(letter_of(decided[0]).pk)
    tasks.sweep_letters()
    assert woken == [("applications.tasks.make_letter", letter_of(each).pk, Lane.LETTERS) for each in decided[1:]]


def test_taking_it_back_frees_the_decisions_and_forgets_the_letters(ready, call, staff, decided):
    take_back_release(release_id=ready.pk, by=staff)
    assert not Letter.objects.exists()
    assert not StoredFile.objects.exists()
    decide(application_id=decided[0].pk, outcome=OUTCOMES[1], reason="On reflection", feedback="", seen=version_of(decided[0]), by=staff)
    with pytest.raises(InvalidTransition):
        take_back_release(release_id=ready.pk, by=staff)
    with pytest.raises(InvalidTransition):
        release_decisions(release_id=ready.pk, by=StaffFactory())
    assert prepare_release(call_id=call.pk, by=staff).decisions.filter(outcome=OUTCOMES[1]).count() == 2


def test_whoever_prepared_it_does_not_release_it(ready, staff):
    with pytest.raises(ValidationError, match="somebody else"):
        release_decisions(release_id=ready.pk, by=staff)
    ready.released_by, ready.released_at = staff, timezone.now()
    with pytest.raises(IntegrityError, match="release_needs_second_person"), transaction.atomic():
        ready.save()
    assert not OutboundEmail.objects.exists()


def test_nothing_goes_while_a_letter_is_not_ready_or_an_eoi_came_in_since(ready, other, decided):
    Letter.objects.filter(decision__application=decided[0]).update(sha256="")
    with pytest.raises(ValidationError, match="1 letter of 3 not ready"):
        release_decisions(release_id=ready.pk, by=other)
    Letter.objects.filter(decision__application=decided[0]).update(sha256="0" * 64)
    late = SubmittedFactory(call=ready.call)
    with pytest.raises(ValidationError, match="1 expression of interest came in since"):
        release_decisions(release_id=ready.pk, by=other)
    late.delete()
    assert release_decisions(release_id=ready.pk, by=other) == []


def test_statuses_letters_and_emails_change_in_one_act(ready, other, decided):
    assert release_decisions(release_id=ready.pk, by=other) == []
    assert [each.status for each in Application.objects.order_by("pk")] == list(OUTCOMES)
    assert Decision.objects.held().count() == 0
    emails = OutboundEmail.objects.filter(kind="decision-letter")
    assert emails.count() == 3
    assert set(emails.values_list("lane", "attachment")) == {(Lane.LETTERS, "decision-letter")}
    letter = letter_of(decided[0])
    email = OutboundEmail.objects.about(letter).get()
    assert letter.text.splitlines()[0] in email.text
    deliver(email.pk)
    [message] = mail.outbox
    [(name, content, kind)] = message.attachments
    assert (name, kind) == (f"{decided[0].reference} letter.pdf", "application/pdf")
    assert hashlib.sha256(content).hexdigest() == letter.sha256
    assert Entry.objects.filter(verb="decision.released").count() == 3
    with pytest.raises(InvalidTransition):
        release_decisions(release_id=ready.pk, by=other)


def test_a_file_that_is_not_the_released_letter_never_goes_out(ready, other, decided):
    release_decisions(release_id=ready.pk, by=other)
    email = OutboundEmail.objects.about(letter_of(decided[0])).get()
    file = StoredFile.objects.owned_by(letter_of(decided[0])).get()
    with file.content.storage.open(file.content.name, "wb") as stored:
        stored.write(b"%PDF another")
    with pytest.raises(LetterChanged):
        letter_attachment(email)
    deliver(email.pk)
    email.refresh_from_db()
    assert email.status == EmailStatus.QUEUED
    assert mail.outbox == []


def test_what_was_withdrawn_since_drops_out_and_is_named(ready, other, decided):
    withdraw_application(application_id=decided[1].pk, reason="", by=decided[1].created_by)
    OutboundEmail.objects.all().delete()
    assert release_decisions(release_id=ready.pk, by=other) == [decided[1]]
    assert Application.objects.get(pk=decided[1].pk).status == ApplicationStatus.WITHDRAWN
    assert Letter.objects.count() == StoredFile.objects.count() == OutboundEmail.objects.count() == 2
    decision = Decision.objects.get(application=decided[1])
    assert (decision.release, decision.released_at) == (None, None)


def seen_by(client, person, application, file):
    """Return everything that a council's person can read of the outcome."""
    client.force_login(person)
    pages = [client.get(url) for url in ("/", reverse("applications:eoi", args=[application.reference]))]
    return "".join(page.content.decode() for page in pages), downloaded(client, file)


def downloaded(client, file):
    """Return how asking for a file is answered."""
    response = client.get(reverse("documents:download", args=[file.pk]))
    if response.streaming:
        list(response)  # which closes the file
    return response.status_code


def test_councils_see_nothing_before_and_all_of_theirs_after(client, ready, other, decided):
    application = decided[0]
    person = ContactFactory(council=application.council).user
    stranger = ContactFactory().user
    file = StoredFile.objects.owned_by(letter_of(application)).get()
    words, status = seen_by(client, person, application, file)
    assert "hortlist" not in words
    assert "reading it" in words
    assert status == 404
    assert not OutboundEmail.objects.exists()
    release_decisions(release_id=ready.pk, by=other)
    words, status = seen_by(client, person, application, file)
    assert "Shortlisted" in words
    assert f"Our view of {application.reference}." in words
    assert reverse("documents:download", args=[file.pk]) in words
    assert status == 200
    client.force_login(stranger)
    assert downloaded(client, file) == 404


def test_the_office_reads_letters_before_but_not_those_of_a_conflict_of_interest(client, ready, other, decided):
    file = StoredFile.objects.owned_by(letter_of(decided[0])).get()
    client.force_login(other)
    assert downloaded(client, file) == 200
    assert "hortlisted" not in client.get(reverse("applications:eoi", args=[decided[0].reference])).content.decode()
    ConflictFactory(application=decided[0], user=other)
    assert downloaded(client, file) == 404


def test_a_decision_that_a_conflict_has_overtaken_holds_the_release_up_until_it_is_taken_again(call, staff, decided):
    shown, hidden, _ = decided
    prepare_release(call_id=call.pk, by=staff)
    take_back_release(release_id=Release.objects.get().pk, by=staff)
    for application in (shown, hidden):
        ConflictFactory(application=application, user=Decision.objects.get(application=application).decided_by)
    ConflictFactory(application=hidden, user=staff)
    with pytest.raises(ValidationError) as refusal:
        prepare_release(call_id=call.pk, by=staff)
    [message] = refusal.value.messages
    assert f"has to decide again about {shown.reference} and 1 that you may not see: somebody who decided" in message
    assert not Release.objects.pending().exists()
    for application in (shown, hidden):
        afresh = {"outcome": OUTCOMES[0], "reason": "Looked at afresh.", "feedback": "", "seen": version_of(application)}
        decide(application_id=application.pk, by=StaffFactory(), **afresh)
    assert prepare_release(call_id=call.pk, by=staff).decisions.count() == 3


def test_a_conflict_that_comes_after_the_letters_keeps_them_from_going(ready, staff, other, decided):
    ConflictFactory(application=decided[0], user=Decision.objects.get(application=decided[0]).decided_by)
    with pytest.raises(ValidationError, match=rf"decide again about {decided[0].reference}: .* Take the release back first"):
        release_decisions(release_id=ready.pk, by=other)
    assert not OutboundEmail.objects.exists()
    assert not Application.objects.filter(status=OUTCOMES[0]).exists()
