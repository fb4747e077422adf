"""What staff do about an interview, and about a council that has none, each with the page that asks."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Literal

from django.core.exceptions import ValidationError

from applications.forms.interviews import CancelForm, LeaveForm, ReplacementForm, StaffBookingForm
from applications.models import Application, Interview, InterviewSlot
from applications.services.interview_outcomes import (
    hold_interview,
    is_unanswered,
    leave_without_interview,
    miss_interview,
    nudge_council,
    offer_another_chance,
)
from applications.services.interview_slots import MAY_INTERVIEW, who_could_ring
from applications.services.interviews import (
    SlotTaken,
    book_interview,
    cancel_interview,
    change_interview,
    is_out_of_tries,
    replace_interviewer,
)
from applications.states import INTERVIEW_TRANSITIONS, ApplicationStatus, InterviewStatus
from upstream import clock
from upstream.accounts.models import User
from upstream.deadlines import in_words
from upstream.office import Act

Seat = Literal["interviewer", "second_interviewer"]
# The acts that replace the first and the second interviewer.
SWAPS = ("swap-first", "swap-second")
NO_NOTICE = timedelta(0)


def miss(interview: Interview, user: User) -> str:
    """Say that nobody answered."""
    miss_interview(interview_id=interview.pk, by=user)
    if is_out_of_tries(interview.application):
        return "Noted. The council can book no further interview, unless you offer it another chance under “Who has not booked yet”."
    return "Noted. We have asked the council to book again."


def hold(interview: Interview, user: User) -> str:
    """Settle that it was held."""
    hold_interview(interview_id=interview.pk, by=user)
    return "The interview counts as held."


def replace(seat: Seat) -> Callable[..., str]:
    """Return what replaces the interviewer in a seat."""

    def run(interview: Interview, user: User, *, person: User) -> str:
        replace_interviewer(interview_id=interview.pk, seat=seat, person=person, by=user)
        return f"{person} now takes part. Everybody has been told."

    return run


def replacing(seat: Seat) -> Callable[[Interview], dict[str, Any]]:
    """Return what says who leaves a seat and who could take it."""

    def options(interview: Interview) -> dict[str, Any]:
        return {"leaving": getattr(interview.slot, seat), "people": who_could_ring(interview)}

    return options


def has_come(interview: Interview, _user: Any) -> bool:
    """Return whether the interview's time has come and nothing speaks for its having been held."""
    if not interview.is_booked or interview.ended_at or interview.slot.starts_at > clock.now():
        return False
    return not interview.sheets.current().filter(submitted_at__isnull=False).exists()


def can_be_held(interview: Interview, _user: Any) -> bool:
    """Return whether it may be called held by hand."""
    follows = INTERVIEW_TRANSITIONS[InterviewStatus(interview.status)]
    return InterviewStatus.HELD in follows and interview.slot.starts_at <= clock.now()


def has_not_started(interview: Interview, _user: Any) -> bool:
    """Return whether it can still be changed."""
    return interview.is_booked and not interview.started_at


def take(act: Callable[..., Interview], application: Application, user: User, *, slot: str, **typed: str) -> str:
    """Book or move an interview on behalf of the council, and return its time in words. A time that has gone is said beside it."""
    try:
        interview = act(application_id=application.pk, slot_id=int(slot), by=user, on_behalf=True, **typed)
    except SlotTaken as refusal:
        raise ValidationError({"slot": str(refusal)}) from refusal
    return in_words(interview.slot.starts_at)


def book(application: Application, user: User, **typed: str) -> str:
    """Book for a council."""
    when = take(book_interview, application, user, **typed)
    return f"The interview with {application.council} is booked: {when}. We have emailed everybody an invitation."


def move(interview: Interview, user: User, **typed: str) -> str:
    """Move the interview, or change whom to ask for."""
    when = take(change_interview, interview.application, user, **typed)
    return f"The interview is at {when}. We have emailed everybody how it stands now."


def cancel(interview: Interview, user: User, *, reason: str) -> str:
    """Cancel the interview for the council."""
    cancel_interview(application_id=interview.application_id, by=user, on_behalf=True, reason=reason)
    return "The interview is cancelled. We have emailed everybody, and the council can book another time."


def times(application: Application, own: InterviewSlot | None = None) -> list[InterviewSlot]:
    """Return the times that staff may book for the council, in order, its own among them."""
    free = InterviewSlot.objects.open_to(application, clock.now(), NO_NOTICE).select_related("interviewer", "second_interviewer")
    return sorted([*free, *([own] if own else [])], key=lambda slot: slot.starts_at)


def booking_options(application: Application) -> dict[str, Any]:
    """Return what the form for a booking starts from: whoever submitted the EoI knows it."""
    person = application.submitted_by
    known = {"contact_name": person.full_name, "phone": person.phone} if person else {}
    return {"slots": partial(times, application), "initial": known}


def moving_options(interview: Interview) -> dict[str, Any]:
    """Return what the form for a move starts from: how the interview stands."""
    initial = {"slot": interview.slot_id, "contact_name": interview.contact_name, "phone": interview.phone}
    return {"slots": partial(times, interview.application, interview.slot), "initial": initial}


def nudge(application: Application, user: User) -> str:
    """Ask a council to book."""
    nudge_council(application_id=application.pk, by=user)
    return f"We have asked {application.council} to book its interview."


def try_again(application: Application, user: User) -> str:
    """Let a council that did not answer book once more."""
    offer_another_chance(application_id=application.pk, by=user)
    return f"{application.council} can book once more. We have emailed everybody who acts for it."


def leave(application: Application, user: User, *, reason: str) -> str:
    """Ask no more of a council that did not answer."""
    leave_without_interview(application_id=application.pk, reason=reason, by=user)
    return f"Noted. {application.council} stays without an interview."


def is_shortlisted(application: Application) -> bool:
    """Return whether an interview is of any use now. It spares the pages of all other EoIs the queries that follow."""
    return application.status == ApplicationStatus.SHORTLISTED


def has_to_book(application: Application, _user: Any) -> bool:
    """Return whether the council could book."""
    waits = is_shortlisted(application) and Application.objects.awaiting_interview().filter(pk=application.pk).exists()
    return waits and not is_out_of_tries(application)


def is_waiting_for_staff(application: Application, _user: Any) -> bool:
    """Return whether staff have to choose how it goes on with a council that did not answer."""
    return is_shortlisted(application) and is_unanswered(application) and not application.no_interview_reason


def did_not_answer(application: Application, _user: Any) -> bool:
    """Return whether another chance would be of use."""
    return is_shortlisted(application) and is_unanswered(application)


def swap(name: str, seat: Seat, label: str) -> Act:
    """Return the act that replaces the interviewer in a seat."""
    return Act(
        name=name,
        label=label,
        permission=MAY_INTERVIEW,
        run=replace(seat),
        form=ReplacementForm,
        form_options=replacing(seat),
        consequence="The time stays. Both interviewers and the council, which knows by name who rings, get an email that changes their "
        "calendar. So does whoever leaves. Nobody is told why.",
        offered=has_not_started,
    )


# On the page of an interview.
ACTS = (
    Act(
        name="move",
        label="Change the time or the number",
        permission=MAY_INTERVIEW,
        run=move,
        form=StaffBookingForm,
        form_options=moving_options,
        consequence="On behalf of the council, until the interview starts. Everybody who takes part gets an email that changes their "
        "calendar.",
        offered=has_not_started,
    ),
    swap(SWAPS[0], "interviewer", "Replace the first interviewer"),
    swap(SWAPS[1], "second_interviewer", "Replace the second interviewer"),
    Act(
        name="cancel",
        label="Cancel the interview",
        permission=MAY_INTERVIEW,
        run=cancel,
        form=CancelForm,
        consequence="On behalf of the council. Everybody who takes part gets an email that takes it out of their calendar, and the council "
        "is asked to book another time.",
        offered=has_not_started,
        danger=True,
    ),
    Act(
        name="missed",
        label="Nobody answered",
        permission=MAY_INTERVIEW,
        run=miss,
        consequence="We email the council that we rang, and ask it to book again, once. This cannot be undone.",
        offered=has_come,
        danger=True,
    ),
    Act(
        name="held",
        label="It was held",
        permission=MAY_INTERVIEW,
        run=hold,
        consequence="An interview is held by itself once it has ended and both sheets are submitted. "
        "Say so by hand if one of them will never come. Sheets can still be submitted.",
        offered=can_be_held,
    ),
)
# On the page of an EoI.
ACTS_OF_EOI = (
    Act(
        name="book",
        label="Book its interview",
        permission=MAY_INTERVIEW,
        run=book,
        form=StaffBookingForm,
        form_options=booking_options,
        consequence="On behalf of the council, at any free time to come. Everybody who acts for it gets an invitation by email, and so do "
        "both interviewers.",
        offered=has_to_book,
    ),
    Act(
        name="nudge",
        label="Ask the council to book its interview",
        permission=MAY_INTERVIEW,
        run=nudge,
        consequence="We email everybody who acts for the council, once a day at most.",
        offered=has_to_book,
    ),
    Act(
        name="chance",
        label="Offer another chance to book",
        permission=MAY_INTERVIEW,
        run=try_again,
        consequence="Nobody answered our calls. The council can book once more, and we email everybody who acts for it.",
        offered=did_not_answer,
    ),
    Act(
        name="leave",
        label="Leave it without an interview",
        permission=MAY_INTERVIEW,
        run=leave,
        form=LeaveForm,
        consequence="Nobody answered our calls. The council stays shortlisted, is asked no more, and is not told. You can still offer it "
        "another chance.",
        offered=is_waiting_for_staff,
    ),
)
