"""One item of a panel's meeting: who is out of the room, what the panel makes of it, and why.

Each function locks the meeting and reads everything after the lock. Nobody touches an item that they have a conflict with, and with
every write those in the room who have one by now are put out of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Avg, QuerySet

from applications.models import Application, Conflict, InterviewScore, InterviewSheet, MeetingExit, MeetingItem, PanelMember, Review
from applications.services.meetings import NOT_RUNNING, can_attend, lock_meeting, lock_running
from applications.services.scores import read_scoring
from applications.states import ApplicationStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import InvalidTransition

NOT_OPEN = "This item is not being discussed. Reload the page to see where it stands."
NOT_IN_ROOM = "Select somebody who is in the room and has no conflict of interest"
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Outcome:
    """What the panel makes of an item, however unfinished. A score is given only where it changed."""

    recommendation: str = ""
    score: Decimal | None = None
    reason: str = ""


class ItemConflict(Exception):
    """Somebody saved the item since this page was opened. Nothing was overwritten."""

    def __init__(self, item: MeetingItem) -> None:
        super().__init__("The item was saved by somebody else")
        self.item = item


class ItemClosed(Exception):
    """The item is not being discussed, so its outcome does not change."""


@transaction.atomic
def open_item(*, item_id: int, by: User, chair_id: int | None = None) -> MeetingItem:
    """Start the discussion of an item: freeze its scores as they stand, and put out of the room whoever has a conflict with it.

    The panel's chair chairs it where they can, else the member `chair_id`. Raises ValidationError where somebody has to be named;
    InvalidTransition when the item was opened before, another one is open, its council has withdrawn, or its scores are hidden
    from the person.
    """
    item = lock_item(item_id, by)
    if item.opened_at or item.application.status != ApplicationStatus.SHORTLISTED:
        message = "This item cannot be opened. Reload the page to see where it stands."
        raise InvalidTransition(message)
    _refuse_second(item)
    if has_to_judge(by, [item.application_id]):
        message = "You still have to submit your own scores of this one. Until then somebody else has to keep the record."
        raise InvalidTransition(message)
    item.opened_at = clock.now()
    item.before = scores_now(item.application, by)
    _start(item, chair_id)
    item.save(update_fields=["opened_at", "before", "chaired_by"])
    record(actor=by, verb="meeting.item_opened", subject=item.meeting, item=item.pk, chair=item.chaired_by_id)
    return item


def _refuse_second(item: MeetingItem) -> None:
    if item.meeting.items.filter(opened_at__isnull=False, closed_at__isnull=True).exists():
        message = "Another item is being discussed. Close it first."
        raise InvalidTransition(message)


def _start(item: MeetingItem, chair_id: int | None) -> None:
    """Put conflicted members out and settle who chairs. Raises ValidationError where nobody does."""
    put_out_conflicted(item)
    allowed = in_room(item)
    wanted = [member for member in allowed if member.pk == chair_id] if chair_id else [member for member in allowed if member.is_chair]
    if not wanted:
        raise ValidationError({"chair": NOT_IN_ROOM})
    item.chaired_by = wanted[0]


def scores_now(application: Application, by: User) -> dict[str, Any]:
    """Return the scores as they stand: of each reviewer that counts, the raw mean, the adjusted score and the mean of the interview."""
    from applications.selection.calibration import Score, calibrate

    reviews = read_scoring(application.call, by).all_reviews
    own = [review for review in reviews if review.application == application.pk]
    found: dict[str, Any] = {"scores": [{"user": review.person.pk, "score": round(review.value, 1)} for review in own]}
    calibration = calibrate([Score(review.application, review.person.pk, review.value) for review in reviews]).among({application.pk})
    if calibration.applications:
        found["raw"] = round(float(calibration.raw[0]), 1)
    if calibration.applications and calibration.adjustment is not None:
        low, high = calibration.adjustment.interval
        found |= {"adjusted": round(float(calibration.adjustment.scores[0]), 1), "low": round(max(float(low[0]), 0), 1)}
        found["high"] = round(min(float(high[0]), 100), 1)
    sheets = InterviewSheet.objects.final().unconflicted().filter(interview__application=application)
    mean = InterviewScore.objects.filter(sheet__in=sheets).aggregate(mean=Avg("score"))["mean"]
    return found | ({"interview": round(float(mean), 2)} if mean is not None else {})


def has_to_judge(user: User, applications: Collection[int]) -> bool:
    """Return whether the person has a review or interview sheet of these to submit, so that others' scores are hidden from them."""
    sheets = InterviewSheet.objects.unsubmitted_of(user).filter(interview__application__in=applications)
    reviews = Review.objects.waiting().filter(assignment__member__user=user, assignment__application__in=applications)
    return sheets.exists() or reviews.exists()


def conflicted_members(item: MeetingItem) -> QuerySet[PanelMember]:
    """Return the members present who have an active conflict with the item's EoI."""
    conflicts = Conflict.objects.active().filter(application=item.application_id)
    return item.meeting.present.filter(user__in=conflicts.values("user"))


def still_to_leave(item: MeetingItem) -> QuerySet[PanelMember]:
    """Return the members present with a conflict who have not been put out of the room."""
    out = item.exits.filter(returned_at__isnull=True)
    return conflicted_members(item).exclude(pk__in=out.values("member")).select_related("user")


def in_room(item: MeetingItem) -> list[PanelMember]:
    """Return the members who may take part in the discussion of the item now."""
    out = item.exits.filter(returned_at__isnull=True).values("member")
    inside = item.meeting.present.exclude(pk__in=out).exclude(pk__in=conflicted_members(item).values("pk"))
    return list(inside.select_related("user").order_by("user__full_name", "pk"))


def put_out_conflicted(item: MeetingItem) -> list[PanelMember]:
    """Put whoever has a conflict by now out of the room, and from the chair. Returns those who were in it."""
    out = item.exits.filter(returned_at__isnull=True)
    out.filter(member__in=conflicted_members(item)).update(is_conflict=True)
    leaving = list(still_to_leave(item))
    now = clock.now()
    MeetingExit.objects.bulk_create(MeetingExit(item=item, member=member, is_conflict=True, left_at=now) for member in leaving)
    if item.chaired_by_id in {member.pk for member in leaving}:
        item.chaired_by = None
        item.save(update_fields=["chaired_by"])
    return leaving


@transaction.atomic
def name_chair(*, item_id: int, member_id: int, by: User) -> MeetingItem:
    """Let somebody else chair the item. Raises ValidationError unless they are in the room and have no conflict."""
    item = lock_open_item(item_id, by)
    _start(item, member_id)
    item.save(update_fields=["chaired_by"])
    record(actor=by, verb="meeting.item_chair", subject=item.meeting, item=item.pk, chair=member_id)
    return item


@transaction.atomic
def send_out(*, item_id: int, member_id: int, by: User) -> MeetingExit:
    """Note that somebody leaves the room. Raises ValidationError for whoever chairs, and InvalidTransition for whoever is not in it."""
    item = lock_open_item(item_id, by)
    put_out_conflicted(item)
    if item.chaired_by_id == member_id:
        message = "Whoever chairs the item cannot leave. Let somebody else chair it first."
        raise ValidationError(message)
    if member_id not in {member.pk for member in in_room(item)}:
        message = "They are not in the room. Reload the page to see who is."
        raise InvalidTransition(message)
    gone = MeetingExit.objects.create(item=item, member_id=member_id, left_at=clock.now())
    record(actor=by, verb="meeting.left", subject=item.meeting, item=item.pk, member=member_id)
    return gone


@transaction.atomic
def let_back(*, item_id: int, member_id: int, by: User) -> MeetingExit:
    """Note that somebody comes back. Raises ValidationError while they have a conflict, InvalidTransition when they are not out."""
    item = lock_open_item(item_id, by)
    gone = item.exits.filter(member=member_id, returned_at__isnull=True).first()
    if gone is None:
        message = "They are not out of the room. Reload the page to see who is."
        raise InvalidTransition(message)
    if conflicted_members(item).filter(pk=member_id).exists():
        message = "They have a conflict of interest, so they come back when the item is closed."
        raise ValidationError(message)
    gone.returned_at = clock.now()
    gone.save(update_fields=["returned_at"])
    record(actor=by, verb="meeting.returned", subject=item.meeting, item=item.pk, member=member_id)
    return gone


@transaction.atomic
def save_item(*, item_id: int, revision: int, outcome: Outcome, by: User) -> MeetingItem:
    """Keep what has been agreed so far. `revision` is the one that the person's page was made from.

    A score that equals the one before is none. Raises ItemConflict when somebody has saved something else since, and ItemClosed
    unless the item is being discussed. The trail notes a change of the outcome or of who writes, not every pause in the typing.
    """
    item = lock_item(item_id, by, ItemClosed)
    if not item.is_open:
        raise ItemClosed
    leaving = put_out_conflicted(item)
    outcome = _changed(item, outcome)
    before = written(item)
    if before == outcome:
        if leaving:
            record(actor=by, verb="meeting.left", subject=item.meeting, item=item.pk, members=[member.pk for member in leaving])
        return item
    if revision != item.revision:
        raise ItemConflict(item)
    is_new = (before.recommendation, before.score, item.saved_by_id) != (outcome.recommendation, outcome.score, by.pk)
    item.recommendation, item.moderated_score, item.reason = outcome.recommendation, outcome.score, outcome.reason
    item.revision += 1
    item.saved_at = clock.now()
    item.saved_by = by
    item.save(update_fields=["recommendation", "moderated_score", "reason", "revision", "saved_at", "saved_by"])
    if is_new or leaving:
        record(actor=by, verb="meeting.item_saved", subject=item.meeting, item=item.pk, revision=item.revision)
    return item


def _changed(item: MeetingItem, outcome: Outcome) -> Outcome:
    same = outcome.score is not None and item.score_before is not None and outcome.score == Decimal(str(item.score_before)).quantize(TENTH)
    return Outcome(outcome.recommendation, None if same else outcome.score, outcome.reason)


def written(item: MeetingItem) -> Outcome:
    """Return what the item holds."""
    return Outcome(item.recommendation, item.moderated_score, item.reason)


@transaction.atomic
def close_item(*, item_id: int, by: User) -> MeetingItem:
    """Settle the item as it is saved, and let everybody back into the room.

    Raises ValidationError, by the form's fields, while something is missing, and InvalidTransition unless it is being discussed.
    """
    item = lock_open_item(item_id, by)
    put_out_conflicted(item)
    if missing := problems(item):
        raise ValidationError(missing)
    item.closed_at = clock.now()
    item.save(update_fields=["closed_at"])
    item.exits.filter(returned_at__isnull=True).update(returned_at=item.closed_at)
    record(actor=by, verb="meeting.item_closed", subject=item.meeting, item=item.pk, revision=item.revision)
    return item


def problems(item: MeetingItem) -> dict[str, str]:
    """Return what still stops the item from being closed, by the names of the form's fields."""
    missing = {
        "recommendation": "" if item.recommendation else "Select what the panel recommends",
        "reason": "" if item.reason.strip() else "Enter the reason",
        "chair": "" if item.chaired_by_id else NOT_IN_ROOM,
    }
    return {name: text for name, text in missing.items() if text}


@transaction.atomic
def reopen_item(*, item_id: int, reason: str, by: User) -> MeetingItem:
    """Take a settled item up again while the meeting runs. Its scores stay frozen as they were; the conflicted leave again.

    Raises InvalidTransition unless it is closed and no other item is open.
    """
    item = lock_item(item_id, by)
    if item.closed_at is None or item.application.status != ApplicationStatus.SHORTLISTED:
        message = "This item cannot be opened again. Reload the page to see where it stands."
        raise InvalidTransition(message)
    _refuse_second(item)
    item.closed_at = None
    item.reopened_reason = reason
    item.save(update_fields=["closed_at", "reopened_reason"])
    put_out_conflicted(item)
    record(actor=by, verb="meeting.item_reopened", subject=item.meeting, item=item.pk)
    return item


@transaction.atomic
def arrive(*, meeting_id: int, member_id: int, by: User) -> PanelMember:
    """Note that a member has come late. Whoever has a conflict with the open item waits outside.

    Raises ValidationError for somebody who may not take part, and InvalidTransition unless the meeting runs.
    """
    meeting = lock_running(meeting_id)
    member = can_attend(meeting.panel).filter(pk=member_id).first()
    if member is None:
        message = "Select a member who has declared their conflicts of interest"
        raise ValidationError(message)
    meeting.present.add(member)
    for item in meeting.items.filter(opened_at__isnull=False, closed_at__isnull=True):
        put_out_conflicted(item)
    record(actor=by, verb="meeting.arrived", subject=meeting, member=member.pk)
    return member


def lock_item(item_id: int, user: User, refusal: type[Exception] = InvalidTransition) -> MeetingItem:
    """Lock the meeting and return its item. Raises `refusal` unless it runs and the person has no conflict with the item's EoI."""
    meeting = lock_meeting(MeetingItem.objects.values_list("meeting", flat=True).get(pk=item_id))
    item = MeetingItem.objects.visible_to(user).select_related("application__call__cohort", "chaired_by__user").filter(pk=item_id).first()
    if item is None or not meeting.is_running:
        raise refusal(NOT_RUNNING)
    item.meeting = meeting
    return item


def lock_open_item(item_id: int, user: User) -> MeetingItem:
    """Lock the meeting and return its item. Raises InvalidTransition unless it is being discussed."""
    item = lock_item(item_id, user)
    if not item.is_open:
        raise InvalidTransition(NOT_OPEN)
    return item
