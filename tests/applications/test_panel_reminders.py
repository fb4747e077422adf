"""Reminders to panel members: before scores are due and on the morning after, only to those with something left."""

from datetime import UTC, datetime, timedelta

import pytest

from applications.models import Review
from applications.reminders.panel import ReviewsDue
from applications.states import ReviewStatus
from tests.factories.judging import AssignmentFactory, ConflictFactory, PanelFactory, PanelMemberFactory, ReviewFactory
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import send_due

pytestmark = pytest.mark.django_db
DUE = datetime(2027, 3, 30, 16, tzinfo=UTC)
DAY = timedelta(days=1)


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
        send_due(DUE - 2 * DAY + timedelta(hours=1))
        send_due(DUE + 20 * timedelta(hours=1))
    before, after = OutboundEmail.objects.order_by("pk")
    assert "**1** expression of interest left" in before.text
    assert before.subject == "Submit your scores by 5pm on Tuesday 30 March 2027"
    assert "were due" in after.subject
    assert "You can still score" in after.text
