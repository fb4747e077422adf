"""Reminders to panel members: of an invitation, of conflicts of interest to declare, and of scores that are due."""

from contextlib import nullcontext
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import Conflict, PanelMember, Review
from applications.notifications import panel as notifications
from applications.reminders.panel import InvitationWaits, MoreToDeclare, ReviewsDue
from applications.services.panel import declare, invite_member, remind_member, send_invitation_again
from applications.states import ApplicationStatus, ConflictStatus, MemberStatus, ReviewStatus
from tests.factories import StaffFactory
from tests.factories.judging import (
    AssignmentFactory,
    ConflictFactory,
    DecisionFactory,
    PanelFactory,
    PanelMemberFactory,
    ReleaseFactory,
    ReviewFactory,
    ShortlistedFactory,
)
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import is_still_planned, send_due
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import DAY, HOUR
from upstream.transitions import InvalidTransition

pytestmark = pytest.mark.django_db
START = datetime(2027, 2, 1, 10, tzinfo=UTC)
DUE = datetime(2027, 3, 30, 16, tzinfo=UTC)


@pytest.fixture
def review():
    panel = PanelFactory(due_at=DUE)
    return ReviewFactory(assignment=AssignmentFactory(member=PanelMemberFactory(panel=panel), committed_at=DUE - 20 * DAY))


def moments():
    return [planned.at for planned in ReviewsDue().planned(DUE - 30 * DAY, DUE + 30 * DAY)]


def test_they_come_at_three_moments_before_and_on_the_morning_after(review):
    assert moments() == [DUE - 7 * DAY, DUE - 2 * DAY, DUE - DAY, datetime(2027, 3, 31, 8, tzinfo=UTC)]


def test_who_was_given_something_late_is_not_reminded_of_before(review):
    review.assignment.committed_at = DUE - 3 * DAY
    review.assignment.save()
    assert moments()[0] == DUE - 2 * DAY


@pytest.mark.parametrize("reason", ["submitted", "conflict", "withdrawn"])
def test_who_has_nothing_left_is_not_reminded(review, reason):
    member = review.assignment.member
    if reason == "submitted":
        Review.objects.update(status=ReviewStatus.SUBMITTED, submitted_at=DUE)
    elif reason == "conflict":
        ConflictFactory(application=review.assignment.application, user=member.user)
    else:
        member.status = "withdrawn"
        member.save()
    assert moments() == []


def test_each_goes_once_and_says_what_is_left(review):
    for _ in range(2):
        send_due(DUE - 2 * DAY + HOUR)
        send_due(DUE + 20 * HOUR)
    before, after = OutboundEmail.objects.order_by("pk")
    assert "**1** expression of interest left" in before.text
    assert before.subject == "Submit your scores by 5pm on Tuesday 30 March 2027"
    assert "were due" in after.subject
    assert "You can still score" in after.text


def test_an_automatic_reminder_keeps_a_day_away_from_one_by_hand(review, move_clock, roles):
    member, staff = review.assignment.member, StaffFactory()
    move_clock(DUE - 2 * DAY - HOUR)
    remind_member(member_id=member.pk, by=staff)
    assert moments() == [DUE - DAY, datetime(2027, 3, 31, 8, tzinfo=UTC)]
    assert send_due(DUE - 2 * DAY + HOUR) == 0
    move_clock(DUE - DAY + HOUR)
    assert send_due(DUE - DAY + HOUR) == 1
    for hours, is_refused in ((23, True), (25, False)):
        move_clock(DUE - DAY + hours * HOUR)
        with pytest.raises(InvalidTransition, match="at most once") if is_refused else nullcontext():
            remind_member(member_id=member.pk, by=staff)


def test_what_waits_to_be_sent_is_dropped_where_somebody_was_quicker_by_hand(review, move_clock):
    move_clock(DUE - 2 * DAY + HOUR)
    send_due(DUE - 2 * DAY + HOUR)
    automatic = OutboundEmail.objects.get()
    assert is_still_planned(automatic, DUE - 2 * DAY + HOUR)
    notifications.nudge(review.assignment.member, at=DUE - 2 * DAY + HOUR, left=1)
    assert not is_still_planned(automatic, DUE - 2 * DAY + HOUR)


def test_a_reminder_that_was_not_needed_stands_in_nobodys_way(review, move_clock, roles):
    move_clock(DUE - 2 * DAY + HOUR)
    send_due(DUE - 2 * DAY + HOUR)
    OutboundEmail.objects.update(status=EmailStatus.SUPPRESSED)
    assert remind_member(member_id=review.assignment.member.pk, by=StaffFactory()).kind == "panel-nudge"


@pytest.fixture
def invited(roles, move_clock):
    move_clock(START)
    return invite_member(
        panel_id=PanelFactory(due_at=DUE).pk, name="Alex Reed", email="alex@example.org", is_chair=False, by=StaffFactory()
    )


def waits(rule):
    return [planned.at for planned in rule.planned(START - DAY, START + 60 * DAY)]


def test_who_does_not_answer_an_invitation_is_reminded_twice(invited):
    assert waits(InvitationWaits()) == [START + 3 * DAY, START + 7 * DAY]
    assert [planned.at for planned in InvitationWaits().planned(START + 4 * DAY, START + 60 * DAY)] == [START + 7 * DAY]
    assert [planned.use_by for planned in InvitationWaits().planned(START, START + 60 * DAY)] == [START + 7 * DAY, START + 14 * DAY]
    for _ in range(2):
        send_due(START + 3 * DAY + HOUR)
    text = OutboundEmail.objects.get(kind="panel-invitation-waits").text
    assert f"/panel/{invited.panel.call.slug}/declare/" in text
    PanelMember.objects.update(status=MemberStatus.ACTIVE, declared_at=START)
    assert waits(InvitationWaits()) == []
    assert not is_still_planned(OutboundEmail.objects.get(kind="panel-invitation-waits"), START + 3 * DAY + HOUR)


def test_an_invitation_sent_again_begins_the_reminders_anew(invited, move_clock):
    move_clock(START + 3 * DAY + HOUR)
    send_due(START + 3 * DAY + HOUR)
    waiting = OutboundEmail.objects.get(kind="panel-invitation-waits")
    staff = StaffFactory()
    with pytest.raises(InvalidTransition, match="at most once"):
        send_invitation_again(member_id=invited.pk, by=staff)
    move_clock(START + 5 * DAY)
    send_invitation_again(member_id=invited.pk, by=staff)
    assert waits(InvitationWaits()) == [START + 8 * DAY, START + 12 * DAY]
    assert not is_still_planned(waiting, START + 5 * DAY)


def test_who_has_declared_is_asked_about_what_came_up_since(invited, move_clock):
    move_clock(START + DAY)
    declare(member_id=invited.pk, general="", asked=(), interests={}, dismissals={}, by=invited.user)
    shortlisted = {"application__call": invited.panel.call, "application__status": ApplicationStatus.SHORTLISTED}
    release = ReleaseFactory(call=invited.panel.call)
    DecisionFactory(**shortlisted, released_at=START, release=release)
    assert waits(MoreToDeclare()) == []
    late = DecisionFactory(**shortlisted, released_at=START + 2 * DAY, release=release)
    assert waits(MoreToDeclare()) == [START + 4 * DAY]
    found = ConflictFactory(application=late.application, user=invited.user, status=ConflictStatus.PROPOSED)
    Conflict.objects.update(created_at=START + 3 * DAY)
    assert waits(MoreToDeclare()) == [START + 5 * DAY]
    assert [planned.at for planned in MoreToDeclare().planned(START + 6 * DAY, START + 60 * DAY)] == []
    move_clock(START + 5 * DAY + HOUR)
    assert send_due(START + 5 * DAY + HOUR) == 1
    assert "more expressions of interest have been shortlisted" in OutboundEmail.objects.get(kind="panel-more-to-declare").text
    declare(
        member_id=invited.pk,
        general="",
        asked=[late.application_id],
        interests={},
        dismissals={late.application_id: "I left"},
        by=invited.user,
    )
    found.refresh_from_db()
    assert found.status == ConflictStatus.DISMISSED
    assert waits(MoreToDeclare()) == []


@pytest.mark.parametrize("rule", [InvitationWaits, MoreToDeclare, ReviewsDue])
def test_a_rule_asks_as_many_queries_for_fifty_as_for_five(rule):
    panel, counts = PanelFactory(due_at=DUE), []
    for more in (5, 45):
        PanelMemberFactory.create_batch(more, panel=panel, status=MemberStatus.INVITED, declared_at=None, invited_at=DUE - 9 * DAY)
        for member in PanelMemberFactory.create_batch(more, panel=panel, declared_at=DUE - 9 * DAY):
            ReviewFactory(assignment=AssignmentFactory(member=member, committed_at=DUE - 20 * DAY))
            application = ShortlistedFactory(call=panel.call)
            ConflictFactory(application=application, user=member.user, status=ConflictStatus.PROPOSED)
            DecisionFactory(application=application, released_at=DUE - 8 * DAY, release=ReleaseFactory(call=panel.call, cancelled_at=DUE))
        Conflict.objects.update(created_at=DUE - 8 * DAY)
        with CaptureQueriesContext(connection) as captured:
            assert len(list(rule().planned(DUE - 9 * DAY, DUE))) >= more
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 4
