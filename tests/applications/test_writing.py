"""Writing an EoI: the services, called as a view calls them."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from applications.models import Answer, Application
from applications.services.eoi import (
    CannotWrite,
    RevisionConflict,
    attach_file,
    detach_file,
    note_presence,
    save_section,
    start_application,
)
from applications.services.submission import submit_application, withdraw_application
from applications.states import ApplicationStatus, QuestionKind
from cohort.services.contacts import NotPossible
from cohort.states import ContactRole, ContactStatus, Nation
from tests.applications.conftest import question, section_of
from tests.applications.test_eoi_pages import one_page_pdf
from tests.factories import ApplicationFactory, CohortFactory, ContactFactory, CouncilFactory, UserFactory
from upstream.documents.models import StoredFile

pytestmark = pytest.mark.django_db


def save(draft, by, text, revision=0, completed=False):
    asked = question(draft, QuestionKind.LONG_TEXT)
    return save_section(
        application_id=draft.pk, section=asked.section, revision=revision, values={asked.pk: text}, completed=completed, by=by
    )


def stored(draft):
    return Answer.objects.get(application=draft, question__kind=QuestionKind.LONG_TEXT).value


def test_starting_twice_finds_the_same_draft(call, contact, officer):
    first = start_application(call_id=call.pk, council_id=contact.council_id, by=officer)
    again = start_application(call_id=call.pk, council_id=contact.council_id, by=officer)
    assert first == again
    assert first.reference == f"{call.cohort.reference_prefix}-0001"


def test_references_are_numbered_within_the_call(call, draft):
    other = ContactFactory()
    second = start_application(call_id=call.pk, council_id=other.council_id, by=other.user)
    assert second.reference.endswith("-0002")


def test_a_prefix_that_could_not_be_part_of_an_address_is_refused():
    with pytest.raises(ValidationError, match="letters, numbers"):
        CohortFactory.build(reference_prefix="UC 19").full_clean()


def test_no_draft_starts_at_the_moment_of_closing(call, contact, officer, move_clock):
    move_clock(call.closes_at)
    with pytest.raises(CannotWrite, match="not open"):
        start_application(call_id=call.pk, council_id=contact.council_id, by=officer)


def test_no_draft_starts_before_opening(call, contact, officer, move_clock):
    move_clock(call.opens_at - timedelta(microseconds=1))
    with pytest.raises(CannotWrite, match="not open"):
        start_application(call_id=call.pk, council_id=contact.council_id, by=officer)


def test_a_council_that_has_ended_cannot_start(call):
    ended = ContactFactory(council=CouncilFactory(ends_on=(call.closes_at - timedelta(days=1)).date()))
    with pytest.raises(CannotWrite, match="not covered"):
        start_application(call_id=call.pk, council_id=ended.council_id, by=ended.user)


def test_a_nation_that_the_call_leaves_out_cannot_start(call, contact, officer):
    call.nations = [Nation.WALES]
    call.save()
    with pytest.raises(CannotWrite, match="not covered"):
        start_application(call_id=call.pk, council_id=contact.council_id, by=officer)


def test_the_database_refuses_a_second_live_eoi_but_not_one_after_a_withdrawal(draft, officer):
    with pytest.raises(IntegrityError, match="one_live_application"), transaction.atomic():
        ApplicationFactory(call=draft.call, council=draft.council)
    withdraw_application(application_id=draft.pk, reason="", by=officer)
    assert start_application(call_id=draft.call_id, council_id=draft.council_id, by=officer) != draft


def test_each_save_counts_one_revision(draft, officer):
    assert save(draft, officer, "One").revision == 1
    assert save(draft, officer, "Two", revision=1).revision == 2
    assert stored(draft) == "Two"


def test_saving_the_same_again_changes_nothing(draft, officer):
    save(draft, officer, "One")
    assert save(draft, officer, "One", revision=0).revision == 1


def test_a_stale_page_overwrites_nothing(draft, officer):
    sam = ContactFactory(council=draft.council, user__full_name="Sam").user
    save(draft, sam, "Sam's")
    with pytest.raises(RevisionConflict) as conflict:
        save(draft, officer, "Mine", revision=0)
    assert conflict.value.progress.saved_by == sam
    assert stored(draft) == "Sam's"


def attach(draft, by, name, revision):
    upload = SimpleUploadedFile(name, one_page_pdf())
    return attach_file(application_id=draft.pk, question=question(draft, QuestionKind.FILE), upload=upload, revision=revision, by=by)


def test_a_file_from_a_stale_page_takes_the_place_of_no_colleagues(draft, officer):
    sam = ContactFactory(council=draft.council).user
    attach(draft, sam, "sam.pdf", revision=0)
    with pytest.raises(RevisionConflict) as conflict:
        attach(draft, officer, "mine.pdf", revision=0)
    assert conflict.value.progress.saved_by == sam
    assert StoredFile.objects.get().name == "sam.pdf"
    attach(draft, officer, "mine.pdf", revision=1)
    assert StoredFile.objects.get().name == "mine.pdf"


def test_removing_a_file_leaves_the_one_that_took_its_place(draft, officer):
    asked = question(draft, QuestionKind.FILE)
    old = attach(draft, officer, "old.pdf", revision=0)
    new = attach(draft, officer, "new.pdf", revision=1)
    detach_file(application_id=draft.pk, question=asked, file=old, by=officer)
    assert StoredFile.objects.get() == new
    detach_file(application_id=draft.pk, question=asked, file=new, by=officer)
    assert not StoredFile.objects.exists()
    assert draft.progress.get().revision == 3


def test_removing_a_required_file_clears_the_mark(draft, officer):
    asked = question(draft, QuestionKind.FILE)
    file = attach(draft, officer, "letter.pdf", revision=0)
    save(draft, officer, "It worked.", revision=1, completed=True)
    asked.required = True
    detach_file(application_id=draft.pk, question=asked, file=file, by=officer)
    assert not draft.progress.get().completed


def test_text_over_the_limit_is_kept_whole(draft, officer):
    save(draft, officer, "word " * 400)
    assert len(stored(draft).split()) == 400


def test_an_answer_to_a_question_of_another_section_is_ignored(draft, officer):
    title = question(draft, QuestionKind.SHORT_TEXT)
    save_section(
        application_id=draft.pk, section=section_of(draft, "evidence"), revision=0, values={title.pk: "X"}, completed=False, by=officer
    )
    assert not Answer.objects.filter(question=title).exists()


def test_the_initiative_is_kept_on_the_eoi_for_lists(whole):
    assert whole.initiative_title == "Streets that look after themselves"
    assert whole.focus_areas == ["Upstream"]


def test_a_title_too_long_for_lists_is_cut_there_and_kept_whole(draft, officer):
    title = question(draft, QuestionKind.SHORT_TEXT)
    save_section(application_id=draft.pk, section=title.section, revision=0, values={title.pk: "x" * 301}, completed=False, by=officer)
    draft.refresh_from_db()
    assert len(draft.initiative_title) == 300
    assert len(draft.answers.get(question=title).value) == 301


@pytest.mark.parametrize("after", [timedelta(0), timedelta(microseconds=1)])
def test_nothing_is_saved_once_the_deadline_has_come(draft, officer, move_clock, after):
    move_clock(draft.call.closes_at + after)
    with pytest.raises(CannotWrite, match="closed"):
        save(draft, officer, "Late")
    assert not Answer.objects.filter(application=draft).exists()


def test_nothing_is_saved_after_submitting(whole, officer):
    submit_application(application_id=whole.pk, by=officer)
    with pytest.raises(CannotWrite, match="Submitted"):
        save(whole, officer, "More", revision=1)


def starts(draft, by):
    start_application(call_id=draft.call_id, council_id=draft.council_id, by=by)


def saves(draft, by):
    save(draft, by, "More")


def attaches(draft, by):
    attach(draft, by, "letter.pdf", revision=0)


def detaches(draft, by):
    detach_file(application_id=draft.pk, question=question(draft, QuestionKind.FILE), file=StoredFile(), by=by)


def submits(draft, by):
    submit_application(application_id=draft.pk, by=by)


def withdraws(draft, by):
    withdraw_application(application_id=draft.pk, reason="", by=by)


@pytest.mark.parametrize("write", [starts, saves, attaches, detaches, submits, withdraws])
@pytest.mark.parametrize("wrong", [{"status": ContactStatus.ENDED}, {"user__is_active": False}], ids=["ended", "switched off"])
def test_every_service_refuses_somebody_who_no_longer_acts_for_the_council(draft, write, wrong):
    contact = ContactFactory(council=draft.council, **wrong)
    with pytest.raises(NotPossible, match=f"You cannot (act|submit) for {draft.council}"):
        write(draft, contact.user)
    assert not draft.attempts.exists()


@pytest.mark.parametrize("write", [submits, withdraws])
def test_an_editor_neither_submits_nor_withdraws(draft, write):
    editor = ContactFactory(council=draft.council, role=ContactRole.EDITOR).user
    with pytest.raises(NotPossible, match="submit"):
        write(draft, editor)


def test_presence_names_the_others_for_two_minutes(draft, officer, move_clock):
    sam = UserFactory(full_name="Sam Okafor")
    section = section_of(draft, "evidence")
    opened = draft.call.opens_at + timedelta(days=1)
    move_clock(opened)
    assert note_presence(application_id=draft.pk, section=section, by=sam) == []
    assert note_presence(application_id=draft.pk, section=section, by=officer) == ["Sam Okafor"]
    move_clock(opened + timedelta(minutes=2))
    assert note_presence(application_id=draft.pk, section=section, by=officer) == []


def test_a_council_that_withdrew_has_that_status(draft, officer):
    withdraw_application(application_id=draft.pk, reason="No time", by=officer)
    draft = Application.objects.get(pk=draft.pk)
    assert (draft.status, draft.withdrawn_reason) == (ApplicationStatus.WITHDRAWN, "No time")
