"""The first sitting of the demonstration's panel, half-way through: some items settled, and one open with a member out of the room."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from applications.models import Call, Conflict, MeetingItem, PanelMeeting, Review
from applications.services.meeting_items import Outcome, close_item, open_item, save_item
from applications.services.meetings import can_attend, open_meeting, plan_meeting, save_note
from applications.states import Recommendation
from upstream.accounts.models import User
from upstream.deadlines import LONDON, add_working_days
from upstream.home.demo_data import as_of

# Working days after the closing on which it was planned and held.
PLANNED, HELD = 20, 24
SETTLED = 8
EACH = timedelta(minutes=11)


def hold_meeting(call: Call, content: dict[str, Any]) -> None:
    """Plan the meeting and hold the first part of it, on EoIs whose scores are all in. The last of the panel is absent."""
    told = content["meeting"]
    by = User.objects.get(email=content["staff"][0]["email"])
    begin = datetime.combine(add_working_days(call.closes_at.date(), HELD, "england"), time(10), LONDON)
    with as_of(begin - timedelta(days=HELD - PLANNED)):
        meeting = plan_meeting(panel_id=call.panel.pk, starts_at=begin, place=told["place"], by=by)
    members = list(can_attend(call.panel).order_by("pk"))[:-1]
    with as_of(begin):
        open_meeting(meeting_id=meeting.pk, present=[member.pk for member in members], by=by)
        save_note(meeting_id=meeting.pk, note=told["note"], seen="", by=by)
    *first, last = taken_up(meeting)
    for place, item in enumerate(first):
        settle(item, told["outcomes"][place % len(told["outcomes"])], begin + EACH * (place + 1), by=by)
    with as_of(begin + EACH * (len(first) + 1)):
        open_item(item_id=last.pk, by=by)


def taken_up(meeting: PanelMeeting) -> list[MeetingItem]:
    """Return the items that were settled, and last the one that is open: one that a member present has a conflict with, if there is."""
    missing = Review.objects.waiting().values("assignment__application")
    complete = list(meeting.items.exclude(application__in=missing))
    conflicts = Conflict.objects.active().filter(user__in=meeting.present.values("user")).values_list("application", flat=True)
    last = next((item for item in complete if item.application_id in set(conflicts)), complete[-1])
    return [*[item for item in complete if item != last][:SETTLED], last]


def settle(item: MeetingItem, told: dict[str, Any], at: datetime, *, by: User) -> None:
    """Open, write and close an item as the story says. `change` is what the panel adds to the score before."""
    with as_of(at):
        opened = open_item(item_id=item.pk, by=by)
    change = told.get("change")
    score = Decimal(str(opened.score_before)) + change if change is not None and opened.score_before is not None else None
    with as_of(at + EACH * 0.8):
        outcome = Outcome(Recommendation(told["recommendation"]), score, told["reason"])
        save_item(item_id=item.pk, revision=opened.revision, outcome=outcome, by=by)
        close_item(item_id=item.pk, by=by)
