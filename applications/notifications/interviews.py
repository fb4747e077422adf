"""One function per email about an interview. Whoever takes part in one gets it into their calendar."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse

from applications.models import Application, Conflict, Interview
from applications.notifications.eoi import address, people_of
from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import queue, suppress
from upstream.deadlines import LONDON

BOOKED = "interview-booked"
CHANGED = "interview-changed"
CANCELLED = "interview-cancelled"
RELIEVED = "interview-relieved"
MISSED = "interview-missed"
NUDGE = "interview-nudge"
CHANCE = "interview-chance"
REMINDER = "interview-reminder"
# These take the interview out of a calendar.
CANCELLING = frozenset({CANCELLED, RELIEVED})
INVITATION = "interview-invitation"


def interview_booked(interview: Interview, *, on_behalf: bool = False) -> None:
    """Invite the council's people and both interviewers, and drop what still asks the council to book.

    Here as below the council's people read whether staff did it `on_behalf` of them.
    """
    suppress(about=interview.application, kinds=[NUDGE, MISSED, CHANCE], reason="The interview has been booked.")
    for person in everybody(interview):
        _tell(interview, BOOKED, to=person, attachment=INVITATION, context={"on_behalf": on_behalf})


def interview_changed(interview: Interview, *, relieved: Iterable[User], on_behalf: bool = False) -> None:
    """Tell everybody how it stands now, and take it out of the calendars of those who no longer interview."""
    _drop_waiting(interview, reason="The interview has been changed.")
    for person in everybody(interview):
        _tell(interview, CHANGED, to=person, attachment=INVITATION, context={"on_behalf": on_behalf})
    for person in relieved:
        _tell(interview, RELIEVED, to=person, attachment=INVITATION)


def interviewer_replaced(interview: Interview, *, left: User) -> None:
    """Tell everybody who rings now, and take it out of the calendar of whoever rings no more."""
    _drop_waiting(interview, reason="The interview has been changed.")
    for person in everybody(interview):
        _tell(interview, CHANGED, to=person, attachment=INVITATION, context={"replaced": True})
    _tell(interview, RELIEVED, to=left, attachment=INVITATION)


def interview_cancelled(interview: Interview, *, on_behalf: bool = False) -> None:
    """Tell everybody, and take it out of their calendars."""
    _drop_waiting(interview, reason="The interview has been cancelled.")
    for person in everybody(interview):
        _tell(interview, CANCELLED, to=person, attachment=INVITATION, context={"on_behalf": on_behalf})


def interview_missed(interview: Interview, *, asks_again: bool) -> None:
    """Tell the council that nobody answered, and how it goes on."""
    for person in people_of(interview.application):
        _tell(interview, MISSED, to=person, context={"asks_again": asks_again})


def interview_nudged(application: Application) -> None:
    """Ask the council to book its interview."""
    _ask(application, NUDGE, key=_nudge_of_today(application))


def another_chance(application: Application) -> None:
    """Ask a council that did not answer to book once more, in place of what still says that it cannot."""
    suppress(about=application, kinds=[MISSED], reason="The council can book again.")
    _ask(application, CHANCE, key=f"{CHANCE}:{application.pk}:{application.interview_tries}:")


def _ask(application: Application, kind: str, *, key: str) -> None:
    link = address("interview", application.reference)
    for person in people_of(application):
        queue(
            key=f"{key}{person.pk}",
            kind=kind,
            recipient=person.email,
            template=f"applications/{kind}",
            context={"application": application, "person": person, "link": link},
            about=application,
        )


def was_nudged_today(application: Application) -> bool:
    """Return whether the council has been asked since midnight, UK time."""
    return OutboundEmail.objects.filter(key__startswith=_nudge_of_today(application)).exists()


def _nudge_of_today(application: Application) -> str:
    return f"{NUDGE}:{application.pk}:{clock.now().astimezone(LONDON).date()}:"


def interview_reminder(interview: Interview, *, email: str, key: str, **options: Any) -> OutboundEmail:
    """Remind one person that the interview is near."""
    return _tell(interview, REMINDER, to=User.objects.get(email=email), key=key, **options)


def everybody(interview: Interview) -> list[User]:
    """Return the council's people and both interviewers, each once. An interviewer with a conflict of interest hears nothing more."""
    conflicted = {conflict.user_id for conflict in Conflict.objects.active().filter(application=interview.application_id)}
    interviewers = [person for person in interview.slot.interviewers if person.pk not in conflicted]
    return list(dict.fromkeys([*people_of(interview.application), *interviewers]))


def page_of(interview: Interview, person: User) -> str:
    """Return the address at which this person finds the interview: the desk for who rings, the booking for who is rung."""
    if person in interview.slot.interviewers:
        return settings.SITE_URL + reverse("admin:applications_interview_change", args=[interview.pk])
    return address("interview", interview.application.reference)


def _drop_waiting(interview: Interview, *, reason: str) -> None:
    suppress(about=interview.application, kinds=[BOOKED, CHANGED, REMINDER], reason=reason)


def _tell(interview: Interview, kind: str, *, to: User, **options: Any) -> OutboundEmail:
    facts = {"interview": interview, "application": interview.application, "slot": interview.slot, "person": to}
    rings = to in interview.slot.interviewers
    can_change = clock.now() < interview.slot.changeable_until
    context = facts | {"rings": rings, "can_change": can_change, "link": page_of(interview, to)} | options.pop("context", {})
    described = {"key": f"{kind}:{interview.pk}:{interview.sequence}:{to.pk}"} | options
    return queue(kind=kind, recipient=to.email, template=f"applications/{kind}", context=context, about=interview.application, **described)
