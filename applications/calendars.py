"""Interviews as calendars read them: iCalendar with iTIP's REQUEST and CANCEL (RFC 5545 and 5546)."""

from datetime import UTC
from email.utils import parseaddr
from typing import cast

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress

from applications.models import Interview
from applications.notifications.interviews import CANCELLING, page_of
from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail


def interview_invitation(email: OutboundEmail) -> tuple[str, bytes, str]:
    """Return the file for a message about an interview: name, content and type. Made when the mail is sent.

    The message's key says which booking it is about, and which of its moves: a cancellation that is late must not cancel a later one.
    """
    related = ("application__council", "application__call", "slot__interviewer", "slot__second_interviewer")
    _, pk, sequence, _ = email.key.split(":")
    interview = Interview.objects.select_related(*related).get(pk=pk)
    interview.sequence = int(sequence)
    method = "CANCEL" if email.kind in CANCELLING else "REQUEST"
    person = User.objects.get(email=email.recipient)
    return "interview.ics", interview_calendar(interview, person, method), f"text/calendar; method={method}"


def interview_calendar(interview: Interview, person: User, method: str) -> bytes:
    """Return the interview as an event for one person, who alone is named as a guest.

    The event is the same for all bookings of an EoI, and a later one has a higher sequence, so a calendar follows its moves.
    """
    application, slot = interview.application, interview.slot
    organiser_name, organiser = parseaddr(settings.DEFAULT_FROM_EMAIL)
    event = Event()
    event.add("uid", f"interview-{application.reference.lower()}@{organiser.rpartition('@')[2]}")
    event.add("sequence", interview.sequence)
    event.add("dtstamp", clock.now().astimezone(UTC))
    event.add("dtstart", slot.starts_at.astimezone(UTC))
    event.add("dtend", slot.ends_at.astimezone(UTC))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("summary", f"Telephone interview: {application.council.official_name}, {application.call.title}")
    names = " and ".join(str(each) for each in slot.interviewers)
    event.add("location", f"By telephone: {interview.phone}")
    event.add("description", f"{names} ring {interview.phone} and ask for {interview.contact_name}.\n\n{page_of(interview, person)}")
    event.add("url", page_of(interview, person))
    event.add("organizer", _address(organiser, organiser_name))
    guest = _address(person.email, person.get_full_name())
    guest.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"})
    event.add("attendee", guest)
    calendar = Calendar()
    calendar.add("prodid", "-//Upstream Collaborative//Interviews//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return cast("bytes", calendar.to_ical())


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["CN"] = name or email
    return address
