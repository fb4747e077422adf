"""Scoring: saved as it is typed, submitted together, locked, reopened."""

import pytest

from applications.models import CriterionScore, PanelMember, Review
from applications.services.panel import declare
from applications.services.reviews import (
    CannotScore,
    Judgement,
    ScoreConflict,
    missing,
    parts_of,
    reopen_review,
    reviews_of,
    save_scores,
    submit_reviews,
)
from applications.states import MemberStatus, ReviewStatus
from tests.factories import CriterionFactory, QuestionFactory, SectionFactory, StaffFactory
from tests.factories.judging import AssignmentFactory, ConflictFactory, PanelMemberFactory, ReviewFactory
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = pytest.mark.django_db


@pytest.fixture
def review():
    return ReviewFactory()


@pytest.fixture
def criteria(review):
    call = review.assignment.application.call
    return [CriterionFactory(call=call, weight=weight, position=weight) for weight in (40, 60)]


def save(review, criteria, *, score=4, reason="Clear evidence", revision=0, note="", by=None):
    values = {criterion.pk: Judgement(score, reason) for criterion in criteria}
    person = by or review.assignment.member.user
    return save_scores(review_id=review.pk, revision=revision, values=values, note=note, by=person)


def submit(review):
    member = review.assignment.member
    return submit_reviews(member_id=member.pk, by=member.user)


def test_a_save_counts_and_the_same_again_changes_nothing(review, criteria):
    saved = save(review, criteria, note="Look at the budget")
    assert (saved.revision, saved.note) == (1, "Look at the budget")
    assert save(review, criteria, note="Look at the budget").revision == 1
    assert sorted(CriterionScore.objects.values_list("score", "reason")) == [(4, "Clear evidence")] * 2


def test_an_older_page_overwrites_nothing(review, criteria):
    save(review, criteria, score=2)
    with pytest.raises(ScoreConflict) as conflict:
        save(review, criteria, score=3, revision=0)
    assert conflict.value.review.revision == 1
    assert set(CriterionScore.objects.values_list("score", flat=True)) == {2}


def test_criteria_of_another_call_are_left_out(review, criteria):
    foreign = CriterionFactory()
    save(review, [*criteria, foreign])
    assert not CriterionScore.objects.filter(criterion=foreign).exists()


@pytest.mark.parametrize(
    ("score", "reason", "said"),
    [
        (None, " ", "Not started"),
        (None, "Reason", "2 scores missing"),
        (0, " ", "2 reasons missing"),
        (3, "word " * 151, "2 reasons longer than 150 words"),
        (None, "word " * 151, "2 scores missing, 2 reasons longer than 150 words"),
        (0, "Nothing is said of it", ""),
    ],
)
def test_what_is_missing_is_said_in_a_few_words(review, criteria, score, reason, said):
    saved = save(review, criteria, score=score, reason=reason)
    assert missing(saved, criteria) == said


def test_scores_and_reasons_are_counted_apart(review, criteria):
    values = {criteria[0].pk: Judgement(3, ""), criteria[1].pk: Judgement(None, "")}
    saved = save_scores(review_id=review.pk, revision=0, values=values, note="", by=review.assignment.member.user)
    assert missing(saved, criteria) == "1 score and 2 reasons missing"


def test_complete_ones_are_submitted_together_and_locked(review, criteria):
    member = review.assignment.member
    other, unfinished = (ReviewFactory(assignment=AssignmentFactory(member=member)) for _ in range(2))
    for each in (review, other):
        save(each, criteria)
    save(unfinished, criteria[:1])
    assert set(submit(review)) == {review, other}
    assert submit(review) == []
    assert Review.objects.get(pk=unfinished.pk).status == ReviewStatus.DRAFT
    with pytest.raises(CannotScore):
        save(review, criteria, score=1, revision=1)
    assert Entry.objects.filter(verb="review.submitted").count() == 2


@pytest.mark.parametrize("reason", ["conflict", "other member", "withdrawn EoI"])
def test_nobody_saves_or_submits_what_is_not_open_to_them(review, criteria, reason):
    save(review, criteria)
    person = review.assignment.member.user
    if reason == "conflict":
        ConflictFactory(application=review.assignment.application, user=person)
    elif reason == "withdrawn EoI":
        review.assignment.application.status = "withdrawn"
        review.assignment.application.save()
    else:
        person = PanelMemberFactory(panel=review.assignment.member.panel).user
    with pytest.raises(CannotScore):
        save(review, criteria, score=1, revision=1, by=person)
    assert submit_reviews(member_id=review.assignment.member.pk, by=person) == []


def test_reopened_scores_are_kept_told_and_do_not_count(review, criteria, roles):
    save(review, criteria)
    with pytest.raises(InvalidTransition):
        reopen_review(review_id=review.pk, reason="A slip", by=StaffFactory())
    submit(review)
    reopen_review(review_id=review.pk, reason="A slip", by=StaffFactory())
    assert not Review.objects.counting()
    assert set(CriterionScore.objects.values_list("score", flat=True)) == {4}
    message = OutboundEmail.objects.get(kind="panel-reopened")
    assert (message.recipient, "A slip" in message.text) == (review.assignment.member.user.email, True)
    save(review, criteria, score=3, revision=1)
    assert submit(review) == [review]


def test_the_review_of_somebody_who_has_withdrawn_stays_in_the_count(review, criteria, roles):
    save(review, criteria)
    submit(review)
    PanelMember.objects.update(status=MemberStatus.WITHDRAWN)
    with pytest.raises(InvalidTransition, match="can no longer score"):
        reopen_review(review_id=review.pk, reason="A slip", by=StaffFactory())
    assert Review.objects.counting().get() == review
    assert not OutboundEmail.objects.filter(kind="panel-reopened").exists()


def test_the_order_is_ones_own_and_always_the_same(review):
    member = review.assignment.member
    ReviewFactory.create_batch(11, assignment__member=member)
    other = PanelMemberFactory(panel=member.panel)
    for each in Review.objects.select_related("assignment"):
        ReviewFactory(assignment=AssignmentFactory(member=other, application=each.assignment.application))
    mine, theirs = ([each.assignment.application_id for each in reviews_of(person)] for person in (member, other))
    assert mine == [each.assignment.application_id for each in reviews_of(member)]
    assert sorted(mine) == sorted(theirs)
    assert mine != theirs
    assert mine != sorted(mine)


def test_parts_put_answers_beside_their_criterion_and_leave_hidden_ones_out(review, criteria):
    section = SectionFactory(call=review.assignment.application.call)
    about = QuestionFactory(section=section)
    asked = QuestionFactory(section=section, criterion=criteria[1])
    QuestionFactory(section=section, hidden_from_panel=True, criterion=criteria[0])
    parts = [(part.criterion, [answered.question for answered in part.answers]) for part in parts_of(review.assignment.application)]
    assert parts == [(None, [about]), (criteria[0], []), (criteria[1], [asked])]


def test_declaring_again_keeps_what_is_scored(review, criteria):
    save(review, criteria)
    member = review.assignment.member
    declare(member_id=member.pk, general="I know the chair", asked=[], interests={}, dismissals={}, by=member.user)
    assert reviews_of(member)[0].revision == 1
