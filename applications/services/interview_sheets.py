"""What each interviewer notes and scores alone, and the interview's timer. Each locks the EoI, where conflicts of interest are declared."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction

from applications.models import Interview, InterviewQuestion, InterviewScore, InterviewSheet
from applications.services.interviews import check_staff, lock_interview
from applications.states import INTERVIEW_TRANSITIONS, LIVE_INTERVIEW, InterviewStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.transitions import InvalidTransition, check_transition

# Somebody may ring a little early.
EARLY = timedelta(minutes=15)
# Longer after it was stopped the timer would count days into the interview.
GOES_ON = timedelta(hours=1)


class Line(NamedTuple):
    """What is noted for one question of the guide: a score of 1 to 5, or none yet, and what was said."""

    score: int | None
    note: str


class SheetConflict(Exception):
    """The sheet was saved from another window since this page was opened. Nothing was overwritten."""

    def __init__(self, sheet: InterviewSheet) -> None:
        super().__init__("The sheet was saved in another window")
        self.sheet = sheet


class SheetClosed(InvalidTransition):
    """The sheet can no longer be changed: it is submitted, or there is no interview any more, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("This sheet can no longer be changed. Reload the page to see where it stands now.")


@transaction.atomic
def save_sheet(*, interview_id: int, revision: int, lines: Mapping[int, Line], summary: str, by: User) -> InterviewSheet:
    """Keep what the interviewer has on their own sheet. `lines` maps ids of the guide's questions to what is noted for them.

    `revision` is the one that the page was made from. Raises SheetConflict when the sheet has moved on and says something else, and
    SheetClosed.
    """
    sheet = _lock_sheet(interview_id, by)
    if sheet.submitted_at or sheet.interview.status not in LIVE_INTERVIEW:
        raise SheetClosed
    asked = set(InterviewQuestion.objects.filter(call=sheet.interview.application.call_id).values_list("pk", flat=True))
    lines = {pk: line for pk, line in lines.items() if pk in asked}
    stored = lines_of(sheet)
    if sheet.summary == summary and all(stored.get(pk, Line(None, "")) == line for pk, line in lines.items()):
        return sheet
    if revision != sheet.revision:
        raise SheetConflict(sheet)
    rows = [InterviewScore(sheet=sheet, question_id=pk, score=line.score, note=line.note) for pk, line in lines.items()]
    InterviewScore.objects.bulk_create(rows, update_conflicts=True, unique_fields=["sheet", "question"], update_fields=["score", "note"])
    sheet.summary = summary
    sheet.revision += 1
    sheet.saved_at = clock.now()
    sheet.save(update_fields=["summary", "revision", "saved_at"])
    return sheet


def lines_of(sheet: InterviewSheet) -> dict[int, Line]:
    """Return what the sheet holds, by question."""
    return {row.question_id: Line(row.score, row.note) for row in sheet.scores.all()}


@transaction.atomic
def submit_sheet(*, interview_id: int, by: User) -> InterviewSheet:
    """Lock the interviewer's own sheet for good. The interview is held once both are in and its timer has stopped.

    Raises ValidationError before the interview and while a question has no score, and InvalidTransition when it cannot be submitted.
    """
    sheet = _lock_sheet(interview_id, by)
    interview = sheet.interview
    if sheet.submitted_at or interview.status not in LIVE_INTERVIEW:
        message = "This sheet can no longer be submitted. Reload the page to see where it stands now."
        raise InvalidTransition(message)
    if found := problems(sheet):
        raise ValidationError(list(found.values()))
    sheet.submitted_at = clock.now()
    sheet.save(update_fields=["submitted_at"])
    held = _settle(interview)
    record(actor=by, verb="interview_sheet.submitted", subject=interview, sheet=sheet.pk, held=held)
    return sheet


def problems(sheet: InterviewSheet) -> dict[int | None, str]:
    """Return a sentence for each reason why the sheet cannot be submitted yet, by the key of its question where it is about one."""
    interview = sheet.interview
    if not interview.started_at and clock.now() < interview.slot.starts_at:
        return {None: "Submit your sheet after the interview. Until then it is saved as a draft."}
    questions = InterviewQuestion.objects.filter(call=interview.application.call_id)
    unscored = questions.exclude(pk__in=sheet.scores.filter(score__isnull=False).values("question"))
    return {question.pk: f"Select a score for “{question}”" for question in unscored}


@transaction.atomic
def start_timer(*, interview_id: int, by: User) -> Interview:
    """Note when the interview started, or go on with one that was stopped within the hour. Raises InvalidTransition otherwise."""
    interview = _lock_sheet(interview_id, by).interview
    now = clock.now()
    if not interview.is_booked or now < interview.slot.starts_at - EARLY:
        message = "The timer can start from a quarter of an hour before the interview. Reload the page to see where it stands now."
        raise InvalidTransition(message)
    if interview.ended_at and now > interview.ended_at + GOES_ON:
        message = "The interview ended a while ago, so its timer stays as it is."
        raise InvalidTransition(message)
    interview.started_at = interview.started_at or now
    interview.ended_at = None
    interview.save(update_fields=["started_at", "ended_at"])
    record(actor=by, verb="interview.started", subject=interview)
    return interview


@transaction.atomic
def stop_timer(*, interview_id: int, by: User) -> Interview:
    """Note when the interview ended. Raises InvalidTransition when it is not running."""
    interview = _lock_sheet(interview_id, by).interview
    if not interview.is_booked or not interview.started_at or interview.ended_at:
        message = "The timer is not running. Reload the page to see where it stands now."
        raise InvalidTransition(message)
    interview.ended_at = clock.now()
    interview.save(update_fields=["ended_at"])
    held = _settle(interview)
    record(actor=by, verb="interview.ended", subject=interview, held=held)
    return interview


def _lock_sheet(interview_id: int, person: User) -> InterviewSheet:
    """Lock the EoI and the interview, and return the person's sheet, read after the lock.

    Raises SheetClosed for anybody but its interviewers, and PermissionDenied once one of them has a conflict of interest with the council.
    """
    interview = lock_interview(interview_id)
    check_staff(interview.application, person)
    sheet = InterviewSheet.objects.current().filter(interview=interview, interviewer=person).first()
    if sheet is None:
        raise SheetClosed
    sheet.interview = interview
    return sheet


def _settle(interview: Interview) -> bool:
    """Call the interview held if it has ended and both sheets are in. Returns whether it did."""
    open_sheets = InterviewSheet.objects.current().filter(interview=interview, submitted_at__isnull=True)
    if not interview.is_booked or not interview.ended_at or open_sheets.exists():
        return False
    check_transition(interview.status, InterviewStatus.HELD, INTERVIEW_TRANSITIONS)
    interview.status = InterviewStatus.HELD
    interview.save(update_fields=["status"])
    return True
