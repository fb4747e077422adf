"""The page of how far a call's scores can be relied on: figures worked out by hand, warnings, exclusions and what is missing."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission

from applications.models import AssessmentScore, InterviewScore, InterviewSheet
from applications.states import (
    ApplicationStatus,
    AssignmentStatus,
    ConflictKind,
    ConflictStatus,
    InterviewStatus,
    MemberStatus,
    ReviewStatus,
)
from tests.applications.scores.pages import body, export_of_reliability, reliability_page, rows, scores_page, shortlisted, words
from tests.applications.test_office_export import table_of
from tests.factories import CriterionFactory, UserFactory
from tests.factories.judging import (
    AssessmentFactory,
    AssignmentFactory,
    ConflictFactory,
    InterviewFactory,
    InterviewQuestionFactory,
    ReviewFactory,
    SubmittedFactory,
    reviewed,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
DONE = datetime(2019, 7, 20, tzinfo=UTC)


def assess(application, seat, *marks, assessor=None):
    assessor = assessor or UserFactory()
    assessment = AssessmentFactory(application=application, seat=seat, assessor=assessor, completed_at=DONE, is_eligible=True)
    for criterion, mark in zip(application.call.criteria.all(), marks, strict=True):
        AssessmentScore.objects.create(assessment=assessment, criterion=criterion, score=mark)
    return assessment


def interviewed(application, question, *marks):
    interview = InterviewFactory(application=application, status=InterviewStatus.HELD)
    people = interview.slot.interviewers[: len(marks)]
    sheets = [InterviewSheet.objects.create(interview=interview, interviewer=person, submitted_at=DONE) for person in people]
    InterviewScore.objects.bulk_create(
        [InterviewScore(sheet=sheet, question=question, score=mark) for sheet, mark in zip(sheets, marks, strict=True)]
    )
    return sheets


def test_agreement_of_the_panel_is_that_of_the_one_way_table(office, call, scored):
    # MSB = 2 x (40² + 20² + 0 + 20² + 40²) / 4 = 2000 and MSW = 5 x (10² + 10²) / 5 = 200: (2000 - 200) / (2000 + 200) = 0.82.
    page = reliability_page(office, call)
    stage, scores, number, single, interval, *means = rows(page, "Agreement at each stage")[0]
    assert (stage, scores, number, single) == ("Panel", "10", "5", "0.82")
    assert means == ["0.90", "0.93", "0.96"]
    low, high = (float(end) for end in interval.split(" to "))
    assert low < 0.82 < high
    assert "Two panel members who score the same expression of interest agree well: about 82% of" in words(page)
    assert "2000 resamples with seed 20190715" in words(page)
    assert rows(reliability_page(office, call), "Agreement at each stage") == rows(page, "Agreement at each stage")


def test_each_stage_has_its_own_agreement(office, call, scored):
    question = InterviewQuestionFactory(call=call)
    for place, application in enumerate(scored[:3]):
        assess(application, 1, place, place)
        assess(application, 2, place, place)
        interviewed(application, question, 1 + place, 3 - place)
    # Those who are not shortlisted were assessed too.
    assess(SubmittedFactory(call=call, status=ApplicationStatus.NOT_SHORTLISTED), 1, 5, 5)
    page = reliability_page(office, call)
    triage, interviews, _ = rows(page, "Agreement at each stage")
    assert triage[:4] == ["Triage", "7", "4", "1.00"]
    # Every mean is 2, so that MSB is 0.
    assert interviews[:4] == ["Interviews", "6", "3", "-1.00"]
    assert interviews[5:] == ["\u2013"] * 3
    assert "Two assessors who score the same expression of interest agree very well: about 100%" in words(page)
    assert "Two interviewers agree no more than by chance" in words(page)


def test_leniency_has_an_interval_and_words(office, call, scored):
    # 10 above and below the mean, of which five reviews with a penalty of 1 leave five sixths.
    generous, strict = rows(reliability_page(office, call), "How generous each panel member is")
    assert (generous[0], generous[1], generous[3]) == ("Gail Generous", "+8.3", "5")
    assert (strict[0], strict[1], strict[3]) == ("Sam Strict", "\u22128.3", "5")
    assert generous[4] == strict[4] == "Not clearly either"


def test_reviews_with_one_score_throughout_are_named(office, call, members):
    CriterionFactory(call=call, weight=0, position=3)
    application, other = shortlisted(call, 2)
    reviewed(application, members[0], 4, 4, 4)
    reviewed(other, members[0], 4, 4, 3)
    page = reliability_page(office, call)
    assert "Sam Strict gave R-000 " in words(page)
    assert " 4 throughout." in words(page)
    assert words(page).count("throughout.") == 1


@pytest.mark.parametrize(("step", "slope"), [(1, "+9.8"), (-1, "\u22129.8")])
def test_a_drift_is_named_with_its_reviews_in_their_order(office, call, members, step, slope):
    # 20 x (0, 0, 1, 1, ... 5, 5) beside 60 every time rises by 20 x 70 / 143 from each to the next.
    found = shortlisted(call, 12)
    for place, application in enumerate(found):
        reviewed(application, members[0], 3, 3)
        reviewed(application, members[1], place // 2, place // 2, saved_at=DONE + step * timedelta(hours=place))
    page = words(reliability_page(office, call))
    assert f"Gail Generous: {slope} points of 100 from each review to the next" in page
    assert ", ".join(application.reference for application in found[::step]) in page


def test_two_more_reviews_would_settle_what_lies_across_the_line(office, call, scored):
    # The line lies half way between the second and the third adjusted score: (63.3 + 50) / 2.
    line = (150 / 3 + 40 / 3 + 50) / 2
    across = [row[0] for row in body(scores_page(office, call)) if float(row[6].split()[0]) < line < float(row[6].split()[-1])]
    settled = rows(reliability_page(office, call), "What could go either way")
    assert across
    assert [row[0].split()[-3] for row in settled] == across


def test_the_page_names_the_nearest_to_the_line_and_the_export_all(office, call, members):
    found = shortlisted(call, 20)
    for place, application in enumerate(found):
        for member in members:
            reviewed(application, member, (place + member.pk) % 2 + 2, (place + 3 * member.pk) % 5)
    call.cohort.places = 10
    call.cohort.save()
    page = reliability_page(office, call)
    exported = [row for row in table_of(export_of_reliability(office, call)) if row[0].startswith("Could go either way")]
    named = rows(page, "What could go either way")
    assert len(named) == 8 < len(exported)
    assert f"{len(exported)} could be above or below the line at 10 places by chance alone. These 8 are the nearest" in words(page)
    assert {row[0].split()[-3] for row in named} == {row[1].split()[0] for row in exported[:8]}
    assert [float(row[1]) for row in named] == sorted((float(row[3]) for row in exported[:8]), reverse=True)


def test_what_is_missing_comes_first_and_the_statistics_behind_a_sentence(office, call, scored):
    page = reliability_page(office, call)
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings[:2] == ["What is missing", "What does not count"]
    shown = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    assert [text for text in ("ICC", "bootstrap", "Spearman", "Interval (approximate)</th><th scope") if text in shown] == []
    assert "Nobody is clearly more generous or stricter than the others." in shown


def test_scores_by_somebody_with_a_conflict_are_listed_and_change_the_figures(office, call, scored, members):
    assessment = assess(scored[0], 1, 5, 5)
    sheet = interviewed(scored[1], InterviewQuestionFactory(call=call), 5)[0]
    assert rows(reliability_page(office, call), "Scores that do not count") == []
    for application, person in ((scored[0], assessment.assessor), (scored[1], sheet.interviewer), (scored[4], members[1].user)):
        ConflictFactory(application=application, user=person, kind=ConflictKind.FAMILY, detail="A sister works there.")
    page = reliability_page(office, call)
    excluded = rows(page, "Scores that do not count")
    assert [(row[0].split()[0], row[1], row[2]) for row in excluded] == [
        ("R-000", "Triage", str(assessment.assessor)),
        ("R-001", "Interview", str(sheet.interviewer)),
        ("R-004", "Panel", "Gail Generous"),
    ]
    assert {row[3] for row in excluded} == {"Conflict of interest: Family works there or is a member of the council"}
    assert {row[4] for row in excluded} == {"A sister works there."}
    assert rows(page, "Agreement at each stage")[0][1] == "9"
    assert "Fewer so far: Gail Generous" in words(page)
    assert [row[-2:] for row in body(scores_page(office, call)) if row[0] in {"R-000", "R-001"}] == [["\u2013", "\u2013"]] * 2


def test_a_waived_conflict_excludes_nothing(office, call, scored, members):
    ConflictFactory(
        application=scored[4],
        user=members[1].user,
        status=ConflictStatus.WAIVED,
        decided_by=UserFactory(),
        decided_at=DONE,
        reason="Long ago.",
    )
    assert "Every submitted score counts." in words(reliability_page(office, call))


def test_the_kind_of_a_conflict_is_for_those_who_look_after_the_panel(client, call, scored, members):
    ConflictFactory(application=scored[4], user=members[1].user, detail="A sister works there.")
    person = UserFactory(is_staff=True)
    names = ["view_call", "view_application", "view_review", "decide_application"]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    assert rows(reliability_page(client, call), "Scores that do not count")[0][3:] == ["Conflict of interest", "\u2013"]


def test_reviews_that_were_reopened_or_taken_back_are_listed_with_the_reason(office, call, scored, members):
    reopened, taken_back = scored[0].assignments.first(), scored[1].assignments.first()
    reopened.review.status, reopened.review.submitted_at, reopened.review.reopened_reason = ReviewStatus.DRAFT, None, "Mistyped."
    reopened.review.save()
    taken_back.status, taken_back.removed_reason = AssignmentStatus.REMOVED, "Given twice."
    taken_back.save()
    # A draft is missing, not excluded.
    ReviewFactory(assignment=AssignmentFactory(application=SubmittedFactory(call=call), member=members[0]))
    excluded = rows(reliability_page(office, call), "Scores that do not count")
    assert [(row[0].split()[0], row[2], row[3], row[4]) for row in excluded] == [
        ("R-000", "Sam Strict", "Reopened, and not submitted again", "Mistyped."),
        ("R-001", "Sam Strict", "Taken back", "Given twice."),
    ]


def test_who_has_withdrawn_is_named_with_what_became_of_their_reviews(office, call, scored, members):
    member = members[1]
    member.status, member.withdrawn_reason = MemberStatus.WITHDRAWN, "Jury service"
    member.save()
    AssignmentFactory(application=SubmittedFactory(call=call), member=member, status=AssignmentStatus.REMOVED)
    assert "Gail Generous: Jury service. 5 submitted reviews still counted. 1 review taken back." in words(reliability_page(office, call))


def test_missing_reviews_name_who_is_waited_for(office, call, members):
    complete, waiting, unassigned, conflicted = shortlisted(call, 4)
    for member in members:
        reviewed(complete, member, 3, 3)
    reviewed(waiting, members[0], 3, 3)
    ReviewFactory(assignment=AssignmentFactory(application=waiting, member=members[1]))
    ReviewFactory(assignment=AssignmentFactory(application=conflicted, member=members[1]))
    ConflictFactory(application=conflicted, user=members[1].user)
    missing = rows(reliability_page(office, call), "Missing reviews")
    assert [(row[0].split()[0], *row[1:]) for row in missing] == [
        (waiting.reference, "1 of 2", "Gail Generous", "0"),
        (unassigned.reference, "0 of 2", "\u2013", "2"),
        (conflicted.reference, "0 of 2", "\u2013", "2"),
    ]


def test_a_conflicted_member_of_staff_finds_no_trace(office, staff, call, scored, members):
    hidden, counted = scored[3], scored[:3] + scored[4:]
    assess(hidden, 1, 5, 5, assessor=UserFactory(full_name="Hidden Assessor"))
    ReviewFactory(assignment=AssignmentFactory(application=hidden, status=AssignmentStatus.COMMITTED, member__panel=members[0].panel))
    reviewed(hidden, AssignmentFactory(application=counted[0], member__panel=members[0].panel).member, 2, 2, reopened_reason="Mistyped.")
    assert hidden.reference in reliability_page(office, call)
    ConflictFactory(application=hidden, user=staff)
    page = reliability_page(office, call)
    assert hidden.reference not in page
    assert "Hidden Assessor" not in page
    assert rows(page, "Agreement at each stage")[0][1:3] == ["8", "4"]
    assert {row[3] for row in rows(page, "How generous each panel member is")} <= {"4"}


def test_an_interviewer_sees_nothing_of_the_paper_scores(office, staff, call, scored):
    InterviewSheet.objects.create(interview=InterviewFactory(application=scored[4], slot__interviewer=staff), interviewer=staff)
    assert rows(reliability_page(office, call), "Agreement at each stage")[0][1:3] == ["8", "4"]


def test_before_there_is_anything_the_page_says_what_will_come(office, call):
    page = words(reliability_page(office, call))
    for expected in (
        "Agreement appears here once two assessors have finished",
        "Agreement appears here once both interviewers",
        "Agreement appears here once two panel members have submitted",
        "Warnings appear here once panel members submit their scores",
        "Once scores are adjusted, this names",
        "Every submitted score counts.",
        "This call has no panel yet.",
    ):
        assert expected in page
