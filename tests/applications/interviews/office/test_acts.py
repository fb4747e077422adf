"""What staff do about an interview: replacing who rings, booking for a council, and giving another chance."""

from datetime import timedelta

import pytest
from django.urls import reverse

from applications.models import Interview
from applications.states import InterviewStatus
from tests.applications.interviews.conftest import NOW
from tests.applications.interviews.office.conftest import LIST, desk, eoi_act, queries, shortlisted, words
from tests.factories import StaffFactory
from tests.factories.judging import ConflictFactory, InterviewFactory, InterviewSlotFactory
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


def test_acts_of_the_desk(office, interview, alex, move_clock):
    jo = StaffFactory(full_name="Jo Webb")
    page = words(office.get(desk(interview)))
    assert "Replace the first interviewer" in page
    assert "Nobody answered" not in page
    page = words(office.post(desk(interview, "swap-second"), {"person": jo.pk}, follow=True))
    assert "Jo Webb now takes part." in page
    kim = ConflictFactory(application=interview.application, user=StaffFactory()).user
    assert "is not free then, or has a conflict of interest" in words(office.post(desk(interview, "swap-first"), {"person": kim.pk}))
    assert "Select who rings instead" in words(office.post(desk(interview, "swap-first")))
    move_clock(interview.slot.starts_at + timedelta(minutes=5))
    assert "Nobody answered" in words(office.get(desk(interview)))
    page = words(office.post(desk(interview, "missed"), follow=True))
    assert "We have asked the council to book again." in page
    page = words(office.post(desk(interview, "held"), follow=True))
    assert "The interview counts as held." in page


def test_the_desk_says_who_has_to_be_replaced(office, interview, sam, move_clock):
    ConflictFactory(application=interview.application, user=sam)
    swap = desk(interview, "swap-second")
    page = words(office.get(desk(interview)))
    assert "Sam Okafor has a conflict of interest with this council" in page
    assert f'<a href="{swap}">Replace Sam Okafor</a>' in page
    page = words(office.get(swap))
    assert "Nobody else is free then" in page
    StaffFactory(full_name="Jo Webb")
    page = words(office.get(swap))
    assert "Who rings in place of Sam Okafor?" in page
    assert "Jo Webb" in page
    Interview.objects.update(started_at=NOW)
    page = words(office.get(desk(interview)))
    assert "Replace Sam Okafor" not in page
    assert "say that the interview was held" in page


def test_who_has_not_booked_can_be_asked_once_a_day(office, application, call):
    InterviewSlotFactory(call=call)
    unbooked = f"{LIST}unbooked/"
    page = words(office.get(unbooked))
    assert "1 shortlisted council has no interview." in page
    url = reverse("admin:applications_application_nudge", args=[application.pk])
    assert url in page
    assert "We have asked Barset City Council" in words(office.post(url, follow=True))
    assert "reminded today already" in words(office.post(url, follow=True))
    assert OutboundEmail.objects.filter(kind="interview-nudge").count() == 1
    InterviewFactory(application=application)
    assert "Every shortlisted council has an interview" in words(office.get(unbooked))


def test_staff_book_for_a_council_and_move_and_cancel_it(office, application, call, alex, sam, guide):
    soon, later, gone = (
        InterviewSlotFactory(call=call, interviewer=alex, second_interviewer=sam, starts_at=NOW + timedelta(hours=hours))
        for hours in (3, 28, 52)
    )
    page = words(office.get(eoi_act(application, "book")))
    assert "Tuesday 20 October 2026, 1pm to 1:45pm: Alex Reed and Sam Okafor" in page
    assert "Enter the name of the person to ask for" in words(office.post(eoi_act(application, "book"), {"slot": soon.pk}))
    typed = {"slot": gone.pk, "contact_name": "Priya Shah", "phone": "01632 960 001", "reason": "They rang us."}
    gone.withdrawn_at = NOW
    gone.save()
    page = words(office.post(eoi_act(application, "book"), typed))
    assert "That time is no longer available. Select another one" in page
    assert f'value="{gone.pk}"' not in page
    assert "They rang us." in page
    page = words(office.post(eoi_act(application, "book"), typed | {"slot": soon.pk}, follow=True))
    assert "is booked: 1pm on Tuesday 20 October 2026. We have emailed everybody an invitation." in page
    interview = application.interviews.get()
    page = words(office.get(desk(interview)))
    assert "They rang us." in page
    page = words(office.get(desk(interview, "move")))
    assert f'<option value="{soon.pk}" selected' in page
    assert 'value="Priya Shah"' in page
    page = words(office.post(desk(interview, "move"), typed | {"slot": later.pk, "reason": ""}, follow=True))
    assert "The interview is at 2pm on Wednesday 21 October 2026." in page
    page = words(office.post(desk(interview, "cancel"), {"reason": ""}, follow=True))
    assert "The interview is cancelled." in page
    assert "Cancel the interview" not in page


def test_a_time_that_goes_while_staff_book_leaves_the_others(office, application, call, monkeypatch):
    from applications.admin import interview_acts

    slot, other = (InterviewSlotFactory(call=call, starts_at=NOW + timedelta(days=days)) for days in (2, 3))
    booking = interview_acts.book_interview

    def taken_first(**typed):
        InterviewFactory(slot=slot, application=shortlisted(call))
        return booking(**typed)

    monkeypatch.setattr(interview_acts, "book_interview", taken_first)
    typed = {"slot": slot.pk, "contact_name": "Priya Shah", "phone": "01632 960 001", "reason": ""}
    page = words(office.post(eoi_act(application, "book"), typed))
    assert "That time is no longer available. Select another one" in page
    assert f'value="{slot.pk}"' not in page
    assert f'value="{other.pk}"' in page


def test_after_two_missed_calls_staff_choose_how_it_goes_on(office, application, call, alex):
    for days in (9, 5):
        InterviewFactory(application=application, slot__starts_at=NOW - timedelta(days=days), status=InterviewStatus.NO_SHOW)
    InterviewSlotFactory(call=call)
    duty = "1 shortlisted council without an interview"
    assert duty in words(office.get("/admin/"))
    page = words(office.get(f"{LIST}unbooked/"))
    assert "Nobody answered 2 calls." in page
    assert eoi_act(application, "nudge") not in page
    assert "Offer another chance to book" in words(office.get(f"/admin/applications/application/{application.pk}/change/"))
    assert "Enter why you leave it at that" in words(office.post(eoi_act(application, "leave"), {"reason": " "}))
    page = words(office.post(eoi_act(application, "leave"), {"reason": "It has no time for us."}, follow=True))
    assert "stays without an interview" in page
    assert duty not in words(office.get("/admin/"))
    page = words(office.get(f"{LIST}unbooked/"))
    assert "Left without an interview" in page
    assert "It has no time for us." in page
    page = words(office.post(eoi_act(application, "chance"), follow=True))
    assert "can book once more" in page
    assert duty in words(office.get("/admin/"))
    page = words(office.get(f"{LIST}unbooked/"))
    assert eoi_act(application, "book") in page
    assert "Left without an interview" not in page
    page = words(office.post(eoi_act(application, "chance"), follow=True))
    assert "can still book one" in page


def test_booking_for_a_council_asks_as_often_for_fifty_times_as_for_five(office, application, call, interview):
    counts = []
    other = shortlisted(call)
    for start, more in ((0, 5), (5, 45)):
        for number in range(start, start + more):
            InterviewSlotFactory(call=call, starts_at=NOW + timedelta(days=number, hours=1))
        counts.append([queries(office, url) for url in (eoi_act(other, "book"), desk(interview, "move"))])
    print(f"\nbook, move: {counts} queries")
    assert counts[0] == counts[1]
    assert max(counts[0]) < 20
