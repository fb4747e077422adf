"""Two people commit one preview, and two windows save one review, at the same time."""

import time

import pytest
from django.core.management import call_command

from applications.models import Assignment, CriterionScore, Review
from applications.services import reviews
from applications.services.assignment import commit_proposals, table_of
from applications.services.reviews import Judgement, ScoreConflict, save_scores
from applications.states import ApplicationStatus, AssignmentStatus
from tests.factories import CriterionFactory, StaffFactory
from tests.factories.judging import AssignmentFactory, PanelFactory, PanelMemberFactory, ReviewFactory, SubmittedFactory, all_answered
from tests.races.conftest import SEED, at_once
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 10


def preview():
    """Return a panel whose three members have four proposals each."""
    panel = PanelFactory()
    applications = SubmittedFactory.create_batch(4, call=panel.call, status=ApplicationStatus.SHORTLISTED)
    for member in PanelMemberFactory.create_batch(3, panel=panel):
        for application in applications:
            AssignmentFactory(member=member, application=application, status=AssignmentStatus.PROPOSED, committed_at=None)
    all_answered(panel)
    return panel


def commit_by_two(panel):
    staff, seen = StaffFactory.create_batch(2), table_of(panel).preview
    return at_once([lambda person=person: commit_proposals(panel_id=panel.pk, seen=seen, by=person) for person in staff])


def test_a_preview_that_two_people_commit_is_committed_once_and_told_once():
    call_command("sync_roles")
    for _ in range(ROUNDS):
        results = commit_by_two(preview())
        assert sorted(map(type, results), key=str) == sorted([int, InvalidTransition], key=str)
    print(f"\ncommitting: {ROUNDS} previews by two people at once, {OutboundEmail.objects.count()} emails, seed {SEED}")
    assert OutboundEmail.objects.count() == 3 * ROUNDS
    assert Review.objects.count() == Assignment.objects.filter(status=AssignmentStatus.COMMITTED).count() == 12 * ROUNDS


def test_without_the_lock_both_would_commit(no_locks):
    call_command("sync_roles")
    no_locks()
    both = sum(InvalidTransition not in map(type, commit_by_two(preview())) for _ in range(ROUNDS))
    print(f"\ncommitting without the lock: {both} of {ROUNDS} previews committed twice")
    assert both


def save_from_two_windows():
    """Save one review from two windows at once and return what came of each, and how many of the saves are in place."""
    review = ReviewFactory()
    criterion = CriterionFactory(call=review.assignment.application.call)
    person = review.assignment.member.user

    def save(score):
        values = {criterion.pk: Judgement(score, f"Reason {score}")}
        return save_scores(review_id=review.pk, revision=0, values=values, note="", by=person)

    return at_once([lambda: save(1), lambda: save(5)])


def test_of_two_windows_one_saves_and_the_other_is_told():
    for _ in range(ROUNDS):
        results = save_from_two_windows()
        assert sorted(map(type, results), key=str) == sorted([Review, ScoreConflict], key=str)
    assert CriterionScore.objects.count() == ROUNDS


def test_without_the_lock_one_would_overwrite_the_other(no_locks, monkeypatch):
    no_locks()
    # A moment between reading and writing, which the lock makes harmless.
    read = reviews.judgements

    def read_slowly(review):
        found = read(review)
        time.sleep(0.05)
        return found

    monkeypatch.setattr(reviews, "judgements", read_slowly)
    lost = sum(ScoreConflict not in map(type, save_from_two_windows()) for _ in range(ROUNDS))
    print(f"\nsaving without the lock: {lost} of {ROUNDS} overwritten unseen")
    assert lost
