"""The pages of panel members: declaring, scoring, checking, and the chair's."""

import pytest
from django.urls import reverse

from applications.models import Answer, Application, Assignment, Conflict, CriterionScore, PanelMember, Review
from applications.states import ApplicationStatus, AssignmentStatus, ConflictStatus, MemberStatus, ReviewStatus
from tests.applications.test_query_counts import queries
from tests.factories import ContactFactory, CriterionFactory, QuestionFactory, SectionFactory, UserFactory
from tests.factories.judging import AssignmentFactory, ConflictFactory, PanelMemberFactory, ReviewFactory, SubmittedFactory
from upstream import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(db):
    return PanelMemberFactory()


@pytest.fixture
def criterion(member):
    return CriterionFactory(call=member.panel.call, name="Strength", anchors=["None", "Poor", "Fair", "Good", "Very good", "Excellent"])


@pytest.fixture
def review(member, criterion):
    return ReviewFactory(assignment=AssignmentFactory(member=member))


@pytest.fixture
def signed_in(client, member):
    client.force_login(member.user)
    return client


def url(member, name, *args):
    return reverse(f"applications:{name}", args=[member.panel.call.slug, *args])


def score_url(review, name="score"):
    return url(review.assignment.member, name, review.assignment.application.reference)


def filled(criterion, **more):
    return {"revision": "0", f"score_{criterion.pk}": "4", f"reason_{criterion.pk}": "Clear evidence", "note": ""} | more


@pytest.fixture
def newcomer(member):
    member.status, member.declared_at = MemberStatus.INVITED, None
    member.save()
    return member


def test_nothing_opens_before_declaring(signed_in, newcomer, review):
    assert signed_in.get(url(newcomer, "panel")).url == url(newcomer, "panel_declare")
    for address in (score_url(review), score_url(review, "score_conflict"), url(newcomer, "panel_check")):
        assert signed_in.get(address).status_code == 404


def test_declaring_shows_councils_and_titles_and_preselects_what_is_detected(signed_in, newcomer):
    call = newcomer.panel.call
    own = SubmittedFactory(call=call, status=ApplicationStatus.SHORTLISTED, initiative_title="Warm homes")
    other = SubmittedFactory(call=call, status=ApplicationStatus.SHORTLISTED)
    Answer.objects.create(application=own, question=QuestionFactory(section__call=call), value="A secret")
    ContactFactory(user=newcomer.user, council=own.council)
    page = signed_in.get(url(newcomer, "panel_declare"))
    text = page.content.decode()
    assert "Warm homes" in text
    assert "They act for the council." in text
    assert "A secret" not in text
    form = page.context["form"]
    assert [form[f"kind_{application.pk}"].value() for application in (own, other)] == ["council", "none"]
    sent = {"general": "", f"kind_{own.pk}": "none", f"detail_{own.pk}": "", f"kind_{other.pk}": "family", f"detail_{other.pk}": ""}
    text = signed_in.post(url(newcomer, "panel_declare"), sent).content.decode()
    assert f"Enter why {own.council} is not a conflict" in text
    assert f"Enter details of your interest in {other.council}" in text
    assert not PanelMember.objects.active().exists()
    sent |= {f"detail_{own.pk}": "I left", f"detail_{other.pk}": "My sister works there", "general": "I know the chair"}
    assert signed_in.post(url(newcomer, "panel_declare"), sent).url == url(newcomer, "panel")
    newcomer.refresh_from_db()
    assert (newcomer.status, newcomer.general_interest) == (MemberStatus.ACTIVE, "I know the chair")
    statuses = {conflict.application: conflict.status for conflict in Conflict.objects.all()}
    assert statuses == {other: ConflictStatus.ACTIVE, own: ConflictStatus.DISMISSED}
    again = signed_in.get(url(newcomer, "panel_declare")).content.decode()
    assert "My sister works there" in again
    assert "We think that you may have a conflict" not in again


def test_what_is_shortlisted_later_is_asked_about_first_and_once(signed_in, member):
    known, late, later = SubmittedFactory.create_batch(3, call=member.panel.call, status=ApplicationStatus.SHORTLISTED)
    member.answered.add(known)
    Application.objects.filter(pk=later.pk).update(status=ApplicationStatus.SUBMITTED)
    assert "1 more expression of interest has been shortlisted since" in signed_in.get(url(member, "panel")).content.decode()
    page = signed_in.get(url(member, "panel_declare"))
    assert [(row.application, row.is_new) for row in page.context["form"].rows()] == [(late, True), (known, False)]
    assert "1 has been shortlisted since you declared. It comes first" in page.content.decode()
    Application.objects.update(status=ApplicationStatus.SHORTLISTED)
    sent = {"general": "", f"kind_{known.pk}": "none", f"kind_{late.pk}": "none"}
    assert f"Select whether you have an interest in {later.council}" in signed_in.post(url(member, "panel_declare"), sent).content.decode()
    assert not member.answered.filter(pk=late.pk).exists()
    signed_in.post(url(member, "panel_declare"), sent | {f"kind_{later.pk}": "none"})
    assert set(member.answered.all()) == {known, late, later}
    assert "shortlisted since" not in signed_in.get(url(member, "panel")).content.decode()


def test_the_list_counts_what_is_scored_and_says_when_it_is_late(signed_in, member, review, criterion, move_clock):
    ReviewFactory(assignment=AssignmentFactory(member=member))
    assert "0 of 2 scored" in signed_in.get(url(member, "panel")).content.decode()
    assert signed_in.post(score_url(review), filled(criterion, action="later")).url == url(member, "panel")
    page = signed_in.get(url(member, "panel")).content.decode()
    assert "1 of 2 scored" in page
    assert "Ready to submit" in page
    move_clock(member.panel.due_at)
    assert "You can still score" in signed_in.get(url(member, "panel")).content.decode()


def test_the_page_puts_answers_beside_their_criterion(signed_in, member, review, criterion):
    section = SectionFactory(call=member.panel.call)
    application = review.assignment.application
    for text, options in (("Asked here", {"criterion": criterion}), ("About it", {}), ("Not for you", {"hidden_from_panel": True})):
        Answer.objects.create(application=application, question=QuestionFactory(section=section, **options), value=text)
    page = signed_in.get(score_url(review)).content.decode()
    assert "Expression of interest 1 of 1" in page
    assert page.index("About it") < page.index("Asked here") < page.index("Very good")
    assert "Not for you" not in page


def test_saving_goes_to_the_next_one_and_after_the_last_to_the_check(signed_in, member, criterion):
    ReviewFactory.create_batch(2, assignment__member=member)
    first, second = signed_in.get(url(member, "panel")).context["lines"]
    answer = signed_in.post(score_url(first[0]), filled(criterion, action="next"))
    assert answer.url == score_url(second[0])
    assert signed_in.post(score_url(second[0]), filled(criterion, action="next")).url == url(member, "panel_check")


def test_half_a_score_is_kept_and_the_check_says_what_is_missing(signed_in, member, review, criterion):
    signed_in.post(score_url(review), filled(criterion, action="next") | {f"reason_{criterion.pk}": ""})
    page = signed_in.get(url(member, "panel_check")).content.decode()
    assert "1 reason missing" in page
    assert "no reason" in page
    assert "Submit your scores" not in page
    assert "No scores were complete" in signed_in.post(url(member, "panel_check"), follow=True).content.decode()


def test_submitted_scores_are_locked_and_those_of_others_show(signed_in, member, review, criterion):
    other = ReviewFactory(
        assignment=AssignmentFactory(application=review.assignment.application, member__panel=member.panel),
        status=ReviewStatus.SUBMITTED,
        submitted_at=clock.now(),
    )
    CriterionScore.objects.create(review=other, criterion=criterion, score=1, reason="I was not convinced")
    assert "I was not convinced" not in signed_in.get(score_url(review)).content.decode()
    signed_in.post(score_url(review), filled(criterion))
    assert "Submit 1 expression of interest" in signed_in.get(url(member, "panel_check")).content.decode()
    signed_in.post(url(member, "panel_check"))
    page = signed_in.get(score_url(review)).content.decode()
    assert "I was not convinced" in page
    assert "<textarea" not in page
    answer = signed_in.post(score_url(review), filled(criterion, revision="1") | {f"reason_{criterion.pk}": "Changed my mind"})
    assert answer.status_code == 409
    assert "Changed my mind" in answer.content.decode()
    assert not CriterionScore.objects.filter(reason="Changed my mind").exists()


def test_scores_typed_into_a_page_of_an_earlier_assignment_are_not_taken_for_new_ones(signed_in, review, criterion):
    stale = filled(criterion, revision="3")
    answer = signed_in.post(score_url(review, "score_autosave"), stale)
    assert (answer.status_code, answer.json()["why"]) == (409, "This has changed since you opened it.")
    assert "This has changed since you opened it." in signed_in.post(score_url(review), stale).content.decode()


def test_the_script_saves_and_is_told_of_another_window(signed_in, review, criterion):
    answer = signed_in.post(score_url(review, "score_autosave"), filled(criterion))
    assert (answer.status_code, answer.json()["revision"], answer.json()["unsaved"]) == (200, 1, [])
    again = filled(criterion) | {f"score_{criterion.pk}": "2"}
    answer = signed_in.post(score_url(review, "score_autosave"), again)
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    page = signed_in.post(score_url(review), again)
    assert page.status_code == 409
    assert "Saved: Strength" in page.content.decode()
    assert "in another tab or window." in page.content.decode()
    assert CriterionScore.objects.get().score == 4
    Review.objects.update(status=ReviewStatus.SUBMITTED, submitted_at=clock.now())
    answer = signed_in.post(score_url(review, "score_autosave"), again).json()
    assert (answer["error"], answer["why"][:32]) == ("closed", "You have submitted these scores,")


def close(review, cause):
    """Let somebody take a review out of its member's hands while they type."""
    assignment, member = review.assignment, review.assignment.member
    match cause:
        case "conflict":
            ConflictFactory(application=assignment.application, user=member.user)
        case "withdrawn" | "invited":
            PanelMember.objects.filter(pk=member.pk).update(status=cause)
        case "taken back" | "proposed":
            status = AssignmentStatus.REMOVED if cause == "taken back" else AssignmentStatus.PROPOSED
            Assignment.objects.update(status=status, removed_reason="For the office alone")
        case "withdrawn by council":
            Application.objects.update(status=ApplicationStatus.WITHDRAWN, withdrawn_at=clock.now())
        case "submitted":
            Review.objects.update(status=ReviewStatus.SUBMITTED, submitted_at=clock.now())


CAUSES = {
    "conflict": "You have a conflict of interest with this expression of interest",
    "withdrawn": "You no longer sit on this panel",
    "invited": "first declare your conflicts of interest",
    "taken back": "taken off your list",
    "proposed": "taken off your list",
    "withdrawn by council": "The council has withdrawn this expression of interest",
    "submitted": "You have submitted these scores",
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_was_typed_while_a_review_was_closed_is_handed_back(signed_in, member, review, criterion, cause):
    application = review.assignment.application
    Application.objects.update(initiative_title="Warm homes")
    Answer.objects.create(application=application, question=QuestionFactory(section__call=member.panel.call), value="A secret")
    assert "A secret" in signed_in.get(score_url(review)).content.decode()
    close(review, cause)
    sent = filled(criterion, note="For the meeting")
    answer = signed_in.post(score_url(review), sent)
    page = answer.content.decode()
    status = 409 if cause == "submitted" else 404
    assert answer.status_code == status
    assert CAUSES[cause] in page
    assert [text for text in ("Strength: reason", "Clear evidence", "Strength: score", "For the meeting") if text not in page] == []
    assert [text for text in ("A secret", "Warm homes", "For the office alone") if text in page] == []
    answer = signed_in.post(score_url(review, "score_autosave"), sent)
    assert (answer.status_code, answer.json()["error"]) == (status, "closed")
    assert CAUSES[cause] in answer.json()["why"]
    assert not CriterionScore.objects.exists()


def test_what_was_never_ones_own_is_not_there(client, review, criterion):
    for person in (PanelMemberFactory(panel=review.assignment.member.panel).user, UserFactory()):
        client.force_login(person)
        for name in ("score", "score_autosave"):
            assert client.post(score_url(review, name), filled(criterion)).status_code == 404


def test_what_cannot_be_kept_is_said_and_the_rest_is_saved(signed_in, review, criterion):
    answer = signed_in.post(score_url(review, "score_autosave"), filled(criterion, note="bad\0note"))
    assert "hidden character" in answer.json()["unsaved"][0]
    assert CriterionScore.objects.get().score == 4
    page = signed_in.post(score_url(review), filled(criterion, note="bad\0note"))
    assert (page.status_code, "There is a problem" in page.content.decode()) == (200, True)


def test_declaring_a_conflict_from_the_page_closes_it_at_once(signed_in, member, review):
    assert "Select your interest" in signed_in.post(score_url(review, "score_conflict"), {}).content.decode()
    signed_in.post(score_url(review, "score_conflict"), {"kind": "adviser", "detail": "Paid last year"})
    assert signed_in.get(score_url(review)).status_code == 404
    page = signed_in.get(url(member, "panel")).content.decode()
    assert "These are closed to you" in page
    assert str(review.assignment.application.council) in page


def test_the_chair_waives_on_the_website_and_nobody_else_sees_the_page(client, signed_in, member, review):
    conflict = ConflictFactory(user=member.user, application=review.assignment.application)
    chair = PanelMemberFactory(panel=member.panel, is_chair=True)
    for name, args in (("panel_conflicts", ()), ("panel_waive", (conflict.pk,))):
        assert signed_in.get(url(member, name, *args)).status_code == 404
    client.force_login(chair.user)
    assert "Waive this conflict" in client.get(url(member, "panel_conflicts")).content.decode()
    client.post(url(member, "panel_waive", conflict.pk), {"reason": ""})
    assert Conflict.objects.active().exists()
    client.post(url(member, "panel_waive", conflict.pk), {"reason": "It ended long ago"})
    assert "It ended long ago" in client.get(url(member, "panel_conflicts")).content.decode()
    client.force_login(member.user)
    assert client.get(score_url(review)).status_code == 200


def test_a_member_of_another_panel_and_one_who_withdrew_find_nothing(client, review):
    member = review.assignment.member
    for person in (PanelMemberFactory(), PanelMemberFactory(panel=member.panel, status=MemberStatus.WITHDRAWN)):
        client.force_login(person.user)
        assert client.get(url(member, "panel")).status_code == 404
        assert client.get(score_url(review)).status_code == 404


def test_the_home_page_leads_to_the_panel_and_says_when_scores_are_or_were_due(signed_in, member, move_clock):
    page = signed_in.get("/").content.decode()
    assert url(member, "panel") in page
    assert "Scores are due by" in page
    move_clock(member.panel.due_at)
    assert "Scores were due by" in signed_in.get("/").content.decode()


@pytest.mark.parametrize("page", ["panel", "panel_check", "panel_declare", "score", "panel_conflicts"])
def test_as_many_queries_for_fifty_as_for_five(signed_in, member, criterion, page):
    member.is_chair = True
    member.save()
    counts = []
    for more in (5, 45):
        for review in ReviewFactory.create_batch(more, assignment__member=member, status=ReviewStatus.SUBMITTED, submitted_at=clock.now()):
            CriterionScore.objects.create(review=review, criterion=criterion, score=3, reason="Reason")
            ReviewFactory(
                assignment=AssignmentFactory(application=review.assignment.application, member__panel=member.panel),
                status=ReviewStatus.SUBMITTED,
                submitted_at=clock.now(),
            )
            ConflictFactory(application=SubmittedFactory(call=member.panel.call))
        counts.append(queries(signed_in, score_url(review) if page == "score" else url(member, page)))
    assert counts[0] == counts[1] < 20
