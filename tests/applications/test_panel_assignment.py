"""Assigning EoIs to members through the real optimiser: proposed, edited, committed, taken back."""

import pytest
from django.core.exceptions import ValidationError

from applications.models import Application, Assignment, Conflict, Panel, Review
from applications.services.assignment import (
    CannotAssign,
    add_proposal,
    commit_proposals,
    discard_proposals,
    drop_proposal,
    move_proposal,
    pin_proposal,
    propose_assignments,
    table_of,
    take_back,
)
from applications.services.panel import declare, to_be_scored, withdraw_member
from applications.states import ApplicationStatus, AssignmentStatus, ConflictStatus, MemberStatus, ReviewStatus
from tests.factories import ContactFactory
from tests.factories.judging import ConflictFactory, PanelFactory, PanelMemberFactory, SubmittedFactory, all_answered
from upstream import clock
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel(db):
    """Six EoIs, four members, two reviews of each."""
    panel = PanelFactory(reviews_per_application=2, seed=7)
    PanelMemberFactory.create_batch(4, panel=panel)
    SubmittedFactory.create_batch(6, call=panel.call, status=ApplicationStatus.SHORTLISTED)
    SubmittedFactory(call=panel.call)
    all_answered(panel)
    return panel


def propose(panel, by):
    return propose_assignments(panel_id=panel.pk, by=by)


def commit(panel, by):
    return commit_proposals(panel_id=panel.pk, seen=table_of(panel).preview, by=by)


def loads(panel):
    table = table_of(panel)
    return sorted(table.load(member) for member in table.members.values())


def pairs(**filters):
    return set(Assignment.objects.live().filter(**filters).values_list("application", "member"))


def test_every_eoi_gets_its_reviews_evenly_and_the_seed_repeats_it(panel, staff):
    assert propose(panel, staff) == 12
    assert loads(panel) == [3, 3, 3, 3]
    first = pairs()
    propose(panel, staff)
    assert pairs() == first
    Panel.objects.update(seed=8)
    propose(panel, staff)
    assert pairs() != first
    assert not OutboundEmail.objects.exists()
    assert not Review.objects.exists()


def test_conflicts_detected_ones_too_are_never_assigned(panel, staff):
    first, second = panel.members.all()[:2]
    application, other = panel.call.applications.filter(status=ApplicationStatus.SHORTLISTED)[:2]
    ConflictFactory(application=application, user=first.user)
    ConflictFactory(application=other, user=first.user, status=ConflictStatus.DISMISSED)
    ContactFactory(user=second.user, council=application.council)
    propose(panel, staff)
    assert {member for eoi, member in pairs() if eoi == application.pk}.isdisjoint({first.pk, second.pk})
    assert Conflict.objects.get(user=second.user).status == ConflictStatus.PROPOSED
    with pytest.raises(ValidationError, match="conflict of interest"):
        add_proposal(panel_id=panel.pk, application_id=application.pk, member_id=second.pk, by=staff)


def test_pins_are_kept_when_proposing_again(panel, staff):
    propose(panel, staff)
    pinned = Assignment.objects.first()
    pin_proposal(assignment_id=pinned.pk, is_pinned=True, by=staff)
    Panel.objects.update(seed=99)
    propose(panel, staff)
    assert (pinned.application_id, pinned.member_id) in pairs(is_pinned=True)
    assert loads(panel) == [3, 3, 3, 3]
    pin_proposal(assignment_id=pinned.pk, is_pinned=False, by=staff)
    assert not pairs(is_pinned=True)


def test_what_cannot_be_met_is_said_in_words_and_leaves_the_proposal(panel, staff):
    propose(panel, staff)
    before = pairs()
    application = panel.call.applications.filter(status=ApplicationStatus.SHORTLISTED).first()
    for member in panel.members.all()[:3]:
        Conflict.objects.create(application=application, user=member.user, kind="other")
    with pytest.raises(CannotAssign) as refusal:
        propose(panel, staff)
    assert refusal.value.causes == [f"{application} needs 2 reviewers, and only 1 of the members said that they have no conflict with it."]
    assert pairs() == before


def test_a_proposal_is_edited_by_hand(panel, staff):
    propose(panel, staff)
    assignment = Assignment.objects.first()
    free = panel.members.exclude(assignments__application=assignment.application_id).first()
    moved = move_proposal(assignment_id=assignment.pk, member_id=free.pk, by=staff)
    assert (moved.application_id, moved.member_id) in pairs(is_pinned=True)
    assert (assignment.application_id, assignment.member_id) not in pairs()
    with pytest.raises(InvalidTransition):
        drop_proposal(assignment_id=assignment.pk, by=staff)
    with pytest.raises(ValidationError, match="already"):
        add_proposal(panel_id=panel.pk, application_id=moved.application_id, member_id=moved.member_id, by=staff)
    drop_proposal(assignment_id=moved.pk, by=staff)
    assert discard_proposals(panel_id=panel.pk, by=staff) == 11
    assert not pairs()
    unsuited = SubmittedFactory(call=panel.call)
    with pytest.raises(ValidationError, match="shortlisted"):
        add_proposal(panel_id=panel.pk, application_id=unsuited.pk, member_id=free.pk, by=staff)


def test_committing_makes_the_reviews_and_tells_each_member_once(panel, staff):
    propose(panel, staff)
    assert commit(panel, staff) == 12
    assert Review.objects.count() == 12
    messages = OutboundEmail.objects.filter(kind="panel-assigned")
    assert {message.recipient for message in messages} == {member.user.email for member in panel.members.all()}
    assert len(messages) == 4
    assert all("**3** expressions of interest" in message.text for message in messages)
    with pytest.raises(InvalidTransition, match="Nothing is proposed"):
        commit(panel, staff)


@pytest.mark.parametrize("what", ["conflict", "withdrawn", "proposed again", "one more", "one less"])
def test_only_the_preview_that_was_read_is_committed(panel, staff, what):
    propose(panel, staff)
    seen = table_of(panel).preview
    assignment = Assignment.objects.select_related("member").first()
    if what == "conflict":
        ConflictFactory(application=assignment.application, user=assignment.member.user)
    elif what == "withdrawn":
        Application.objects.filter(pk=assignment.application_id).update(status=ApplicationStatus.WITHDRAWN)
    elif what == "proposed again":
        Panel.objects.update(seed=8)
        propose(panel, staff)
    elif what == "one more":
        free = panel.members.exclude(assignments__application=assignment.application_id).first()
        add_proposal(panel_id=panel.pk, application_id=assignment.application_id, member_id=free.pk, by=staff)
    else:
        drop_proposal(assignment_id=assignment.pk, by=staff)
    with pytest.raises(InvalidTransition, match="have changed since you opened this page"):
        commit_proposals(panel_id=panel.pk, seen=seen, by=staff)
    assert not Review.objects.exists()
    assert commit(panel, staff)
    assert not Review.objects.exclude(assignment__application__status=ApplicationStatus.SHORTLISTED).exists()


def test_pinning_changes_nothing_that_is_committed(panel, staff):
    propose(panel, staff)
    seen = table_of(panel).preview
    pin_proposal(assignment_id=Assignment.objects.first().pk, is_pinned=True, by=staff)
    assert commit_proposals(panel_id=panel.pk, seen=seen, by=staff) == 12


def test_a_pinned_proposal_that_has_become_impossible_blocks_nothing(panel, staff):
    propose(panel, staff)
    pinned = Assignment.objects.first()
    pin_proposal(assignment_id=pinned.pk, is_pinned=True, by=staff)
    Application.objects.filter(pk=pinned.application_id).update(status=ApplicationStatus.WITHDRAWN)
    assert commit(panel, staff) == 10
    pinned.refresh_from_db()
    assert pinned.status == AssignmentStatus.REMOVED
    Assignment.objects.filter(pk=pinned.pk).update(status=AssignmentStatus.PROPOSED)
    assert propose(panel, staff) == 0
    pinned.refresh_from_db()
    assert pinned.status == AssignmentStatus.REMOVED


def test_what_was_shortlisted_after_a_member_answered_waits_for_their_answer(panel, staff):
    silent, *others = panel.members.all()
    late = SubmittedFactory(call=panel.call, status=ApplicationStatus.SHORTLISTED)
    for member in others:
        member.answered.add(late)
    assert table_of(panel).unanswered == {(late.pk, silent.pk)}
    propose(panel, staff)
    assert (late.pk, silent.pk) not in pairs()
    with pytest.raises(ValidationError, match="has not answered yet"):
        add_proposal(panel_id=panel.pk, application_id=late.pk, member_id=silent.pk, by=staff)
    asked = [application.pk for application in to_be_scored(panel)]
    declare(member_id=silent.pk, general="", asked=asked, interests={}, dismissals={}, by=silent.user)
    assert table_of(panel).unanswered == set()
    assert add_proposal(panel_id=panel.pk, application_id=late.pk, member_id=silent.pk, by=staff)


def test_what_nobody_has_answered_about_cannot_be_assigned_and_says_so(panel, staff):
    late = SubmittedFactory(call=panel.call, status=ApplicationStatus.SHORTLISTED)
    with pytest.raises(CannotAssign) as refusal:
        propose(panel, staff)
    assert refusal.value.causes == [f"{late} needs 2 reviewers, and only 0 of the members said that they have no conflict with it."]


def test_an_answer_counts_only_for_what_was_asked(panel):
    member = panel.members.first()
    late = SubmittedFactory(call=panel.call, status=ApplicationStatus.SHORTLISTED)
    asked = [application.pk for application in to_be_scored(panel) if application != late]
    declare(member_id=member.pk, general="", asked=asked, interests={}, dismissals={}, by=member.user)
    assert (late.pk, member.pk) in table_of(panel).unanswered


def test_a_conflict_that_was_waived_or_dismissed_is_an_answer_and_what_is_assigned_stays(panel, staff):
    propose(panel, staff)
    commit(panel, staff)
    given = set(table_of(panel).live)
    for member in panel.members.all():
        member.answered.clear()
    first, second = panel.members.all()[:2]
    late = SubmittedFactory(call=panel.call, status=ApplicationStatus.SHORTLISTED)
    ConflictFactory(application=late, user=first.user, status=ConflictStatus.DISMISSED)
    table = table_of(panel)
    assert set(table.live) == given
    assert (late.pk, first.pk) not in table.unanswered
    assert (late.pk, second.pk) in table.unanswered


def test_a_late_member_takes_what_another_left_and_nothing_committed_moves(panel, staff, move_clock):
    propose(panel, staff)
    commit(panel, staff)
    left = panel.members.first()
    done = Review.objects.filter(assignment__member=left).first()
    Review.objects.filter(pk=done.pk).update(status=ReviewStatus.SUBMITTED, submitted_at=clock.now())
    withdraw_member(member_id=left.pk, reason="Ill", by=staff)
    late = PanelMemberFactory(panel=panel)
    all_answered(panel)
    before = pairs()
    assert propose(panel, staff) == 2
    assert before < pairs()
    assert {member for _, member in pairs() - before} == {late.pk}
    move_clock(clock.now())
    commit(panel, staff)
    assert OutboundEmail.objects.filter(kind="panel-assigned").count() == 5
    assert Review.objects.filter(assignment__in=Assignment.objects.live()).count() == 12


def test_a_reviewer_lost_to_a_conflict_is_replaced_and_may_come_back(panel, staff):
    propose(panel, staff)
    commit(panel, staff)
    assignment = Assignment.objects.select_related("member__user").first()
    conflict = ConflictFactory(application=assignment.application, user=assignment.member.user)
    assert propose(panel, staff) == 1
    assert commit(panel, staff) == 1
    conflict.delete()
    assert table_of(panel).number(assignment.application) == 3
    assert propose(panel, staff) == 0


def test_taking_back_needs_scores_that_are_not_submitted_and_tells_the_member(panel, staff):
    propose(panel, staff)
    assignment = Assignment.objects.select_related("member__user").first()
    with pytest.raises(InvalidTransition, match="no longer assigned"):
        take_back(assignment_id=assignment.pk, reason="Too many", by=staff)
    commit(panel, staff)
    take_back(assignment_id=assignment.pk, reason="Too many", by=staff)
    assert not Review.objects.open_to(assignment.member.user).filter(assignment=assignment).exists()
    assert "Too many" in OutboundEmail.objects.get(kind="panel-taken-back").text
    other = Assignment.objects.live().first()
    Review.objects.filter(assignment=other).update(status=ReviewStatus.SUBMITTED, submitted_at=clock.now())
    with pytest.raises(InvalidTransition, match="have been submitted"):
        take_back(assignment_id=other.pk, reason="Too many", by=staff)


def test_who_has_not_declared_is_given_nothing(panel, staff):
    undeclared = PanelMemberFactory(panel=panel, status=MemberStatus.INVITED, declared_at=None)
    propose(panel, staff)
    assert undeclared.pk not in {member for _, member in pairs()}
    application = panel.call.applications.first()
    with pytest.raises(ValidationError):
        add_proposal(panel_id=panel.pk, application_id=application.pk, member_id=undeclared.pk, by=staff)


@pytest.mark.parametrize("number", [5, 50])
def test_the_table_takes_as_many_queries_for_any_number(number, django_assert_num_queries):
    panel = PanelFactory()
    PanelMemberFactory.create_batch(number, panel=panel)
    SubmittedFactory.create_batch(number, call=panel.call, status=ApplicationStatus.SHORTLISTED)
    all_answered(panel)
    with django_assert_num_queries(5):
        table_of(panel)
