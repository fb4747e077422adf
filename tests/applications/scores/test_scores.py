"""The page of a call's scores and its export: figures worked out by hand, and who sees which."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import Application, Assessment, AssessmentScore, InterviewScore, InterviewSheet
from applications.services.scores import read_scoring, standings
from applications.services.scoring import compared
from applications.states import ApplicationStatus, AssignmentStatus, InterviewStatus, MemberStatus, ReviewStatus
from tests.applications.scores.pages import body, export, scores_page, shortlisted, words
from tests.applications.test_office_export import table_of
from tests.factories import UserFactory
from tests.factories.judging import (
    AssessmentFactory,
    ConflictFactory,
    InterviewFactory,
    InterviewQuestionFactory,
    PanelMemberFactory,
    SubmittedFactory,
    reviewed,
)
from upstream.audit.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
DONE = datetime(2019, 7, 20, tzinfo=UTC)
MOST_QUERIES = 20


def test_a_raw_mean_weighs_the_criteria(office, call, members):
    application = shortlisted(call, 1)[0]
    reviewed(application, members[0], 4, 2)  # (75 x 4 + 25 x 2) / 5 = 70
    reviewed(application, members[1], 1, 3)  # (75 x 1 + 25 x 3) / 5 = 30
    assert body(scores_page(office, call))[0][2:5] == ["50.0", "1", "2"]


def test_adjusted_scores_stand_beside_raw_means(office, call, scored):
    # In a full table with both penalties 1 two reviews pull a score a third of the way to the mean of 50.
    rows = body(scores_page(office, call))
    assert [row[0] for row in rows] == ["R-004", "R-003", "R-002", "R-001", "R-000"]
    assert [row[2:5] for row in rows] == [[f"{raw}.0", f"{rank}", "2"] for rank, raw in enumerate((90, 70, 50, 30, 10), 1)]
    assert [row[5] for row in rows] == ["76.7", "63.3", "50.0", "36.7", "23.3"]
    assert [row[7] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row[9] for row in rows] == ["Above", "Above", "Below", "Below", "Below"]
    for row in rows:
        low, high = (float(end) for end in row[6].split(" to "))
        assert low < float(row[5]) < high
        assert low + high == pytest.approx(2 * float(row[5]), abs=0.15)
    assert "None changes side of the line" in words(scores_page(office, call))


def test_the_expected_rank_says_how_far_scores_tell_them_apart(office, call, scored):
    # Five in equal steps: the middle one is as likely above as below each pair of neighbours, and the ranks add up to 1 + 2 + 3 + 4 + 5.
    ranks = [row[8] for row in body(scores_page(office, call, "?sort=expected"))]
    assert ranks[2] == "3.0 of 5"
    figures = [float(rank.split()[0]) for rank in ranks]
    assert figures == sorted(figures)
    assert 1 < figures[0] < 2
    assert sum(figures) == pytest.approx(15, abs=0.3)
    assert body(scores_page(office, call, "?sort=-expected"))[0][0] == "R-000"


def test_triage_and_interviews_stand_beside_them(office, call, scored, staff):
    application = scored[0]
    for seat, marks in ((1, (4, 2)), (2, (1, 3))):
        assessment = AssessmentFactory(application=application, seat=seat, completed_at=DONE, is_eligible=True)
        for criterion, mark in zip(call.criteria.all(), marks, strict=True):
            AssessmentScore.objects.create(assessment=assessment, criterion=criterion, score=mark)
    interview = InterviewFactory(application=application, status=InterviewStatus.HELD)
    questions = InterviewQuestionFactory.create_batch(2, call=call)
    relieved = UserFactory()
    for person, marks in zip((*interview.slot.interviewers, relieved), ((5, 4), (3, 3), (1, 1)), strict=True):
        sheet = InterviewSheet.objects.create(interview=interview, interviewer=person, submitted_at=DONE)
        for question, mark in zip(questions, marks, strict=True):
            InterviewScore.objects.create(sheet=sheet, question=question, score=mark)
    assert body(scores_page(office, call))[-1][-2:] == ["3.75", "50.0"]
    [comparison] = compared(Application.objects.filter(pk=application.pk), Assessment.objects.all())
    assert [float(judged.score) for judged in comparison.judged] == [each.value for each in read_scoring(call, staff).triage]


def test_what_the_adjustment_moves_across_the_line_is_flagged(office, call, panel):
    call.cohort.places = 5
    call.cohort.save()
    neutral, generous, strict = PanelMemberFactory.create_batch(3, panel=panel)
    for place, application in enumerate(shortlisted(call, 10)):
        reviewed(application, neutral, *([3, 3] if place < 5 else [4, 4]))
        reviewed(application, generous if place < 5 else strict, *([4, 4] if place < 5 else [2, 2]))
    page = scores_page(office, call)
    assert {row[9] for row in body(page)[:5]} == {"Changes side: above by raw mean, below by adjusted score"}
    assert {row[9] for row in body(page)[5:]} == {"Changes side: below by raw mean, above by adjusted score"}
    assert "10 change side of the line" in words(page)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([(0, 0), (0, 1), (1, 0)], "It takes 5 scores that count to tell how lenient somebody is. Fewer so far: Gail Generous"),
        ([(0, 0), (1, 1)], "No expression of interest has two reviews that count"),
        ([*((place, 0) for place in range(5)), *((place, 1) for place in range(5, 9))], "share no expression of interest with the rest"),
    ],
)
def test_where_scores_cannot_be_adjusted_the_page_says_why(office, call, members, given, said):
    found = shortlisted(call, 9)
    for place, member in given:
        reviewed(found[place], members[member], 3, 3)
    page = scores_page(office, call)
    assert "Scores are not adjusted." in words(page)
    assert said in words(page)
    assert body(page)[0][5] == "Not adjusted"
    assert said in table_of(export(office, call))[1][-1]


def test_a_score_by_somebody_with_a_conflict_does_not_count(office, call, scored, members):
    assert body(scores_page(office, call))[0][2:5] == ["90.0", "1", "2"]
    ConflictFactory(application=scored[-1], user=members[1].user)
    assert body(scores_page(office, call))[0][2:5] == ["80.0", "1", "1"]


def test_what_is_gone_or_out_of_the_running_has_no_row(office, call, scored):
    for application, status in zip(scored, (ApplicationStatus.WITHDRAWN, ApplicationStatus.NOT_SHORTLISTED), strict=False):
        application.status = status
        application.save()
    SubmittedFactory(call=call, status=ApplicationStatus.DRAFT, submitted_at=None)
    SubmittedFactory()
    assert [row[0] for row in body(scores_page(office, call))] == ["R-004", "R-003", "R-002"]


@pytest.mark.parametrize(
    ("sort", "first", "aria"),
    [
        ("expected", "R-004", "ascending"),
        ("raw", "R-004", "descending"),
        ("-raw", "R-000", "ascending"),
        ("council", "R-000", "ascending"),
        ("-council", "R-004", "descending"),
        ("adjusted", "R-004", "descending"),
        ("nonsense", "R-004", "descending"),
    ],
)
def test_links_sort_the_table_and_its_export(office, call, scored, sort, first, aria):
    page = scores_page(office, call, f"?sort={sort}")
    assert body(page)[0][0] == first
    assert re.findall(r'aria-sort="(\w+)"', page) == [aria]
    assert table_of(export(office, call, query=f"?sort={sort}"))[1][0] == first


def test_what_has_no_score_comes_last_whichever_way(office, call, scored):
    unscored = SubmittedFactory(call=call, reference="R-999")
    for sort in ("raw", "-raw"):
        rows = body(scores_page(office, call, f"?sort={sort}"))
        assert rows[-1][0] == unscored.reference
        assert rows[-1][2] == "No panel scores count yet."


def test_the_chart_has_the_figures_of_the_table_and_the_line(office, call, scored):
    page = scores_page(office, call)
    chart = re.search(r"<svg class=\"office-intervals\".*?</svg>", page, re.DOTALL)[0]
    assert 'role="img"' in chart
    assert "style=" not in chart
    assert re.findall(r">(R-\d+)<", chart) == ["R-004", "R-003", "R-002", "R-001", "R-000"]
    # From 0 to 100 over 292 units from 96: 10 lies at 125, 90 at 359.
    rings = [int(x) for x in re.findall(r'ring" cx="(\d+)"', chart)]
    assert (rings[0], rings[-1]) == (359, 125)
    cut, rows = int(re.search(r'cut".*?y1="(\d+)"', chart)[1]), [int(y) for y in re.findall(r'ring" cx="\d+" cy="(\d+)"', chart)]
    assert [y < cut for y in rows] == [True, True, False, False, False]


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_export_has_the_same_figures_and_is_in_the_audit_trail(office, staff, call, scored, file_format):
    headings, first, *_ = table_of(export(office, call, file_format))
    assert headings[3:5] == ["Raw mean (0 to 100)", "Rank by raw mean"]
    assert first[:3] == ["R-004", "E Council", scored[-1].council.code]
    assert [float(cell) for cell in first[3:7]] == [90, 1, 2, 76.7]
    assert [float(cell) for cell in first[7:9]] == [float(end) for end in body(scores_page(office, call))[0][6].split(" to ")]
    assert (float(first[9]), first[12]) == (1, "Above")
    assert f"{float(first[10]):.1f} of {first[11]}" == body(scores_page(office, call))[0][8]
    entry = Entry.objects.about(call).get(verb="scores.exported")
    assert entry.actor_id == staff.pk
    assert entry.data == {"format": file_format, "applications": [application.pk for application in reversed(scored)]}


def test_a_conflicted_member_of_staff_finds_no_trace(office, staff, call, scored, members):
    before = body(scores_page(office, call))
    hidden = scored[3]
    ConflictFactory(application=hidden, user=staff)
    page = scores_page(office, call)
    rows = body(page)
    assert hidden.reference not in page
    assert str(hidden.council) not in page
    assert [row[0] for row in rows] == ["R-004", "R-002", "R-001", "R-000"]
    # Ranks and the line close up, and the adjustment is the one that everybody else has.
    assert [(row[3], row[7]) for row in rows] == [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4")]
    assert [row[9] for row in rows] == ["Above", "Above", "Below", "Below"]
    assert [row[8].partition(" of ")[2] for row in rows] == ["4"] * 4
    assert [row[5] for row in rows] == [row[5] for row in before if row[0] != hidden.reference]
    assert "of the 4 scored" in words(page)
    taken = table_of(export(office, call))
    assert [row[0] for row in taken[1:]] == ["R-004", "R-002", "R-001", "R-000"]
    assert [row[4] for row in taken[1:]] == ["1", "2", "3", "4"]


def test_who_still_has_to_interview_sees_no_paper_scores(office, staff, call, scored):
    AssessmentFactory(application=scored[4], completed_at=DONE, is_eligible=True)
    interview = InterviewFactory(application=scored[4], slot__interviewer=staff)
    sheet = InterviewSheet.objects.create(interview=interview, interviewer=staff)
    rows = {row[0]: row for row in body(scores_page(office, call))}
    assert rows["R-004"][2:] == ["Paper scores are hidden until you have submitted your interview sheet.", "\u2013", "\u2013"]
    assert rows["R-003"][3] == "1"
    assert [row[3:6] for row in table_of(export(office, call)) if row[0] == "R-004"] == [["", "", ""]]
    sheet.submitted_at = DONE
    sheet.save()
    assert body(scores_page(office, call))[0][:3] == ["R-004", "E Council", "90.0"]


@pytest.mark.parametrize("missing", ["view_review", "decide_application"])
def test_both_permissions_are_needed(client, call, missing):
    person = UserFactory(is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_call", "view_application", "export_application"]))
    other = {"view_review", "decide_application"} - {missing}
    person.user_permissions.add(*Permission.objects.filter(codename__in=other))
    client.force_login(person)
    pages = [f"/admin/applications/call/{call.pk}/{page}/" for page in ("scores", "reliability")]
    assert [client.get(page).status_code for page in pages] == [403, 403]
    assert export(client, call).status_code == 403
    person.user_permissions.add(Permission.objects.get(codename=missing))
    assert [client.get(page).status_code for page in pages] == [200, 200]


def test_exporting_needs_its_own_permission(client, call, scored):
    person = UserFactory(is_staff=True)
    names = ["view_call", "view_application", "view_review", "decide_application"]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    assert export(client, call).status_code == 403
    assert "Export to" not in scores_page(client, call)
    assert not Entry.objects.filter(verb="scores.exported").exists()


def test_a_format_that_does_not_exist_is_not_found(office, call):
    assert export(office, call, "pdf").status_code == 404


def test_before_there_is_anything_the_page_says_what_will_come(office, call):
    assert "appears here once it is submitted" in scores_page(office, call)
    shortlisted(call, 1)
    assert "appear here once panel members submit their scores" in scores_page(office, call)


def test_the_calls_page_leads_to_its_scores(office, call):
    page = office.get(f"/admin/applications/call/{call.pk}/change/").content.decode()
    assert f"/admin/applications/call/{call.pk}/scores/" in page
    assert f"/admin/applications/call/{call.pk}/reliability/" in page


def test_a_review_taken_back_or_reopened_does_not_count(staff, call, scored, members):
    review = scored[0].assignments.first().review
    review.status, review.submitted_at, review.reopened_reason = ReviewStatus.DRAFT, None, "Mistyped"
    review.save()
    scored[1].assignments.update(status=AssignmentStatus.REMOVED)
    rows = {row.application.reference: row for row in standings(read_scoring(call, staff)).rows}
    assert (rows["R-000"].raw, rows["R-000"].reviews) == (20, 1)
    assert rows["R-001"].raw is None


def test_a_withdrawn_members_submitted_scores_still_count(staff, call, scored, members):
    members[1].status = MemberStatus.WITHDRAWN
    members[1].save()
    assert {row.reviews for row in standings(read_scoring(call, staff)).rows} == {2}


@pytest.mark.parametrize("page", ["scores", "reliability"])
def test_the_pages_take_as_many_queries_for_fifty_as_for_five(office, call, members, page):
    url, counts, found = f"/admin/applications/call/{call.pk}/{page}/", [], []
    for more in (5, 45):
        for application in SubmittedFactory.create_batch(more, call=call, status=ApplicationStatus.SHORTLISTED):
            found.append(application)
            for place, member in enumerate(members):
                reviewed(application, member, len(found) % 5, (len(found) + place) % 5)
            AssessmentFactory(application=application, completed_at=DONE, is_eligible=True)
            interview = InterviewFactory(application=application)
            InterviewSheet.objects.create(interview=interview, interviewer=interview.slot.interviewer, submitted_at=DONE)
        ConflictFactory(application=found[-1], user=members[0].user)
        office.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert office.get(url).status_code == 200
        counts.append(len(captured))
    print(f"\n{page}: {counts[0]} queries")
    assert counts[0] == counts[1] < MOST_QUERIES


def test_finance_sees_no_scores(client, call):
    finance = UserFactory(is_staff=True)
    finance.groups.add(Group.objects.get(name="Finance"))
    client.force_login(finance)
    assert client.get(f"/admin/applications/call/{call.pk}/scores/").status_code == 403
