"""The office's front page."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Group

from applications.models import Application, Extension, Interview, InterviewSheet, PanelMeeting
from applications.states import ApplicationStatus, AssignmentStatus, InterviewStatus
from cohort.models import PoliticalControl
from cohort.states import ContactStatus, Control, CouncilKind, Region
from tests.factories import (
    ApplicationFactory,
    CallFactory,
    CohortFactory,
    ContactFactory,
    CouncilFactory,
    StaffFactory,
    UserFactory,
)
from tests.factories.judging import (
    AssessmentFactory,
    AssignmentFactory,
    ConflictFactory,
    DecisionFactory,
    InterviewFactory,
    InterviewSlotFactory,
    PanelFactory,
    PanelMemberFactory,
    ReleaseFactory,
    ReviewFactory,
    SubmittedFactory,
    judge,
    scored_call,
)
from tests.factories.meeting import planned, scored_panel
from upstream.charts import tiles
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
URL = "/admin/"
NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)
QUERIES = 19


@pytest.fixture
def staff():
    return StaffFactory()


@pytest.fixture
def office(client, staff, move_clock):
    move_clock(NOW)
    client.force_login(staff)
    return client


@pytest.fixture
def call(move_clock):
    move_clock(NOW)
    return CallFactory(title="Call for members", opens_at=NOW - timedelta(days=1), closes_at=NOW + timedelta(days=40))


def duties(client):
    return {duty.text: duty.url for duty in client.get(URL).context["duties"]}


def message(status):
    return OutboundEmail.objects.create(
        key=f"m:{status}", kind="k", recipient="a@example.org", subject="S", text="t", html="h", status=status
    )


def test_an_empty_office_says_so_everywhere(office):
    page = office.get(URL).content.decode()
    assert "Nothing waits for you." in page
    assert "There are no dates to come." in page
    assert "No call has opened yet." in page
    assert '<h2 id="records">Records</h2>' in page


def test_a_call_without_expressions_of_interest_says_so(office, call):
    page = office.get(URL).content.decode()
    assert "No council has started yet." in page
    assert '<svg class="office-map"' not in page


def test_people_who_ask_to_act_for_a_council_lead_to_the_list_of_them(office):
    waiting = ContactFactory(status=ContactStatus.REQUESTED)
    ContactFactory()
    [url] = [url for text, url in duties(office).items() if text == "1 request to act for a council"]
    assert list(office.get(url).context["cl"].result_list) == [waiting]


def extension(call, by):
    return Extension.objects.create(
        call=call, council=CouncilFactory(), until=call.closes_at + timedelta(days=1), reason="Flood", requested_by=by
    )


def test_an_extension_waits_for_somebody_else_than_who_asked(office, call, staff):
    extension(call, staff)
    assert not duties(office)
    wanted = extension(call, StaffFactory())
    url = duties(office)["1 extension to approve or refuse"]
    assert list(office.get(url).context["cl"].result_list) == [wanted]


def test_mail_that_failed_or_may_not_have_arrived_leads_to_the_outbox(office):
    wanted = [message(status) for status in (EmailStatus.FAILED, EmailStatus.UNKNOWN)]
    message(EmailStatus.SENT)
    found = duties(office)
    assert set(found) == {"1 message that could not be sent", "1 message that may not have arrived"}
    assert [office.get(url).context["cl"].result_list[0] for url in found.values()] == wanted


def test_a_call_that_closes_is_among_the_deadlines_with_the_time_that_is_left(office):
    CallFactory(title="Call 3", opens_at=NOW - timedelta(days=30), closes_at=NOW + timedelta(days=3))
    CallFactory(title="Call 4", opens_at=NOW - timedelta(days=30), closes_at=NOW)
    lines = [(deadline.when, deadline.what) for deadline in office.get(URL).context["deadlines"]]
    assert [line for line in lines if "Call" in line[1]] == [("midday on Friday 8 January 2027", "Call 3 closes, in 3 days")]


def test_a_scanner_is_missed_only_where_one_was_set_up(office, settings, clamd):
    assert "Uploaded files are scanned for malware." in office.get(URL).content.decode()
    assert not duties(office)
    settings.CLAMD = ("127.0.0.1", 1)
    assert duties(office) == {"The malware scanner does not answer, so nobody can upload a file": "#system"}
    settings.CLAMD = None
    assert "Uploaded files are not scanned for malware" in office.get(URL).content.decode()
    assert not duties(office)


def test_late_scores_and_lost_reviewers_lead_to_the_panels_pages(office):
    closed = CallFactory(opens_at=NOW - timedelta(days=60), closes_at=NOW - timedelta(days=30))
    panel = PanelFactory(call=closed, due_at=NOW - timedelta(hours=1), reviews_per_application=1)
    members = PanelMemberFactory.create_batch(2, panel=panel)
    reviews = [ReviewFactory(assignment=AssignmentFactory(member=member)) for member in members]
    AssignmentFactory(member=members[0], status=AssignmentStatus.PROPOSED, committed_at=None)
    conflict = ConflictFactory(application=reviews[0].assignment.application, user=members[0].user)
    assert duties(office) == {
        f"1 review of the panel late: {closed}": f"/admin/applications/panel/{panel.pk}/progress/",
        f"1 expression of interest with too few reviewers: {closed}": f"/admin/applications/panel/{panel.pk}/assign/",
    }
    conflict.delete()
    assert list(duties(office)) == [f"2 reviews of the panel late: {closed}"]
    panel.due_at = NOW + timedelta(days=1)
    panel.save()
    assert not duties(office)
    assert f"Scores of the panel of {closed} are due" in {deadline.what for deadline in office.get(URL).context["deadlines"]}


def test_the_next_deadlines_stand_in_order(office, call, staff):
    CohortFactory(name="Cohort A", starts_on=date(2027, 1, 10), confirmations_due_on=date(2027, 1, 6))
    row = extension(call, staff)
    Extension.objects.filter(pk=row.pk).update(approved_at=NOW, approved_by=StaffFactory())
    lines = [(deadline.when, deadline.what) for deadline in office.get(URL).context["deadlines"]]
    assert lines[:4] == [
        ("Wednesday 6 January 2027", "Every council that applied for Cohort A has its answer"),
        ("Sunday 10 January 2027", "Cohort A starts"),
        ("midday on Sunday 14 February 2027", "Call for members closes, in 40 days"),
        ("midday on Monday 15 February 2027", f"The extension of {row.council} ends"),
    ]


def test_the_panels_meeting_is_among_the_deadlines_until_it_begins(office):
    meeting = planned(scored_panel(opens_at=NOW - timedelta(days=60), closes_at=NOW - timedelta(days=30)))
    assert [line.what for line in office.get(URL).context["deadlines"]][:1] == [str(meeting)]
    PanelMeeting.objects.update(starts_at=NOW)
    assert str(meeting) not in {line.what for line in office.get(URL).context["deadlines"]}


def test_every_figure_leads_to_a_list_of_that_many(office, call):
    councils = [
        CouncilFactory(region=Region.WALES, kind=CouncilKind.WELSH),
        CouncilFactory(region=Region.WALES, kind=CouncilKind.WELSH),
        CouncilFactory(region=Region.LONDON, kind=CouncilKind.LONDON_BOROUGH),
    ]
    PoliticalControl.objects.create(council=councils[0], since=date(2024, 5, 1), control=Control.PLAID_CYMRU)
    for council in councils:
        ApplicationFactory(call=call, council=council)
    ApplicationFactory(call=call, council=councils[0], status=ApplicationStatus.WITHDRAWN, withdrawn_at=NOW)
    ApplicationFactory(call=CallFactory(opens_at=NOW - timedelta(days=400), closes_at=NOW - timedelta(days=300)))
    standing = office.get(URL).context["standing"]
    lines = standing.stages + standing.regions + standing.controls + standing.kinds
    assert {line.label: line.number for line in lines if line.number} == {
        "Draft": 3,
        "Withdrawn": 1,
        "Wales": 3,
        "London": 1,
        "Plaid Cymru": 2,
        "Not recorded": 2,
        "Welsh council": 3,
        "London borough or the City": 1,
    }
    for line in lines:
        assert len(office.get(line.url).context["cl"].result_list) == line.number, line.label


def test_the_figures_of_each_call_can_be_chosen(office, call):
    earlier = CallFactory(opens_at=NOW - timedelta(days=400), closes_at=NOW - timedelta(days=300))
    coming = CallFactory(opens_at=NOW + timedelta(days=1))
    ApplicationFactory(call=call)
    ApplicationFactory.create_batch(2, call=earlier)
    assert office.get(URL).context["standing"].total == 1
    assert f'href="?call={earlier.pk}"' in office.get(URL).text
    page = office.get(URL, {"call": earlier.pk})
    assert page.context["standing"].total == 2
    assert len(office.get(page.context["standing"].stages[0].url).context["cl"].result_list) == 2
    for nothing in (coming.pk, 0, "x"):
        assert office.get(URL, {"call": nothing}).status_code == 404


def test_the_map_has_a_tile_with_its_number_for_each_nation_and_region(office, call):
    ApplicationFactory(call=call, council=CouncilFactory(region=Region.SCOTLAND))
    page = office.get(URL).content.decode()
    assert page.count('class="office-tile ') == len(Region)
    assert "Scotland 1, N Ireland 0" in page
    assert "style=" not in page


def test_tiles_darken_in_five_steps_and_never_share_a_place():
    numbers = dict(zip(Region.values, range(12), strict=True))
    drawn = tiles(numbers)
    assert {tile.step for tile in drawn} == {1, 2, 3, 4, 5}
    assert [tile.step for tile in drawn if tile.number == 0] == [1]
    assert [tile.step for tile in drawn if tile.number == 11] == [5]
    assert len({(tile.x, tile.y) for tile in drawn}) == len(Region)


def test_finance_see_their_own_dates_and_nothing_of_expressions_of_interest(client, call):
    ContactFactory(status=ContactStatus.REQUESTED)
    message(EmailStatus.FAILED)
    ApplicationFactory(call=call)
    finance = UserFactory(is_staff=True)
    finance.groups.add(Group.objects.get(name="Finance"))
    client.force_login(finance)
    response = client.get(URL)
    assert response.context["duties"] == []
    assert response.context["standing"] is None
    assert "Expressions of interest" not in response.content.decode()
    assert {deadline.what for deadline in response.context["deadlines"]} == {
        f"Every council that applied for {call.cohort} has its answer",
        f"{call.cohort} starts",
    }


def test_what_waits_for_ones_assessment_is_counted_once(office, staff, call):
    mine, free, finished, full = SubmittedFactory.create_batch(4, call=call)
    SubmittedFactory(call=call, status=ApplicationStatus.WITHDRAWN)
    AssessmentFactory(application=mine, assessor=staff)
    judge(finished, staff, 3)
    for seat in (1, 2):
        AssessmentFactory(application=full, seat=seat)
    assert duties(office)[f"2 expressions of interest to assess: {call}"] == f"/admin/applications/assessment/?call={call.pk}"
    ConflictFactory(application=free, user=staff)
    assert f"1 expression of interest to assess: {call}" in duties(office)


def test_what_is_to_be_assessed_is_counted_call_by_call(office, call):
    earlier = CallFactory(opens_at=NOW - timedelta(days=400), closes_at=NOW - timedelta(days=300))
    of_each = {call: SubmittedFactory.create_batch(2, call=call), earlier: SubmittedFactory.create_batch(3, call=earlier)}
    found = duties(office)
    for each, eois in of_each.items():
        page = office.get(found[f"{len(eois)} expressions of interest to assess: {each}"])
        assert set(page.context["left"]) == set(eois)


def test_assessments_that_differ_lead_to_the_board(office, staff):
    call = scored_call(opens_at=NOW - timedelta(days=1))
    one, agreed, eligibility, decided, hidden, third = SubmittedFactory.create_batch(6, call=call)
    for each in (one, decided, hidden, third):
        judge(each, UserFactory(), 5)
        judge(each, UserFactory(), 2)
    for each, scores in ((agreed, (5, 4)), (eligibility, (None, 4))):
        for score in scores:
            judge(each, UserFactory(), score)
    DecisionFactory(application=decided)
    ConflictFactory(application=hidden, user=staff)
    Application.objects.filter(pk=third.pk).update(assessors_wanted=3)
    [url] = [url for text, url in duties(office).items() if text == f"2 expressions of interest on which assessors differ: {call}"]
    assert {each.application for each in office.get(url).context["rows"]} == {one, eligibility}


def test_a_release_waits_for_somebody_else(office, staff, call):
    release = ReleaseFactory(call=call)
    ReleaseFactory(prepared_by=staff)
    ReleaseFactory(cancelled_at=NOW)
    urls = [url for text, url in duties(office).items() if text.startswith("A release")]
    assert urls == [f"/admin/applications/release/{release.pk}/change/"]


def test_ones_own_interviews_and_sheets_lead_to_the_lists_that_they_count(office, staff, call):
    def interview(starts_at, status=InterviewStatus.BOOKED, person=staff):
        made = InterviewFactory(application__call=call, slot__starts_at=starts_at, slot__interviewer=person, status=status)
        InterviewSheet.objects.create(interview=made, interviewer=person)
        return made

    hour = timedelta(hours=1)
    later, tomorrow = interview(NOW + hour), interview(NOW + 25 * hour)
    due = [interview(NOW - 48 * hour, InterviewStatus.HELD), interview(NOW - 24 * hour)]
    others = interview(NOW + 2 * hour, person=StaffFactory())
    interview(NOW - hour, person=StaffFactory())
    interview(NOW + 3 * hour, InterviewStatus.CANCELLED)
    hidden = interview(NOW + 4 * hour)
    ConflictFactory(application=hidden.application, user=staff)
    found = duties(office)
    assert {text: list(office.get(url).context["cl"].result_list) for text, url in found.items() if "without" not in text} == {
        "You have 1 interview today": [later],
        "You have 1 interview tomorrow": [tomorrow],
        "2 interview sheets of yours to submit": due[::-1],  # what is past comes latest first
    }
    lines = [deadline.what for deadline in office.get(URL).context["deadlines"]]
    assert lines[:3] == [f"Interview with {each.application.council}" for each in (later, others, tomorrow)]


def test_councils_that_have_not_booked_lead_to_the_list_of_them(office, call):
    InterviewSlotFactory(call=call)
    waiting = SubmittedFactory(call=call, status=ApplicationStatus.SHORTLISTED)
    InterviewFactory(application__call=call)
    url = duties(office)["1 shortlisted council without an interview"]
    assert list(office.get(url).context["applications"]) == [waiting]


def test_an_interviewer_with_a_conflict_of_interest_leads_to_the_page_that_replaces_them(office, staff, call):
    for person in (StaffFactory(full_name="Jo Webb"), staff):
        interview = InterviewFactory(application__call=call, slot__second_interviewer=person)
        ConflictFactory(application=interview.application, user=person)
    urls = [url for text, url in duties(office).items() if text.startswith("Replace ")]
    seen = Interview.objects.get(slot__second_interviewer__full_name="Jo Webb")
    assert urls == [f"/admin/applications/interview/{seen.pk}/swap-second/"]  # who has the conflict hears nothing of it
    assert f"Replace Jo Webb, who has a conflict of interest, in the interview with {seen.application.council}" in duties(office)
    assert "Who rings in place of Jo Webb?" in office.get(urls[0]).content.decode()


@pytest.mark.parametrize("number", [5, 50])
def test_the_front_page_asks_the_same_number_of_questions_however_much_there_is(office, call, number, django_assert_num_queries):
    by = StaffFactory()
    for _ in range(number):
        ApplicationFactory(call=call)
        judge(SubmittedFactory(call=call), UserFactory(), 3)
        ContactFactory(status=ContactStatus.REQUESTED)
        extension(call, by)
        interview = InterviewFactory(application__call=call)
        ConflictFactory(application=interview.application, user=interview.slot.interviewer)
        SubmittedFactory(call=call, status=ApplicationStatus.SHORTLISTED)
    office.get(URL)
    with django_assert_num_queries(QUERIES):
        office.get(URL)


def test_the_lists_stand_in_the_order_of_the_work(office):
    [selection, *_] = office.get(URL).context["app_list"]
    names = [model["object_name"] for model in selection["models"]]
    assert names[:5] == ["Call", "Application", "Extension", "Assessment", "Release"]
    assert names.index("InterviewSlot") < names.index("Interview") < names.index("Panel") < names.index("Review")
