"""The panel's reviews and the figures of reliability leave as tables: what the person sees, recorded, and no more."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import InterviewSheet
from applications.states import ReviewStatus
from tests.applications.scores.pages import export_of_reliability, reliability_page, rows, shortlisted
from tests.applications.test_office_export import table_of
from tests.factories import CriterionFactory, StaffFactory, UserFactory
from tests.factories.judging import AssessmentFactory, ConflictFactory, InterviewFactory, PanelMemberFactory, SubmittedFactory, reviewed
from upstream.audit.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
MOST_QUERIES = 30


def reviews_url(file_format="csv", query=""):
    return f"/admin/applications/review/export/{file_format}/{query}"


def dicts(response):
    headings, *found = table_of(response)
    return [dict(zip(headings, row, strict=True)) for row in found]


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_review_leaves_with_each_score_and_its_reason(office, staff, call, members, file_format):
    application = shortlisted(call, 1)[0]
    review = reviewed(application, members[0], 4, 2, note="=Ask about money")
    first, second = call.criteria.all()
    row = dicts(office.post(reviews_url(file_format)))[0]
    assert (row["Reference"], row["Council"], row["Panel member"], row["Counts"]) == ("R-000", "A Council", "Sam Strict", "Yes")
    assert [str(row[name]) for name in (str(first), f"Reason: {first}", str(second), f"Reason: {second}")] == ["4", "So.", "2", "So."]
    assert float(row["Score (0 to 100)"]) == 70  # (75 x 4 + 25 x 2) / 5
    assert row["Note"] == "'=Ask about money"
    entry = Entry.objects.get(verb="reviews.exported")
    assert (entry.actor_id, entry.data) == (staff.pk, {"format": file_format, "reviews": [review.pk]})


def test_it_says_what_does_not_count_and_keeps_to_the_filters(office, call, members):
    applications = shortlisted(call, 3)
    reviewed(applications[0], members[0], 1, 1)
    reviewed(applications[1], members[0], 2, 2, status=ReviewStatus.DRAFT, submitted_at=None)
    reviewed(applications[2], members[0], 3, 3)
    ConflictFactory(application=applications[2], user=members[0].user)
    assert [row["Counts"] for row in dicts(office.post(reviews_url()))] == ["Yes", "No: not submitted", "No: conflict of interest"]
    assert [row["Reference"] for row in dicts(office.post(reviews_url(query="?status=draft")))] == ["R-001"]
    assert office.post(reviews_url(query="?nonsense=1")).status_code == 302
    assert office.get("/admin/applications/review/?status=draft").content.decode().count("/export/csv/?status=draft") == 1


def test_criteria_of_two_calls_are_told_apart(office, call, members):
    reviewed(shortlisted(call, 1)[0], members[0], 1, 1)
    other = CriterionFactory(name="Fit")
    reviewed(SubmittedFactory(call=other.call), PanelMemberFactory(panel__call=other.call), 5)
    found = dicts(office.post(reviews_url()))
    assert sorted(row[f"{other.call}: Fit"] for row in found) == ["", "5"]
    assert f"{call}: {call.criteria.first()}" in found[0]


def test_what_somebody_may_not_see_does_not_leave(office, staff, call, scored):
    ConflictFactory(application=scored[4], user=staff)
    InterviewSheet.objects.create(interview=InterviewFactory(application=scored[3], slot__interviewer=staff), interviewer=staff)
    found = dicts(office.post(reviews_url()))
    assert {row["Reference"] for row in found} == {"R-000", "R-001", "R-002"}
    hidden = scored[4].reference
    assert [row for row in table_of(export_of_reliability(office, call)) if hidden in "".join(row)] == []


def test_the_figures_of_reliability_are_those_of_the_page(office, staff, call, scored, members):
    assessment = AssessmentFactory(application=scored[0], assessor=StaffFactory(full_name="Alex Reed"))
    ConflictFactory(application=scored[4], user=members[1].user, detail="A sister works there.")
    found = dicts(export_of_reliability(office, call))
    page = reliability_page(office, call)
    single = next(row for row in found if row["What"] == "Agreement of single scores")
    assert [single["Of"], single["Scores"], single["Value"]] == [rows(page, "Agreement at each stage")[0][place] for place in (0, 1, 3)]
    kept_out = next(row for row in found if row["What"] == "Does not count: Panel")
    assert (kept_out["Of"].split()[0], kept_out["Who"], "A sister works there." in kept_out["In words"]) == ("R-004", "Gail Generous", True)
    missing = next(row for row in found if row["What"] == "Missing reviews")
    assert (missing["Of"].split()[0], missing["Value"]) == ("R-004", "1")
    assert "Gail Generous" in next(row for row in found if row["What"] == "Not adjusted")["In words"]
    assert Entry.objects.about(call).get(verb="reliability.exported").data == {"format": "csv"}
    assert len(table_of(export_of_reliability(office, call, "xlsx"))) == len(found) + 1
    assert assessment.pk


def test_leniency_leaves_with_its_interval(office, call, scored):
    found = [row for row in dicts(export_of_reliability(office, call)) if row["What"] == "Points of 100 above the others"]
    assert [(row["Who"], row["Value"], row["Scores"]) for row in found] == [("Gail Generous", "8.3", "5"), ("Sam Strict", "-8.3", "5")]
    assert all(float(row["From"]) < float(row["Value"]) < float(row["To"]) for row in found)


def test_who_may_not_read_conflicts_is_told_of_them_and_no_more(client, call, scored, members):
    ConflictFactory(application=scored[4], user=members[1].user, detail="A sister works there.")
    person = UserFactory(is_staff=True)
    names = ["view_call", "view_application", "view_review", "decide_application", "export_application"]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    found = [row["In words"] for row in dicts(export_of_reliability(client, call)) if row["What"].startswith("Does not count")]
    assert found == ["Conflict of interest"]


@pytest.mark.parametrize("permission", ["view_review", "export_application"])
def test_each_needs_both_permissions(client, call, permission):
    person = UserFactory(is_staff=True)
    names = {"view_call", "view_application", "view_review", "decide_application", "export_application"} - {permission}
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    assert client.post(reviews_url()).status_code == export_of_reliability(client, call).status_code == 403
    assert not Entry.objects.filter(verb__endswith=".exported").exists()


def test_a_format_that_does_not_exist_is_not_found(office, call):
    assert office.post(reviews_url("pdf")).status_code == export_of_reliability(office, call, "pdf").status_code == 404


@pytest.mark.parametrize("name", ["reviews", "reliability"])
def test_as_many_queries_for_fifty_as_for_five(office, call, members, name):
    counts, applications = [], shortlisted(call, 50)
    for few in (applications[:6], applications[6:]):  # five that count are needed for an adjustment
        for place, application in enumerate(few):
            for member in members:
                reviewed(application, member, place % 5, (place + member.pk) % 5)
        ConflictFactory(application=few[0], user=members[0].user)
        with CaptureQueriesContext(connection) as captured:
            assert table_of(office.post(reviews_url()) if name == "reviews" else export_of_reliability(office, call))
        counts.append(len(captured))
    print(f"\n{name}: {counts[0]} queries")
    assert counts[0] == counts[1] < MOST_QUERIES
