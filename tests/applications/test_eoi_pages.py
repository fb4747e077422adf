"""The council's pages, as a browser asks for them."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from applications.models import Application, SubmissionAttempt
from applications.services.eoi import save_section
from applications.services.submission import submit_application, withdraw_application
from applications.states import Completeness, QuestionKind
from cohort.models import CouncilContact
from cohort.states import ContactRole
from tests.applications.conftest import GOOD_VALUES, question, section_of
from tests.factories import ContactFactory, UserFactory
from upstream.correspondence.models import OutboundEmail
from upstream.deadlines import LONDON, in_words
from upstream.documents.models import StoredFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, officer):
    client.force_login(officer)
    return client


def page(name, application, *args):
    return reverse(f"applications:{name}", args=[application.reference, *args])


def posted(application, slug, **more):
    """The fields that a browser would send for a whole section."""
    data = {"revision": "0"}
    for asked in section_of(application, slug).questions.all():
        value = GOOD_VALUES.get(asked.kind, "")
        if asked.kind == QuestionKind.DATE:
            data |= dict(zip([f"{asked.field_name}_{part}" for part in ("day", "month", "year")], ("1", "May", "2027"), strict=True))
        elif asked.kind != QuestionKind.FILE:
            data[asked.field_name] = value
    return data | more


def test_the_task_list_shows_how_far_each_section_is(browser, draft, officer):
    asked = question(draft, QuestionKind.LONG_TEXT)
    save_section(application_id=draft.pk, section=asked.section, revision=0, values={asked.pk: "x"}, completed=False, by=officer)
    text = browser.get(page("eoi", draft)).content.decode()
    assert "0 of 2 sections completed" in text
    assert "In progress" in text
    assert "Not yet started" in text
    assert "Cannot start yet" in text


def test_a_section_says_where_in_the_form_it_stands(browser, draft):
    assert "Section 2 of 2" in browser.get(page("section", draft, "evidence")).content.decode()
    assert browser.get(page("section", draft, "nowhere")).status_code == 404


def test_a_section_goes_on_to_the_next_and_then_to_the_answers(browser, draft):
    first = browser.post(page("section", draft, "initiative"), posted(draft, "initiative", action="continue"))
    assert first.url == page("section", draft, "evidence")
    last = browser.post(page("section", draft, "evidence"), posted(draft, "evidence", action="continue", completed="yes"))
    assert last.url == page("check", draft)
    assert "2 of 2 sections completed" in browser.get(page("eoi", draft)).content.decode()


def test_what_was_typed_is_saved_even_when_it_will_not_do(browser, draft):
    asked = question(draft, QuestionKind.LONG_TEXT)
    response = browser.post(
        page("section", draft, "evidence"), posted(draft, "evidence", action="continue", completed="yes") | {asked.field_name: "word " * 11}
    )
    text = response.content.decode()
    assert "must be 10 words or fewer. You have written 11." in text
    assert f'href="#id_{asked.field_name}"' in text
    assert draft.answers.get(question=asked).value == ("word " * 11).strip()
    assert not draft.progress.get().completed


def test_coming_back_later_shows_no_problems(browser, draft):
    response = browser.post(page("section", draft, "evidence"), {"revision": "0", "action": "later"})
    assert response.url == page("eoi", draft)


@pytest.mark.parametrize(("said", "marked"), [("yes", True), ("no", False), ("", True)])
def test_coming_back_later_keeps_the_mark_as_it_is_or_as_it_is_said(browser, whole, said, marked):
    browser.post(page("section", whole, "evidence"), posted(whole, "evidence", action="later", completed=said, revision="1"))
    assert whole.progress.get(section__slug="evidence").completed is marked


def test_coming_back_later_can_say_that_a_section_is_complete(browser, draft):
    browser.post(page("section", draft, "evidence"), posted(draft, "evidence", action="later", completed="yes"))
    assert draft.progress.get().completed


def test_a_section_with_long_text_asks_whether_it_is_done(browser, draft):
    response = browser.post(page("section", draft, "evidence"), posted(draft, "evidence", action="continue"))
    assert "Select whether you have completed this section" in response.content.decode()


def test_a_stale_page_shows_both_versions_and_can_then_be_saved(browser, draft):
    asked = question(draft, QuestionKind.LONG_TEXT)
    sam = ContactFactory(council=draft.council, user=UserFactory(full_name="Sam Okafor")).user
    save_section(application_id=draft.pk, section=asked.section, revision=0, values={asked.pk: "What Sam wrote"}, completed=False, by=sam)
    mine = {"revision": "0", "action": "later", asked.field_name: "What I wrote"}
    response = browser.post(page("section", draft, "evidence"), mine)
    text = response.content.decode()
    assert response.status_code == 409
    assert "Sam Okafor saved this at" in text
    assert "Saved by Sam Okafor:" in text
    assert "What Sam wrote" in text
    assert "What I wrote" in text
    assert draft.answers.get(question=asked).value == "What Sam wrote"
    browser.post(page("section", draft, "evidence"), mine | {"revision": "1"})
    assert draft.answers.get(question=asked).value == "What I wrote"


def test_autosave_answers_with_the_revision_and_leaves_the_completed_mark_alone(browser, whole):
    asked = question(whole, QuestionKind.LONG_TEXT)
    response = browser.post(page("autosave", whole, "evidence"), {"revision": "1", asked.field_name: "More"})
    assert response.json()["revision"] == 2
    assert whole.progress.get(section__slug="evidence").completed


def test_autosave_that_empties_a_required_answer_clears_the_mark(browser, whole):
    asked = question(whole, QuestionKind.LONG_TEXT)
    browser.post(page("autosave", whole, "evidence"), {"revision": "1", asked.field_name: ""})
    assert not whole.progress.get(section__slug="evidence").completed
    assert Application.objects.with_completeness().get(pk=whole.pk).completeness == Completeness.SOME
    assert "1 of 2 sections completed" in browser.get(page("eoi", whole)).content.decode()


def test_autosave_says_midday_and_not_12_pm(browser, draft, move_clock):
    move_clock(datetime.combine(draft.call.opens_at + timedelta(days=15), time(12), LONDON))
    browser.force_login(draft.created_by)
    asked = question(draft, QuestionKind.LONG_TEXT)
    saved = browser.post(page("autosave", draft, "evidence"), {"revision": "0", asked.field_name: "First"})
    assert saved.json()["saved_at"] == "midday"


def test_autosave_tells_of_a_conflict_and_overwrites_nothing(browser, draft):
    asked = question(draft, QuestionKind.LONG_TEXT)
    browser.post(page("autosave", draft, "evidence"), {"revision": "0", asked.field_name: "First"})
    response = browser.post(page("autosave", draft, "evidence"), {"revision": "0", asked.field_name: "Second"})
    assert (response.status_code, response.json()["error"]) == (409, "conflict")
    assert draft.answers.get(question=asked).value == "First"


def test_ones_own_other_window_is_not_called_by_ones_name(browser, draft):
    asked = question(draft, QuestionKind.LONG_TEXT)
    browser.post(page("autosave", draft, "evidence"), {"revision": "0", asked.field_name: "First"})
    second = {"revision": "0", "action": "later", asked.field_name: "Second"}
    why = browser.post(page("autosave", draft, "evidence"), second).json()["why"]
    assert re.fullmatch(r"You saved this at .+, in another tab or window\.", why)
    text = browser.post(page("section", draft, "evidence"), second).content.decode()
    assert why in text
    assert f"Saved: {asked.text}" in text


def test_autosave_when_signed_out_is_401_as_json(client, draft):
    response = client.post(page("autosave", draft, "evidence"), {"revision": "0"}, headers={"accept": "application/json"})
    assert (response.status_code, response.json()) == (401, {"error": "signed-out"})


def test_a_form_posted_when_signed_out_hands_the_text_back(client, draft):
    response = client.post(page("section", draft, "evidence"), {"revision": "0", "q1": "Two hours of work"})
    assert response.status_code == 401
    assert "Two hours of work" in response.content.decode()


def test_a_form_that_comes_after_the_deadline_hands_the_text_back(browser, draft, move_clock):
    asked = question(draft, QuestionKind.LONG_TEXT)
    move_clock(draft.call.closes_at)
    response = browser.post(page("section", draft, "evidence"), {"revision": "0", asked.field_name: "Two hours of work"})
    assert response.status_code == 409
    assert "Two hours of work" in response.content.decode()
    assert not draft.answers.exists()


def test_a_draft_that_missed_the_deadline_stays_readable(browser, whole, officer, move_clock):
    move_clock(whole.call.closes_at + timedelta(days=30))
    browser.force_login(officer)
    assert "was not submitted before the deadline" in browser.get(page("eoi", whole)).content.decode()
    assert "It worked in two wards." in browser.get(page("answers", whole)).content.decode()
    assert browser.get(page("section", whole, "evidence")).url == page("eoi", whole)


def test_a_file_is_kept_when_another_field_fails_and_can_be_removed(browser, draft):
    asked = question(draft, QuestionKind.FILE)
    upload = SimpleUploadedFile("letter.pdf", one_page_pdf(), "application/pdf")
    response = browser.post(
        page("section", draft, "evidence"), {"revision": "0", "action": "continue", "completed": "yes", asked.field_name: upload}
    )
    text = response.content.decode()
    assert "letter.pdf" in text
    assert "Enter an answer to" in text
    letter = StoredFile.objects.get()
    assert letter.name == "letter.pdf"
    assert f'name="remove" value="{letter.pk}"' in text
    browser.post(page("section", draft, "evidence"), {"revision": "2", "remove": str(letter.pk)})
    assert not StoredFile.objects.exists()


def test_a_stale_page_neither_replaces_nor_removes_a_colleagues_file(browser, draft):
    asked, written = question(draft, QuestionKind.FILE), question(draft, QuestionKind.LONG_TEXT)
    sam = ContactFactory(council=draft.council).user

    def send(person, name, revision, **more):
        browser.force_login(person)
        upload = SimpleUploadedFile(name, one_page_pdf(), "application/pdf")
        data = {"revision": revision, "action": "later", asked.field_name: upload, written.field_name: name}
        return browser.post(page("section", draft, "evidence"), data | more)

    officer = draft.created_by
    send(officer, "first.pdf", 0)
    first = StoredFile.objects.get()
    send(sam, "sam.pdf", 2)
    response = send(officer, "mine.pdf", 2)
    assert response.status_code == 409
    assert "The file that you chose has not been kept" in response.content.decode()
    send(officer, "mine.pdf", 4, remove=str(first.pk))
    assert StoredFile.objects.get().name == "sam.pdf"
    assert draft.answers.get(question=written).value == "mine.pdf"


def test_a_file_that_will_not_do_is_refused_in_words_and_the_text_is_kept(browser, draft):
    asked, text_asked = question(draft, QuestionKind.FILE), question(draft, QuestionKind.LONG_TEXT)
    upload = SimpleUploadedFile("letter.exe", b"MZ", "application/pdf")
    response = browser.post(
        page("section", draft, "evidence"), posted(draft, "evidence", action="later") | {asked.field_name: upload, "revision": "0"}
    )
    assert f'id="id_{asked.field_name}_error"' in response.content.decode()
    assert draft.answers.get(question=text_asked).value


def test_an_empty_file_and_half_a_date_are_refused_in_words_that_name_them(browser, draft):
    asked, dated = question(draft, QuestionKind.FILE), question(draft, QuestionKind.DATE)
    empty = SimpleUploadedFile("letter.pdf", b"", "application/pdf")
    text = browser.post(page("section", draft, "evidence"), posted(draft, "evidence") | {asked.field_name: empty}).content.decode()
    assert "The file is empty. Choose another" in text
    assert "smaller than 10MB" in text
    half = browser.post(page("autosave", draft, "initiative"), {"revision": "0", f"{dated.field_name}_year": "27"})
    assert half.json()["unsaved"] == [f"“{dated.text}” must include a day and month"]


def one_page_pdf():
    from io import BytesIO

    from pypdf import PdfWriter

    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(out)
    return out.getvalue()


def test_submitting_leads_to_a_receipt_that_stays(browser, whole):
    response = browser.post(page("check", whole), {"agree": "on"})
    assert response.url == page("receipt", whole)
    text = browser.get(page("receipt", whole)).content.decode()
    assert whole.reference in text
    assert Application.objects.get(pk=whole.pk).content_hash in text
    assert browser.get(page("check", whole)).url == page("receipt", whole)


def test_the_receipt_names_those_who_got_it_and_not_those_who_act_now(browser, whole, officer):
    submit_application(application_id=whole.pk, by=officer)
    later = ContactFactory(council=whole.council).user
    text = browser.get(page("receipt", whole)).content.decode()
    assert officer.email in text
    assert later.email not in text


def test_the_receipt_of_a_withdrawn_eoi_says_so(browser, whole, officer):
    submit_application(application_id=whole.pk, by=officer)
    assert "govuk-panel" in browser.get(page("receipt", whole)).content.decode()
    withdraw_application(application_id=whole.pk, reason="", by=officer)
    text = browser.get(page("receipt", whole)).content.decode()
    assert "Your council withdrew this expression of interest at" in text
    assert "govuk-panel" not in text


def test_submitting_asks_for_the_terms(browser, whole):
    response = browser.post(page("check", whole), {})
    assert "Tick the box to accept the terms" in response.content.decode()
    assert SubmissionAttempt.objects.get().outcome == "not_agreed"
    assert Application.objects.get(pk=whole.pk).is_draft


def test_a_press_after_the_eoi_was_accepted_is_kept_and_finds_the_receipt(browser, whole):
    for _ in range(2):
        assert browser.post(page("check", whole), {"agree": "on"}).url == page("receipt", whole)
    assert [attempt.outcome for attempt in whole.attempts.all()] == ["accepted", "already"]


def test_missing_answers_are_listed_with_links(browser, draft):
    response = browser.post(page("check", draft), {"agree": "on"})
    asked = question(draft, QuestionKind.LONG_TEXT)
    text = response.content.decode()
    assert "<title>Error: Check your answers" in text
    assert f"{page('section', draft, 'evidence')}#id_{asked.field_name}" in text
    assert SubmissionAttempt.objects.get().outcome == "incomplete"


def test_an_editor_checks_but_does_not_submit(client, whole):
    editor = ContactFactory(council=whole.council, role=ContactRole.EDITOR).user
    client.force_login(editor)
    whole.answers.all().delete()
    text = client.get(page("check", whole)).content.decode()
    assert "Only a submitter can submit" in text
    assert "A submitter can submit once these are answered" in text
    assert "You can submit" not in text
    client.post(page("check", whole), {"agree": "on"})
    assert Application.objects.get(pk=whole.pk).is_draft
    assert not SubmissionAttempt.objects.exists()


def test_a_press_after_the_deadline_is_kept_and_explained(browser, whole, move_clock):
    move_clock(whole.call.closes_at)
    response = browser.post(page("check", whole), {"agree": "on"}, follow=True)
    text = response.content.decode()
    assert "was not submitted before the deadline" in text
    assert "pressed the submit button 1 time" in text


def test_withdrawing_a_draft_speaks_of_no_assessment_and_says_until_when_to_start_again(browser, whole, officer):
    until = f"new one before {in_words(whole.call.closes_at)}"
    text = browser.get(page("withdraw", whole)).content.decode()
    assert "stop assessing" not in text
    assert until in text
    submit_application(application_id=whole.pk, by=officer)
    assert "stop assessing" in browser.get(page("withdraw", whole)).content.decode()
    withdraw_application(application_id=whole.pk, reason="", by=officer)
    message = OutboundEmail.objects.get(kind="application-withdrawn").text
    assert f"withdrawn by {officer.full_name}" in message
    assert until in message


def test_a_withdrawal_after_the_deadline_offers_no_new_start(browser, whole, officer, move_clock):
    submit_application(application_id=whole.pk, by=officer)
    move_clock(whole.call.closes_at)
    assert "start a new one" not in browser.get(page("withdraw", whole)).content.decode()
    withdraw_application(application_id=whole.pk, reason="", by=officer)
    assert "start" not in OutboundEmail.objects.get(kind="application-withdrawn").text


def test_only_who_decides_is_invited_to_change_who_can_write(client, whole, officer):
    editor = ContactFactory(council=whole.council, role=ContactRole.EDITOR).user
    for person, words in ((officer, "Invite a colleague or change who can write"), (editor, "See who acts for the council")):
        client.force_login(person)
        assert words in client.get(page("eoi", whole)).content.decode()
    submit_application(application_id=whole.pk, by=officer)
    client.force_login(officer)
    assert "See who acts for the council" in client.get(page("eoi", whole)).content.decode()


def test_withdrawing_needs_a_confirmation_by_post(browser, whole):
    browser.get(page("withdraw", whole))
    assert Application.objects.get(pk=whole.pk).is_draft
    browser.post(page("withdraw", whole), {"reason": "Busy"})
    assert "Your council withdrew" in browser.get(page("eoi", whole)).content.decode()


@pytest.mark.parametrize("name", ["eoi", "answers", "pdf", "check", "receipt", "withdraw"])
def test_a_stranger_finds_nothing(client, whole, name):
    client.force_login(ContactFactory().user)
    assert client.get(page(name, whole)).status_code == 404


def test_somebody_removed_from_the_council_loses_it_at_the_next_request(browser, whole, officer):
    CouncilContact.objects.filter(user=officer).update(status="ended")
    assert browser.get(page("eoi", whole)).status_code == 404


@pytest.fixture
def taken_off_meanwhile(monkeypatch, officer):
    """Let the officer's standing end after the view has checked it and before the service does."""

    def check(*_):
        CouncilContact.objects.filter(user=officer).update(status="ended")
        return True

    def submit(**press):
        check()
        return submit_application(**press)

    for name in ("sections.can_write", "submission.can_withdraw", "eoi.can_act_for"):
        monkeypatch.setattr(f"applications.views.{name}", check)
    monkeypatch.setattr("applications.views.submission.submit_application", submit)


@pytest.mark.usefixtures("taken_off_meanwhile")
def test_somebody_taken_off_while_saving_gets_the_text_back(browser, draft):
    asked = question(draft, QuestionKind.LONG_TEXT)
    response = browser.post(page("section", draft, "evidence"), {"revision": "0", asked.field_name: "Two hours of work"})
    text = response.content.decode()
    assert response.status_code == 409
    assert f"You cannot act for {draft.council} now." in text
    assert "Two hours of work" in text
    assert page("eoi", draft) not in text
    assert not draft.answers.exists()


@pytest.mark.usefixtures("taken_off_meanwhile")
def test_somebody_taken_off_while_the_page_saves_is_told_so(browser, draft):
    response = browser.post(page("autosave", draft, "evidence"), {"revision": "0"})
    assert (response.status_code, response.json()["error"]) == (409, "closed")


@pytest.mark.usefixtures("taken_off_meanwhile")
@pytest.mark.parametrize(("name", "sent"), [("check", {"agree": "on"}), ("withdraw", {"reason": "No time"})])
def test_somebody_taken_off_while_submitting_or_withdrawing_is_told_so(browser, whole, name, sent):
    response = browser.post(page(name, whole), sent)
    assert response.url == page("eoi", whole)
    assert f"You cannot submit for {whole.council} now." in browser.get(reverse("home")).content.decode()
    assert Application.objects.get(pk=whole.pk).is_draft
    assert not whole.attempts.exists()


@pytest.mark.usefixtures("taken_off_meanwhile")
def test_somebody_taken_off_while_starting_is_told_so(browser, call, contact):
    session = browser.session
    session[f"eligibility:{call.pk}"] = {"lead": "council", "council": contact.council.code, "initiative": "live", "people": True}
    session.save()
    response = browser.post(reverse("applications:begin", args=[call.slug]))
    assert response.status_code == 409
    assert f"You cannot act for {contact.council} now." in response.content.decode()
    assert not Application.objects.exists()


def test_the_pdf_says_what_the_page_says(browser, whole, officer):
    from io import BytesIO

    from pypdf import PdfReader

    submit_application(application_id=whole.pk, by=officer)
    response = browser.get(page("pdf", whole))
    assert response["Content-Type"] == "application/pdf"
    text = " ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(response.content)).pages)
    assert whole.reference in text
    assert "It worked in two wards." in text


def test_a_withdrawn_eoi_offers_a_new_start_before_the_deadline(browser, whole, officer):
    withdraw_application(application_id=whole.pk, reason="", by=officer)
    assert reverse("applications:start", args=[whole.call.slug]) in browser.get(page("eoi", whole)).content.decode()


@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 40, "\uff11"])
def test_an_unreadable_revision_is_taken_for_the_beginning(browser, draft, revision):
    assert browser.post(page("autosave", draft, "evidence"), {"revision": revision}).status_code == 200
