"""The office's pages of triage."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from applications.models import Answer, Application, Assessment, Call, Decision
from applications.services.submission import withdraw_application
from applications.services.triage import claim
from applications.states import ApplicationStatus
from cohort.models import CouncilContact
from tests.factories import ContactFactory, QuestionFactory, SectionFactory, StaffFactory, UserFactory
from tests.factories.judging import AssessmentFactory, ConflictFactory, DecisionFactory, SubmittedFactory, judge, scored_call
from upstream.audit.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def call(db):
    return scored_call()


@pytest.fixture
def eoi(call):
    return SubmittedFactory(call=call, initiative_title="Warm homes")


def url(page, *args, call=None):
    return reverse(f"admin:applications_assessment_{page}", args=args) + (f"?call={call.pk}" if call else "")


def read(client, *args, **kwargs):
    response = client.get(url(*args, **kwargs))
    assert response.status_code == 200
    return response.content.decode()


def typed(call, revision=0, score="4", reason="Because.", eligible="yes", **more):
    scores = {
        f"{kind}_{pk}": text for pk in call.criteria.values_list("pk", flat=True) for kind, text in (("score", score), ("reason", reason))
    }
    return {"revision": revision, "is_eligible": eligible, "ineligible_reason": "", "note": "", **scores, **more}


def test_empty_pages_say_what_will_appear(office):
    assert "No call has opened yet" in read(office, "changelist")
    assert "No expression of interest has been submitted yet" in read(office, "board")
    call = scored_call()
    page = read(office, "changelist")
    assert "appear here once councils submit them" in page
    assert "There is nothing to accept" in read(office, "accept", call=call)


def test_each_page_leads_to_the_other_calls(office, call, eoi):
    later = scored_call(opens_at=call.opens_at + timedelta(hours=1))
    for address in (url("changelist"), url("board"), reverse("admin:applications_release_prepare")):
        page = office.get(address).content.decode()
        assert f'href="?call={call.pk}"' in page
        assert str(later) in page
        assert f'href="?call={later.pk}"' in office.get(f"{address}?call={call.pk}").content.decode()
        assert office.get(f"{address}?call=0").status_code == 404


def test_an_assessor_takes_up_one_after_another_until_nothing_is_left(office, staff, call, eoi):
    other = SubmittedFactory(call=call)
    assert "2 left for you" in read(office, "changelist")
    first = office.post(url("next", call=call))
    assert first.url == url("change", staff.assessments.get(application=eoi).pk)
    page = office.get(first.url).content.decode()
    assert "Warm homes" in page
    assert "Fit: enough" in page
    second = office.post(first.url, typed(call, action="next"))
    assert second.url == url("change", staff.assessments.get(application=other).pk)
    last = office.post(second.url, typed(call, action="next"), follow=True).content.decode()
    assert "Nothing is left for you to assess" in last
    assert Assessment.objects.completed().count() == 2


def test_the_queue_leads_to_what_one_has_started_before_it_serves_another(office, staff, call, eoi):
    started = SubmittedFactory(call=call)
    elsewhere = claim(application_id=SubmittedFactory().pk, by=staff)
    gone = claim(application_id=SubmittedFactory(call=call).pk, by=staff)
    withdraw_application(application_id=gone.application_id, reason="", by=ContactFactory(council=gone.application.council).user)
    assert "Assess the next one" in read(office, "changelist", call=call)
    claim(application_id=started.pk, by=StaffFactory())
    own = claim(application_id=started.pk, by=staff)
    page = read(office, "changelist", call=call)
    assert f"Go on with {started.reference}" in page
    assert "1 more left for you" in page
    for _ in range(2):
        assert office.post(url("next", call=call)).url == url("change", own.pk)
    assert set(staff.assessments.all()) == {elsewhere, gone, own}
    page = office.post(url("change", own.pk), typed(call, action="next"))
    assert page.url == url("change", staff.assessments.get(application=eoi).pk)


def test_each_criterions_answers_stand_beside_its_card_and_the_rest_comes_first(office, staff, call, eoi):
    section = SectionFactory(call=call)
    fit, _ = call.criteria.all()
    for question, text in ((QuestionFactory(section=section), "About us"), (QuestionFactory(section=section, criterion=fit), "It fits")):
        Answer.objects.create(application=eoi, question=question, value=text)
    page = read(office, "change", claim(application_id=eoi.pk, by=staff).pk)
    before, beside = page.split(f"criterion-{fit.pk}")[0].split('id="eligibility"')
    assert "About us" in before
    assert "It fits" not in before
    assert "It fits" in beside


def test_what_is_missing_is_shown_beside_its_field_and_what_was_written_is_kept(office, staff, call, eoi):
    own = claim(application_id=eoi.pk, by=staff)
    page = office.post(url("change", own.pk), typed(call, reason="", action="next")).content.decode()
    assert "Enter the reason for your score" in page
    assert f'href="#id_reason_{call.criteria.first().pk}"' in page
    assert set(own.scores.values_list("score", flat=True)) == {4}
    assert Assessment.objects.get().completed_at is None
    assert office.post(url("change", own.pk), typed(call, revision=1, reason="", action="later")).url == url("changelist", call=call)


def test_a_second_window_overwrites_nothing_and_shows_both_versions(office, staff, call, eoi):
    own = claim(application_id=eoi.pk, by=staff)
    office.post(url("change", own.pk), typed(call, note="First window", action="later"))
    response = office.post(url("change", own.pk), typed(call, note="Second window", action="later"))
    page = response.content.decode()
    assert response.status_code == 409
    assert "First window" in page
    assert "Second window" in page
    assert "You saved this at" in page
    assert Assessment.objects.get().note == "First window"
    office.post(url("change", own.pk), typed(call, revision=1, note="Both", action="later"))
    assert Assessment.objects.get().note == "Both"


def test_it_saves_itself_and_answers_as_the_script_reads_it(office, staff, call, eoi):
    own = claim(application_id=eoi.pk, by=staff)
    first = office.post(url("autosave", own.pk), typed(call, note="So far", score=""))
    assert first.json()["revision"] == 1
    assert first.json()["unsaved"] == []
    late = office.post(url("autosave", own.pk), typed(call, note="Otherwise"))
    assert (late.status_code, late.json()["error"]) == (409, "conflict")
    broken = office.post(url("autosave", own.pk), typed(call, revision=1, note="\0"))
    assert "hidden character" in broken.json()["unsaved"][0]
    assert Assessment.objects.get().note == "So far"
    Application.objects.update(status=ApplicationStatus.WITHDRAWN)
    assert office.post(url("autosave", own.pk), typed(call, revision=2, note="More")).json() == {"error": "closed"}


def test_others_unfinished_work_is_nobodys_to_read_or_write(office, staff, call, eoi):
    others = AssessmentFactory(application=eoi, assessor=StaffFactory(), note="My secret")
    for page in ("change", "autosave"):
        assert office.get(url(page, others.pk)).status_code in {404, 405}
        assert office.post(url(page, others.pk), typed(call)).status_code == 404
    assert "My secret" not in read(office, "compare", eoi.pk)
    assert others.assessor.full_name in read(office, "changelist")


def test_a_finished_assessment_leads_to_the_comparison(office, staff, call, eoi):
    own = judge(eoi, staff, 4)
    assert office.get(url("change", own.pk)).url == url("compare", eoi.pk)
    response = office.post(url("change", own.pk), typed(call, note="Late"), follow=True)
    assert "was not saved" in response.content.decode()
    assert office.post(url("reopen", own.pk)).status_code == 302
    assert office.get(url("change", own.pk)).status_code == 200


@pytest.mark.parametrize("page", ["change", "autosave", "return", "reopen"])
def test_a_conflict_hides_ones_own_assessment(office, staff, eoi, page):
    own = claim(application_id=eoi.pk, by=staff)
    ConflictFactory(application=eoi, user=staff)
    assert office.post(url(page, own.pk)).status_code == 404


def test_a_conflict_hides_the_eoi_on_every_page(office, staff, call, eoi):
    for _ in range(2):
        judge(eoi, StaffFactory(), 5)
    ConflictFactory(application=eoi, user=staff)
    for page in ("changelist", "board", "accept"):
        assert eoi.reference not in read(office, page, call=call)
    assert office.get(url("compare", eoi.pk)).status_code == 404
    for page in ("compare", "take", "third", "clear"):
        assert office.post(url(page, eoi.pk), {"outcome": "shortlisted", "reason": "x"}).status_code == 404
    exported = b"".join(office.post(url("export", "csv", call=call)).streaming_content).decode()
    assert eoi.reference not in exported
    office.post(url("accept", call=call), {"outcome": f"{eoi.pk}:shortlisted"})
    assert not Decision.objects.exists()


def test_assessors_see_both_side_by_side_once_they_have_finished_and_decide(office, staff, call, eoi):
    mine, theirs = judge(eoi, staff, 5), judge(eoi, StaffFactory(), 2)
    page = read(office, "compare", eoi.pk)
    for words in ("Assessors differ", "Strong (100.0)", "Fair (40.0)", "5 for Fit.", "2 for Evidence.", "Ask for a third assessor"):
        assert words in page, words
    office.post(url("compare", eoi.pk), {"outcome": "shortlisted", "reason": "We spoke about it.", "feedback": "Well done."})
    assert Decision.objects.get().feedback == "Well done."
    assert "We spoke about it." in read(office, "compare", eoi.pk)
    office.post(url("clear", eoi.pk), {"seen": Decision.objects.get().version})
    office.post(url("third", eoi.pk))
    eoi.refresh_from_db()
    assert eoi.assessors_wanted == 3
    judge(eoi, StaffFactory(), 3)
    assert "Strong (100.0), Fair (40.0) and Good (60.0)" in read(office, "compare", eoi.pk)
    assert not Decision.objects.exists()
    assert {mine.seat, theirs.seat} == {1, 2}


def test_one_takes_up_an_eoi_by_name_from_its_own_page(office, staff, eoi):
    assert "Assess it myself" in read(office, "compare", eoi.pk)
    own = office.post(url("take", eoi.pk))
    assert own.url == url("change", staff.assessments.get().pk)
    assert "Assess it myself" not in read(office, "compare", eoi.pk)
    refused = office.post(url("take", eoi.pk), follow=True).content.decode()
    assert "There is no place left for you" in refused


def test_a_decision_without_reason_is_shown_again(office, eoi):
    page = office.post(url("compare", eoi.pk), {"outcome": "ineligible", "reason": ""}).content.decode()
    assert page.index("There is a problem.") < page.index("What the records say")
    assert '<a href="#id_reason">Enter the reason for the decision</a>' in page


def test_giving_back_ones_own_needs_no_reason_and_anothers_does(office, staff, call, eoi):
    own = claim(application_id=eoi.pk, by=staff)
    assert "What you have written about it is deleted" in read(office, "return", own.pk)
    office.post(url("return", own.pk))
    others = AssessmentFactory(application=eoi, assessor=StaffFactory())
    office.post(url("return", others.pk))
    assert Assessment.objects.get() == others
    office.post(url("return", others.pk), {"reason": "On leave"})
    assert not Assessment.objects.exists()


def test_shared_outcomes_are_accepted_with_their_names_in_sight(office, call):
    good, bad, apart = SubmittedFactory.create_batch(3, call=call)
    for each, scores in ((good, (5, 4)), (bad, (1, 1)), (apart, (5, 1))):
        for score in scores:
            judge(each, StaffFactory(), score)
    page = read(office, "accept", call=call)
    assert "Accept 2 shared outcomes" in page
    assert apart.reference not in page
    outcomes = [f"{good.pk}:shortlisted", f"{bad.pk}:shortlisted", "nonsense", f"{'9' * 30}:shortlisted", f"{apart.pk}:offered"]
    after = office.post(url("accept", call=call), {"outcome": outcomes}, follow=True).content.decode()
    assert "1 decision held" in after
    assert f"{bad} was left as it is: an assessment has changed meanwhile." in after
    assert Decision.objects.get().application == good


def test_the_board_sorts_by_score_filters_and_counts_the_shortlist(office, call):
    low, high = SubmittedFactory.create_batch(2, call=call)
    for each, score in ((low, 2), (high, 5)):
        judge(each, StaffFactory(), score)
        judge(each, StaffFactory(), score)
    DecisionFactory(application=high)
    page = read(office, "board", call=call)
    assert page.index(high.reference) < page.index(low.reference)
    assert "<strong>1</strong> shortlisted of 2, for <strong>20</strong> places" in page
    assert "South West 1" in page
    filtered = office.get(url("board", call=call), {"call": call.pk, "decision": "none", "standing": "agrees"}).content.decode()
    assert high.reference not in filtered
    assert low.reference in filtered
    assert "None matches" in office.get(url("board"), {"call": call.pk, "region": "wales"}).content.decode()


@pytest.mark.parametrize("number", ["999999", "x", "9" * 30])
def test_there_are_no_pages_of_a_call_that_is_not_there(office, number):
    assert office.get(url("board"), {"call": number}).status_code == 404


def test_the_board_leaves_as_a_table(office, staff, call, eoi):
    judge(eoi, staff, 5)
    judge(eoi, StaffFactory(full_name="=Sam"), 4)
    DecisionFactory(application=eoi)
    response = office.post(url("export", "csv", call=call))
    assert 'filename="triage.csv"' in response["Content-Disposition"]
    headings, row = csv.reader(io.StringIO(b"".join(response.streaming_content).decode().removeprefix("\ufeff")))
    found = dict(zip(headings, row, strict=True))
    assert (found["Fit (1)"], found["Reason: Fit (1)"], found["Reason: Evidence (2)"]) == ("5", "5 for Fit.", "4 for Evidence.")
    assert (found["Score (2)"], found["Band (2)"], found["Assessor (2)"]) == ("80.0", "Strong", "'=Sam")
    assert (found["Mean score"], found["Proposed outcome"], found["Decision"]) == ("90.0", "Shortlisted", "Shortlisted")
    assert Entry.objects.get(verb="triage.exported").data == {"format": "csv", "applications": [eoi.pk]}
    assert office.post(url("export", "xlsx", call=call)).status_code == 200
    assert office.post(url("export", "pdf", call=call)).status_code == 404


def test_councils_and_strangers_see_none_of_it(client, eoi):
    client.force_login(CouncilContact.objects.create(council=eoi.council, user=UserFactory(), role="submitter", status="active").user)
    for page, args in (("changelist", ()), ("board", ()), ("compare", (eoi.pk,))):
        assert client.get(url(page, *args)).status_code == 302


@pytest.mark.parametrize("page", ["changelist", "board", "accept", "compare", "change"])
def test_pages_take_as_many_queries_for_fifty_as_for_five(office, staff, call, page):
    def grow(number):
        people = StaffFactory.create_batch(3)
        for position, each in enumerate(SubmittedFactory.create_batch(number, call=call)):
            judge(each, people[0], 5)
            if position % 3:
                judge(each, people[1], 1 + position % 4)
            else:
                AssessmentFactory(application=each, assessor=people[2], seat=2)
            if position % 4 == 1:
                DecisionFactory(application=each)

    grow(5)
    mine = claim(application_id=SubmittedFactory(call=call).pk, by=staff)
    args = {"compare": [Application.objects.first().pk], "change": [mine.pk]}.get(page, [])
    counts = []
    for more in (0, 45):
        grow(more)
        read(office, page, *args)
        with CaptureQueriesContext(connection) as captured:
            read(office, page, *args)
        counts.append(len(captured))
    print(f"\n{page}: {counts} queries")
    assert counts[0] == counts[1]
    assert counts[0] < 20


def test_a_decision_that_a_conflict_has_overtaken_is_warned_of_until_it_is_taken_again(office, staff, call, eoi):
    scorer = StaffFactory(full_name="Ada Byron")
    for person in (staff, scorer):
        judge(eoi, person, 4)
    DecisionFactory(application=eoi, decided_by=staff, reason="She liked it.", feedback="Keep this.").assessors.add(scorer)
    assert "Decide again" not in read(office, "compare", eoi.pk)
    assert "to take again" not in office.get(reverse("admin:index")).content.decode()
    Call.objects.update(closes_at=timezone.now())
    ConflictFactory(application=eoi, user=scorer)
    page = read(office, "compare", eoi.pk)
    assert "by or with scores of Ada Byron, who has a conflict of interest now" in page
    assert "Keep this." in page
    assert "She liked it." not in page
    assert "1 decision to take again" in office.get(reverse("admin:index")).content.decode()
    for query, shown in (("again", True), ("shortlisted", False)):
        assert (eoi.reference in office.get(url("board"), {"call": call.pk, "decision": query}).content.decode()) is shown
    assert f'href="{url("compare", eoi.pk)}"' in office.get(reverse("admin:applications_release_prepare")).content.decode()
    seen = Decision.objects.get().version
    assert f'name="seen" value="{seen}"' in page
    office.post(url("compare", eoi.pk), {"outcome": "shortlisted", "reason": "Looked at afresh.", "seen": seen})
    assert "Decide again" not in read(office, "compare", eoi.pk)
    assert "to take again" not in office.get(reverse("admin:index")).content.decode()


def test_two_deciders_see_each_others_decision_and_overwrite_nothing_unseen(office, staff, eoi):
    for person in (staff, StaffFactory()):
        judge(eoi, person, 4)
    ada = StaffFactory(full_name="Ada Byron")
    theirs = DecisionFactory(application=eoi, outcome="not_shortlisted", reason="Thin.", feedback="Try again.", decided_by=ada)
    mine = {"outcome": "shortlisted", "reason": "I liked it.", "feedback": "Well done.", "seen": ""}
    response = office.post(url("compare", eoi.pk), mine)
    page = response.content.decode()
    assert response.status_code == 409
    for words in ("Ada Byron held a decision", "not shortlisted", "Thin.", "Try again.", "I liked it.", "Well done."):
        assert words in page, words
    assert "checked" in page.split('value="shortlisted"')[1].split(">")[0]
    assert Decision.objects.get() == theirs
    assert Decision.objects.get().reason == "Thin."
    again = office.post(url("compare", eoi.pk), mine | {"reason": ""}).content.decode()
    assert 'name="seen" value=""' in again
    office.post(url("clear", eoi.pk), {"seen": ""})
    assert Decision.objects.get().reason == "Thin."
    assert f'name="seen" value="{theirs.version}"' in page
    assert office.post(url("compare", eoi.pk), mine | {"seen": theirs.version}).status_code == 302
    assert Decision.objects.get().reason == "I liked it."
    Decision.objects.all().delete()
    assert "there is none now" in office.post(url("compare", eoi.pk), mine | {"seen": theirs.version}).content.decode()


def test_a_decision_on_fewer_assessments_than_are_wanted_says_so(office, staff, call, eoi):
    judge(eoi, staff, 4)
    sent = {"outcome": "shortlisted", "reason": "It cannot wait."}
    said = office.post(url("compare", eoi.pk), sent, follow=True).content.decode()
    assert "shortlisted, on 1 of 2 assessments. The council hears nothing" in said
    assert said.count("on 1 of 2 assessments") == 2  # the message, and the board's row
    assert "on 1 of 2 assessments" in read(office, "compare", eoi.pk)
    judge(eoi, StaffFactory(), 4)
    office.post(url("compare", eoi.pk), sent | {"seen": Decision.objects.get().version})
    assert "on 1 of 2" not in read(office, "compare", eoi.pk)
    assert "of 2 assessments" not in read(office, "board", call=call)
