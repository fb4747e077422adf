"""The council's pages of its interview: booking, changing, cancelling."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Interview
from applications.states import ApplicationStatus, InterviewStatus
from tests.factories import CallFactory, ContactFactory, UserFactory
from tests.factories.judging import ConflictFactory, InterviewFactory, InterviewSlotFactory, SubmittedFactory
from upstream.correspondence.models import OutboundEmail

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)
TYPED = {"contact_name": "Sam Okafor", "phone": "01632 960 001"}


@pytest.fixture
def contact(move_clock):
    move_clock(NOW)
    return ContactFactory(user=UserFactory(full_name="Priya Shah", phone="07700 900982"))


@pytest.fixture
def application(contact):
    call = CallFactory(opens_at=NOW - timedelta(days=60), closes_at=NOW - timedelta(days=30))
    return SubmittedFactory(call=call, council=contact.council, status=ApplicationStatus.SHORTLISTED)


@pytest.fixture
def slots(application):
    return [slot_in(application, days) for days in (3, 6, 7)]


def slot_in(application, days, **options):
    return InterviewSlotFactory(call=application.call, starts_at=NOW + timedelta(days=days), **options)


@pytest.fixture
def council(client, contact):
    client.force_login(contact.user)
    return client


def page(name, application):
    return reverse(f"applications:{name}", args=[application.reference])


def words(response):
    return " ".join(response.content.decode().split())


def test_a_council_is_led_to_booking_from_its_home_and_from_where_its_eoi_stands(council, application):
    for url in (reverse("home"), page("eoi", application)):
        assert page("interview", application) in council.get(url).content.decode()
        assert "Book your interview" in council.get(url).content.decode()


def test_free_times_are_offered_by_day_in_uk_time_with_the_persons_own_name_and_number(council, application, slots):
    shown = words(council.get(page("interview", application)))
    assert [shown.index(day) for day in ("Friday 23 October 2026", "Monday 26 October 2026", "Tuesday 27 October 2026")]
    assert "10am to 10:45am" in shown  # still summer time
    assert "9am to 9:45am" in shown
    assert 'value="Priya Shah"' in shown
    assert 'value="07700 900982"' in shown


def test_booking_shows_the_interview_on_every_page(council, application, slots):
    response = council.post(page("interview", application), TYPED | {"slot": slots[1].pk}, follow=True)
    assert "Your interview is booked." in words(response)
    interview = Interview.objects.get()
    assert (interview.slot, interview.contact_name, interview.phone) == (slots[1], "Sam Okafor", "01632 960 001")
    for url in (page("interview", application), page("eoi", application), reverse("home")):
        assert "9am on Monday 26 October 2026" in words(council.get(url))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slot": ""}, "Select a time"),
        ({"slot": "not a slot"}, "That time is no longer available. Select another one"),
        ({"contact_name": ""}, "Enter the name of the person to ask for"),
        ({"phone": ""}, "Enter the number to ring"),
        ({"phone": "ring the desk"}, "Enter a telephone number with its area code"),
        ({"phone": "960001"}, "Enter a telephone number with its area code"),
    ],
)
def test_what_is_missing_is_said_beside_the_field_and_nothing_is_lost(council, application, slots, changes, message):
    response = council.post(page("interview", application), TYPED | {"slot": slots[0].pk} | changes)
    assert message in words(response)
    assert not Interview.objects.exists()
    for name, text in (TYPED | changes).items():
        assert not text or name == "slot" or f'value="{text}"' in words(response)


@pytest.mark.parametrize("number", ["01632 960001", "+44 (0)1632 960001", "07700-900982", "01632 960001 ext. 12", "01632960001 x7"])
def test_numbers_as_people_write_them(council, application, slots, number):
    council.post(page("interview", application), TYPED | {"slot": slots[0].pk, "phone": number})
    assert Interview.objects.get().phone == number


def test_a_time_that_has_gone_meanwhile_leaves_the_others_and_what_was_typed(council, application, slots):
    InterviewFactory(slot=slots[1], application=SubmittedFactory(call=application.call))
    response = council.post(page("interview", application), TYPED | {"slot": slots[1].pk})
    shown = words(response)
    assert "That time is no longer available. Select another one" in shown
    assert "Monday 26 October 2026" not in shown
    assert "Tuesday 27 October 2026" in shown
    assert 'value="Sam Okafor"' in shown


def test_a_time_that_goes_between_the_forms_look_and_the_booking_is_said_in_the_same_way(council, application, slots, monkeypatch):
    from applications.views import interviews as views

    booking = views.book_interview

    def taken_first(**typed):
        InterviewFactory(slot=slots[1], application=SubmittedFactory(call=application.call))
        return booking(**typed)

    monkeypatch.setattr(views, "book_interview", taken_first)
    response = council.post(page("interview", application), TYPED | {"slot": slots[1].pk})
    shown = words(response)
    assert "That time is no longer available. Select another one" in shown
    assert "Monday 26 October 2026" not in shown
    assert 'value="01632 960 001"' in shown


def test_when_the_last_time_has_gone_it_says_so_without_a_link_to_nowhere(council, application, slots, monkeypatch):
    for slot in slots[1:]:
        slot.withdrawn_at = NOW
        slot.save()
    from applications.views import interviews as views

    booking = views.book_interview

    def taken_first(**typed):
        InterviewFactory(slot=slots[0], application=SubmittedFactory(call=application.call))
        return booking(**typed)

    monkeypatch.setattr(views, "book_interview", taken_first)
    for _ in range(2):  # gone between the form's look and the booking, then before it
        shown = words(council.post(page("interview", application), TYPED | {"slot": slots[0].pk}, follow=True))
        assert "That time is no longer available, and no other is free at the moment." in shown
        assert "No time is free at the moment." in shown
        assert "govuk-error-summary" not in shown


def test_what_came_to_nothing_is_said(council, application, slots):
    booking, changing = page("interview", application), page("interview_change", application)
    council.post(booking, TYPED | {"slot": slots[0].pk})
    shown = words(council.post(booking, TYPED | {"slot": slots[1].pk}, follow=True))
    assert "Your council already has an interview, which is shown here." in shown
    mails = OutboundEmail.objects.count()
    shown = words(council.post(changing, TYPED | {"slot": slots[0].pk}, follow=True))
    assert "You changed nothing, so the interview stays as it is." in shown
    assert OutboundEmail.objects.count() == mails
    council.post(page("interview_cancel", application))
    for name in ("interview_change", "interview_cancel"):
        shown = words(council.post(page(name, application), TYPED | {"slot": slots[1].pk}, follow=True))
        assert "Your council has no interview to change." in shown


def test_an_interview_that_staff_booked_at_the_last_moment_says_why_it_stays(council, application):
    InterviewFactory(application=application, slot=slot_in(application, 0.5))
    assert "This time was less than 24 hours away when it was set" in words(council.get(page("interview", application)))


def test_a_time_of_a_conflicted_interviewer_is_not_offered(council, application):
    slot = slot_in(application, 3)
    ConflictFactory(application=application, user=slot.second_interviewer)
    assert "No time is free at the moment." in words(council.get(page("interview", application)))


def test_changing_offers_ones_own_time_too_and_cancelling_asks_first(council, application, slots):
    council.post(page("interview", application), TYPED | {"slot": slots[1].pk})
    shown = words(council.get(page("interview_change", application)))
    assert f'value="{slots[1].pk}" checked' in shown
    response = council.post(page("interview_change", application), TYPED | {"slot": slots[2].pk}, follow=True)
    assert "Tuesday 27 October 2026" in words(response)
    assert "Cancel your interview" in words(council.get(page("interview_cancel", application)))
    response = council.post(page("interview_cancel", application), follow=True)
    assert "Your interview is cancelled." in words(response)
    assert "Monday 26 October 2026" in words(response)
    assert Interview.objects.get().status == InterviewStatus.CANCELLED


def test_in_the_last_24_hours_the_page_says_whom_to_write_to_and_ring(council, application, slots, move_clock):
    council.post(page("interview", application), TYPED | {"slot": slots[1].pk})
    slots[1].interviewer.phone = "01632 960999"
    slots[1].interviewer.save()
    move_clock(slots[1].starts_at - timedelta(hours=24))
    shown = words(council.get(page("interview", application)))
    assert "It could be changed here until 9am on Sunday 25 October 2026" in shown
    assert "01632 960999" in shown
    assert page("interview_cancel", application) not in shown
    for name in ("interview_change", "interview_cancel"):
        for act in (council.get, council.post):
            response = act(page(name, application), TYPED | {"slot": slots[2].pk}, follow=True)
            assert response.redirect_chain[-1][0] == page("interview", application)
            assert "It is too late to change or cancel the interview here." in words(response)
    assert Interview.objects.get().slot == slots[1]


def test_a_colleague_may_change_it_and_a_second_booking_leads_to_the_first(council, client, application, slots):
    council.post(page("interview", application), TYPED | {"slot": slots[0].pk})
    client.force_login(ContactFactory(council=application.council).user)
    client.post(page("interview", application), TYPED | {"slot": slots[1].pk})
    assert Interview.objects.get().slot == slots[0]
    client.post(page("interview_change", application), TYPED | {"slot": slots[1].pk})
    assert Interview.objects.get().slot == slots[1]


def test_after_two_missed_calls_the_page_asks_to_write(council, application, slots):
    for slot in slots[:2]:
        InterviewFactory(application=application, slot=slot, status=InterviewStatus.NO_SHOW)
    assert "We rang and nobody answered" in words(council.get(page("interview", application)))
    for url in (reverse("home"), page("eoi", application)):
        shown = words(council.get(url))
        assert "We rang for the interview and nobody answered." in shown
        assert "Book your interview" not in shown


@pytest.mark.parametrize("status", [ApplicationStatus.SUBMITTED, ApplicationStatus.NOT_SHORTLISTED, ApplicationStatus.OFFERED])
def test_councils_that_are_not_shortlisted_have_nothing_to_book(council, application, slots, status):
    application.status = status
    application.save()
    for name in ("interview", "interview_change", "interview_cancel"):
        council.get(page(name, application), follow=True)
        response = council.post(page(name, application), TYPED | {"slot": slots[0].pk}, follow=True)
        assert response.redirect_chain[-1][0] == page("eoi", application)
    assert not Interview.objects.exists()


def test_strangers_find_nothing(client, application, slots):
    client.force_login(ContactFactory().user)
    for name in ("interview", "interview_change", "interview_cancel"):
        assert client.get(page(name, application)).status_code == 404
        assert client.post(page(name, application), TYPED | {"slot": slots[0].pk}).status_code == 404


def test_as_many_queries_for_fifty_times_as_for_five(council, application):
    counts = []
    for start, more in ((0, 5), (5, 45)):
        for number in range(start, start + more):
            slot_in(application, 3 + number)
        url = page("interview", application)
        council.get(url)
        with CaptureQueriesContext(connection) as captured:
            council.get(url)
        counts.append(len(captured))
    print(f"\nbooking page: {counts} queries")
    assert counts[0] == counts[1] < 20


def test_home_asks_as_often_for_fifty_shortlisted_as_for_five(council, contact):
    counts = []
    for more in (5, 45):
        for each in ContactFactory.create_batch(more, user=contact.user):
            application = SubmittedFactory(council=each.council, status=ApplicationStatus.SHORTLISTED)
            InterviewFactory(application=application)
        council.get(reverse("home"))
        with CaptureQueriesContext(connection) as captured:
            council.get(reverse("home"))
        counts.append(len(captured))
    assert counts[0] == counts[1] < 20
