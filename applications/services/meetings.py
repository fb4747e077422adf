"""The panel's meeting as a whole: planned, opened and ended. What is done to one item is in `meeting_items`.

Each function locks the meeting, the panel before it where one is planned, and reads everything after the lock.
"""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from applications.models import Application, Call, MeetingExit, MeetingItem, Panel, PanelMeeting, PanelMember
from applications.notifications import meetings as notifications
from applications.services.meeting_order import in_order, outlooks
from applications.services.panel import lock_panel, to_be_scored
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import InvalidTransition

MAY_PLAN = "applications.add_panelmeeting"
MAY_RUN = ("applications.change_panelmeeting", "applications.view_review", "applications.decide_application")
NOT_RUNNING = "The meeting is not under way, so nothing of it can be changed. Reload the page to see where it stands."


def to_be_discussed(panel: Panel) -> list[Application]:
    """Return the shortlisted EoIs that no meeting of the panel has settled."""
    settled = MeetingItem.objects.filter(meeting__panel=panel, meeting__ended_at__isnull=False, closed_at__isnull=False)
    return list(to_be_scored(panel).exclude(pk__in=settled.values("application")))


@transaction.atomic
def plan_meeting(*, panel_id: int, starts_at: datetime, place: str, by: User) -> PanelMeeting:
    """Plan a meeting with everything that is to be discussed, in order.

    Raises ValidationError while another meeting of the panel has not ended, or when there is nothing to discuss.
    """
    panel = lock_panel(panel_id)
    if panel.meetings.filter(ended_at__isnull=True).exists():
        message = "This panel has a meeting that has not ended. Change that one, or end it first."
        raise ValidationError({"panel": message})
    applications = to_be_discussed(panel)
    if not applications:
        message = "There is nothing to discuss: no expression of interest is shortlisted and not settled by a meeting."
        raise ValidationError({"panel": message})
    meeting = PanelMeeting.objects.create(panel=panel, starts_at=starts_at, place=place, made_by=by)
    _fill(meeting, panel.call, applications, by)
    record(actor=by, verb="meeting.planned", subject=meeting, items=len(applications))
    return meeting


def _fill(meeting: PanelMeeting, call: Call, applications: list[Application], by: User) -> None:
    ordered = in_order(applications, outlooks(call, applications, by))
    rows = [MeetingItem(meeting=meeting, application=application, position=place) for place, application in enumerate(ordered, 1)]
    MeetingItem.objects.bulk_create(rows)


@transaction.atomic
def reschedule_meeting(*, meeting_id: int, starts_at: datetime, place: str, by: User) -> PanelMeeting:
    """Change when and where a meeting is. Raises InvalidTransition once it has been opened."""
    meeting = lock_planned(meeting_id)
    meeting.starts_at, meeting.place = starts_at, place
    meeting.save(update_fields=["starts_at", "place"])
    record(actor=by, verb="meeting.rescheduled", subject=meeting)
    return meeting


@transaction.atomic
def order_anew(*, meeting_id: int, by: User) -> PanelMeeting:
    """Draw up the running order again from the scores as they are now. What was moved by hand goes back.

    Raises InvalidTransition once the meeting has been opened.
    """
    panel = lock_panel(PanelMeeting.objects.values_list("panel", flat=True).get(pk=meeting_id))
    meeting = lock_planned(meeting_id)
    meeting.items.all().delete()
    _fill(meeting, panel.call, to_be_discussed(panel), by)
    record(actor=by, verb="meeting.ordered_anew", subject=meeting)
    return meeting


@transaction.atomic
def move_item(*, item_id: int, places: int, by: User) -> MeetingItem:
    """Move an item in the running order, up by a negative number of places. Stops at either end, and at what is settled already.

    Raises InvalidTransition once the meeting has ended or the item has been opened.
    """
    meeting = lock_meeting(MeetingItem.objects.values_list("meeting", flat=True).get(pk=item_id))
    rows = list(meeting.items.all())
    item = next(row for row in rows if row.pk == item_id)
    if meeting.ended_at or item.opened_at:
        message = "This can no longer be moved. Reload the page to see where it stands."
        raise InvalidTransition(message)
    waiting = [row for row in rows if not row.opened_at]
    slots = [row.position for row in waiting]
    place = waiting.index(item)
    waiting.insert(min(max(place + places, 0), len(waiting) - 1), waiting.pop(place))
    for row, position in zip(waiting, slots, strict=True):
        row.position = position
    MeetingItem.objects.bulk_update(waiting, ["position"])
    record(actor=by, verb="meeting.item_moved", subject=meeting, item=item.pk, position=item.position)
    return item


@transaction.atomic
def open_meeting(*, meeting_id: int, present: Collection[int], by: User) -> PanelMeeting:
    """Open a meeting with the members who are there, by their keys.

    Raises ValidationError when nobody is there, or somebody who does not sit on the panel or has not declared their conflicts;
    InvalidTransition once it has been opened.
    """
    panel = lock_panel(PanelMeeting.objects.values_list("panel", flat=True).get(pk=meeting_id))
    meeting = lock_planned(meeting_id)
    members = list(can_attend(panel).filter(pk__in=present))
    if not members or len(members) != len(set(present)):
        message = "Select who is present. Members take part once they have declared their conflicts of interest."
        raise ValidationError({"present": message})
    meeting.opened_at = clock.now()
    meeting.save(update_fields=["opened_at"])
    meeting.present.set(members)
    record(actor=by, verb="meeting.opened", subject=meeting, present=sorted(member.pk for member in members))
    return meeting


def can_attend(panel: Panel) -> QuerySet[PanelMember]:
    """Return the members who may take part: those who have declared their conflicts of interest."""
    return panel.members.active().select_related("user").order_by("user__full_name", "pk")


@transaction.atomic
def save_note(*, meeting_id: int, note: str, seen: str, by: User) -> PanelMeeting:
    """Keep what the meeting notes apart from its items. `seen` is the note that the person's page showed.

    Raises ValidationError when somebody else has changed it since, and InvalidTransition unless the meeting is under way.
    """
    meeting = lock_running(meeting_id)
    if meeting.note == note:
        return meeting
    if meeting.note != seen:
        message = f"Somebody else changed the note meanwhile. Nothing was overwritten. The saved note is: “{meeting.note}”"
        raise ValidationError({"note": message})
    meeting.note = note
    meeting.save(update_fields=["note"])
    record(actor=by, verb="meeting.noted", subject=meeting)
    return meeting


@transaction.atomic
def end_meeting(*, meeting_id: int, not_reached: str, by: User) -> PanelMeeting:
    """End the meeting for good, and let everybody back into the room.

    Raises ValidationError while an item is being discussed, or while some are not settled and nothing says why.
    """
    meeting = lock_running(meeting_id)
    outstanding = meeting.items.outstanding()
    if outstanding.filter(opened_at__isnull=False).exists():
        message = "An item is still being discussed. Close it first."
        raise ValidationError(message)
    left = outstanding.count()
    if left and not not_reached:
        raise ValidationError({"not_reached": "Enter why the meeting ends before every item is settled"})
    now = clock.now()
    MeetingExit.objects.filter(item__meeting=meeting, returned_at__isnull=True).update(returned_at=now)
    meeting.ended_at = now
    meeting.not_reached = not_reached if left else ""
    meeting.save(update_fields=["ended_at", "not_reached"])
    record(actor=by, verb="meeting.ended", subject=meeting, not_reached=left)
    return meeting


@transaction.atomic
def send_minutes(*, meeting_id: int, by: User) -> list[PanelMember]:
    """Email the minutes to everybody who was present, each without what they may not hear of. Returns to whom.

    Raises InvalidTransition before the meeting has ended, and when they have been sent.
    """
    meeting = lock_meeting(meeting_id)
    if meeting.ended_at is None or meeting.minutes_sent_at is not None:
        message = "Minutes are sent once, after the meeting has ended. Reload the page to see where it stands."
        raise InvalidTransition(message)
    members = list(meeting.present.select_related("user").order_by("user__full_name", "pk"))
    meeting.minutes_sent_at = clock.now()
    meeting.save(update_fields=["minutes_sent_at"])
    for member in members:
        notifications.minutes(meeting, member)
    record(actor=by, verb="meeting.minutes_sent", subject=meeting, members=[member.pk for member in members])
    return members


def lock_meeting(meeting_id: int) -> PanelMeeting:
    """Lock the meeting and return it with its panel and call."""
    PanelMeeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    return PanelMeeting.objects.select_related("panel__call__cohort").get(pk=meeting_id)


def lock_planned(meeting_id: int) -> PanelMeeting:
    """Lock the meeting and return it. Raises InvalidTransition once it has been opened."""
    meeting = lock_meeting(meeting_id)
    if meeting.opened_at:
        message = "The meeting has been opened. Reload the page to see where it stands."
        raise InvalidTransition(message)
    return meeting


def lock_running(meeting_id: int) -> PanelMeeting:
    """Lock the meeting and return it. Raises InvalidTransition unless it is under way."""
    meeting = lock_meeting(meeting_id)
    if not meeting.is_running:
        raise InvalidTransition(NOT_RUNNING)
    return meeting
