"""A panel that has scored, and its meeting."""

from datetime import timedelta

from django.utils import timezone

from applications.services.meeting_items import Outcome, close_item, open_item, save_item
from applications.services.meetings import open_meeting, plan_meeting
from tests.factories import StaffFactory
from tests.factories.judging import PanelFactory, PanelMemberFactory, ShortlistedFactory, reviewed, scored_call


def scored_panel(number=3, marks=(3, 4, 5), **details):
    """Return a panel of three, the first of whom chairs, that has scored so many EoIs. Of the first EoI everybody thinks least."""
    panel = PanelFactory(call=scored_call(**details))
    members = [PanelMemberFactory(panel=panel, is_chair=not place) for place in range(3)]
    for place in range(number):
        application = ShortlistedFactory(call=panel.call)
        for member, mark in zip(members, marks, strict=True):
            good = place >= number // 2
            reviewed(application, member, mark if good else mark - 3, mark if good else mark - 3)
    return panel


def planned(panel, by=None):
    """Return a meeting in three days."""
    return plan_meeting(panel_id=panel.pk, starts_at=timezone.now() + timedelta(days=3), place="Room 2", by=by or StaffFactory())


def running(panel, by=None):
    """Return a meeting that has been opened with everybody present."""
    by = by or StaffFactory()
    meeting = planned(panel, by)
    return open_meeting(meeting_id=meeting.pk, present=list(panel.members.values_list("pk", flat=True)), by=by)


def settle(item, by, recommendation="select", score=None, reason="Everybody agreed."):
    """Open, write and close an item."""
    item = open_item(item_id=item.pk, by=by)
    save_item(item_id=item.pk, revision=item.revision, outcome=Outcome(recommendation, score, reason), by=by)
    return close_item(item_id=item.pk, by=by)
