"""Conflicts of interest take effect at once, are told to whom they concern, and only the chair waives them."""

import pytest
from django.core.exceptions import PermissionDenied

from applications.models import Answer, Assignment, Conflict, Review
from applications.services.conflicts import Interest, declare_conflict, dismiss_conflict, waive_conflict
from applications.states import AssignmentStatus, ConflictKind, ConflictStatus, ReviewStatus
from tests.factories import QuestionFactory, StaffFactory
from tests.factories.judging import AssignmentFactory, ConflictFactory, PanelMemberFactory, ReviewFactory, SubmittedFactory
from upstream import clock
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = pytest.mark.django_db
ADVISER = Interest(ConflictKind.ADVISER, "Paid last year")


@pytest.fixture
def review():
    return ReviewFactory(status=ReviewStatus.SUBMITTED, submitted_at=clock.now())


@pytest.fixture
def chair(review):
    return PanelMemberFactory(panel=review.assignment.member.panel, is_chair=True).user


def declared(review, by=None):
    user = review.assignment.member.user
    return declare_conflict(application_id=review.assignment.application_id, user=user, interest=ADVISER, by=by or user)


def test_it_closes_the_eoi_and_takes_the_scores_out_until_it_is_waived(review, chair):
    user, application = review.assignment.member.user, review.assignment.application
    answer = Answer.objects.create(application=application, question=QuestionFactory(section__call=application.call), value="Yes")
    conflict = declared(review)
    assert not Review.objects.visible_to(user)
    assert answer not in Answer.objects.visible_to(user)
    assert not Review.objects.counting()
    assert Assignment.objects.get().status == AssignmentStatus.COMMITTED
    waive_conflict(conflict_id=conflict.pk, reason="It ended", by=chair)
    assert review in Review.objects.visible_to(user)
    assert answer in Answer.objects.visible_to(user)
    assert review in Review.objects.counting()
    assert [entry.verb for entry in Entry.objects.about(conflict)] == ["conflict.declared", "conflict.waived"]
    assert "It ended" in OutboundEmail.objects.get(kind="conflict-waived", recipient=user.email).text
    assert declared(review).status == ConflictStatus.ACTIVE


def test_whoever_invited_the_member_hears_of_the_lost_reviewer(review):
    declared(review)
    declared(review)
    message = OutboundEmail.objects.get()
    assert (message.kind, message.recipient) == ("reviewer-lost", review.assignment.member.invited_by.email)
    assert Entry.objects.filter(verb="conflict.declared").count() == 1


def test_what_was_only_proposed_leaves_the_preview_and_nobody_is_told():
    assignment = AssignmentFactory(status=AssignmentStatus.PROPOSED, committed_at=None)
    declare_conflict(application_id=assignment.application_id, user=assignment.member.user, interest=ADVISER, by=assignment.member.user)
    assert Assignment.objects.get().status == AssignmentStatus.REMOVED
    assert not OutboundEmail.objects.exists()


def test_who_has_a_conflict_recorded_by_staff_is_told(review, roles):
    declared(review, by=StaffFactory())
    assert OutboundEmail.objects.get().kind == "conflict-recorded"
    assessor = StaffFactory()
    declare_conflict(application_id=SubmittedFactory().pk, user=assessor, interest=ADVISER, by=StaffFactory())
    assert OutboundEmail.objects.filter(recipient=assessor.email).count() == 1


def test_nobody_but_an_active_chair_without_an_own_interest_waives(review, chair, roles):
    conflict = declared(review)
    member = PanelMemberFactory(panel=review.assignment.member.panel).user
    elsewhere = PanelMemberFactory(is_chair=True).user
    for person in (review.assignment.member.user, member, elsewhere, StaffFactory()):
        with pytest.raises(PermissionDenied):
            waive_conflict(conflict_id=conflict.pk, reason="Why not", by=person)
    own = ConflictFactory(user=chair, application=review.assignment.application)
    for each in (conflict, own):
        with pytest.raises(PermissionDenied):
            waive_conflict(conflict_id=each.pk, reason="Why not", by=chair)
    assert set(Conflict.objects.active()) == {conflict, own}


def test_what_is_waived_once_cannot_be_waived_twice(review, chair):
    conflict = declared(review)
    waive_conflict(conflict_id=conflict.pk, reason="It ended", by=chair)
    with pytest.raises(InvalidTransition):
        waive_conflict(conflict_id=conflict.pk, reason="Again", by=chair)


def test_only_what_was_found_by_the_system_is_dismissed(review):
    conflict = declared(review)
    with pytest.raises(InvalidTransition):
        dismiss_conflict(application_id=conflict.application_id, user=conflict.user, reason="No", by=conflict.user)
