"""More time for one council: asked for by one member of staff, approved by another."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from applications.models import Application, Call, Extension
from applications.services.eoi import start_application
from applications.services.extensions import approve_extension, refuse_extension, request_extension
from applications.services.submission import submit_application, withdraw_application
from applications.states import AttemptOutcome
from cohort.states import Nation
from tests.factories import CallFactory, ContactFactory, CouncilFactory, StaffFactory, UserFactory
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import queue
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import in_words
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
LIST = "/admin/applications/extension/"
ASK = f"{LIST}ask/"
DAY = timedelta(days=1)


@pytest.fixture
def asker(roles):
    return StaffFactory()


@pytest.fixture
def approver(roles):
    return StaffFactory()


def ask(call, council, by, **fields):
    until = call.closes_at + DAY
    return request_extension(**{"call_id": call.pk, "council_id": council.pk, "until": until, "reason": "Flood", "by": by} | fields)


@pytest.fixture
def waiting(draft, asker):
    return ask(draft.call, draft.council, asker)


def deadline(call, council):
    return Call.objects.with_deadline_for(council.pk).get(pk=call.pk).deadline


def test_an_approved_request_moves_the_deadline_and_tells_the_council(waiting, draft, officer, asker, approver):
    assert deadline(draft.call, draft.council) == draft.call.closes_at
    approve_extension(extension_id=waiting.pk, by=approver)
    assert deadline(draft.call, draft.council) == waiting.until
    assert deadline(draft.call, CouncilFactory()) == draft.call.closes_at
    message = OutboundEmail.objects.about(draft).get(kind="extension-approved")
    assert (message.recipient, message.use_by) == (officer.email, waiting.until)
    assert f"/eoi/{draft.reference}/" in message.text
    assert [(entry.verb, entry.actor_id) for entry in Entry.objects.about(waiting)] == [
        ("extension.requested", asker.pk),
        ("extension.approved", approver.pk),
    ]


def test_the_council_may_submit_until_then(waiting, whole, officer, approver, move_clock):
    approve_extension(extension_id=waiting.pk, by=approver)
    move_clock(whole.call.closes_at)
    assert submit_application(application_id=whole.pk, by=officer).outcome == AttemptOutcome.ACCEPTED


def test_reminders_that_name_the_old_deadline_are_dropped(waiting, draft, officer, approver):
    def reminder(kind):
        return queue(
            key=f"{kind}:test",
            kind=kind,
            recipient=officer.email,
            template="applications/application-withdrawn",
            context={"application": draft, "person": officer},
            about=draft,
        )

    old, other = reminder("draft-deadline"), reminder("something-else")
    approve_extension(extension_id=waiting.pk, by=approver)
    old.refresh_from_db()
    other.refresh_from_db()
    assert (old.status, other.status) == (EmailStatus.SUPPRESSED, EmailStatus.QUEUED)


def test_a_council_that_has_not_started_can_be_given_time(call, asker, approver):
    contact = ContactFactory()
    approve_extension(extension_id=ask(call, contact.council, asker).pk, by=approver)
    message = OutboundEmail.objects.about(call).get()
    assert message.recipient == contact.user.email
    assert f"/calls/{call.slug}/" in message.text


def test_the_pages_of_a_council_with_more_time_show_its_own_deadline(client, call, asker, approver, move_clock):
    contact = ContactFactory()
    until = approve_extension(extension_id=ask(call, contact.council, asker).pk, by=approver).until
    move_clock(call.closes_at)
    client.force_login(contact.user)
    session = client.session
    session[f"eligibility:{call.pk}"] = {"lead": "council", "council": contact.council.code, "initiative": "live", "people": True}
    session.save()
    for name in ("start", "start_people", "begin"):
        text = client.get(reverse(f"applications:{name}", args=[call.slug])).content.decode().lower()
        assert in_words(until).lower() in text
        assert in_words(call.closes_at).lower() not in text
    application = start_application(call_id=call.pk, council_id=contact.council_id, by=contact.user)
    withdraw_application(application_id=application.pk, reason="", by=contact.user)
    assert f"Start a new one before {in_words(until)}" in client.get(f"/eoi/{application.reference}/").content.decode()


def test_staff_who_look_at_an_open_draft_do_not_read_that_its_deadline_was(client, draft, asker):
    client.force_login(asker)
    assert "The deadline is" in client.get(f"/eoi/{draft.reference}/").content.decode()


def test_nobody_approves_what_they_asked_for(waiting, asker):
    with pytest.raises(ValidationError, match="somebody else has to approve"):
        approve_extension(extension_id=waiting.pk, by=asker)
    with pytest.raises(IntegrityError, match="extension_needs_second_person"), transaction.atomic():
        Extension.objects.filter(pk=waiting.pk).update(approved_by=asker, approved_at=waiting.requested_at)
    assert Extension.objects.get().is_waiting


def test_what_is_decided_stays_decided(waiting, draft, asker, approver):
    refuse_extension(extension_id=waiting.pk, by=asker)
    for decide in (approve_extension, refuse_extension):
        with pytest.raises(InvalidTransition):
            decide(extension_id=waiting.pk, by=approver)
    assert deadline(draft.call, draft.council) == draft.call.closes_at
    assert not OutboundEmail.objects.filter(kind="extension-approved").exists()


def test_one_request_waits_at_a_time_and_each_must_be_later_than_the_last(waiting, draft, asker, approver):
    with pytest.raises(ValidationError, match="already waiting"):
        ask(draft.call, draft.council, asker)
    approve_extension(extension_id=waiting.pk, by=approver)
    with pytest.raises(ValidationError, match="later than the council's present one"):
        ask(draft.call, draft.council, asker, until=waiting.until)
    second = ask(draft.call, draft.council, asker, until=waiting.until + DAY)
    approve_extension(extension_id=second.pk, by=approver)
    assert deadline(draft.call, draft.council) == second.until


def test_time_that_is_of_no_use_is_refused(call, asker, approver, move_clock):
    council = CouncilFactory()
    with pytest.raises(ValidationError, match="later than the council's present one"):
        ask(call, council, asker, until=call.closes_at)
    waiting = ask(call, council, asker)
    move_clock(waiting.until)
    with pytest.raises(ValidationError, match="already passed"):
        approve_extension(extension_id=waiting.pk, by=approver)
    with pytest.raises(ValidationError, match="in the future"):
        ask(call, CouncilFactory(), asker)


def test_nobody_is_promised_a_moment_before_the_deadline_that_they_have(call, draft, asker, approver):
    waiting = ask(call, draft.council, asker)
    Call.objects.filter(pk=call.pk).update(closes_at=waiting.until + DAY)
    with pytest.raises(ValidationError, match="now later than the time asked for"):
        approve_extension(extension_id=waiting.pk, by=approver)
    assert not OutboundEmail.objects.filter(kind="extension-approved").exists()


def test_only_councils_of_a_published_call_get_time(asker):
    with pytest.raises(ValidationError, match="not covered"):
        ask(CallFactory(nations=[Nation.ENGLAND]), CouncilFactory(nation=Nation.WALES), asker)
    with pytest.raises(ValidationError, match="not published"):
        ask(CallFactory(published_at=None), CouncilFactory(), asker)


def test_staff_ask_from_the_eoi_and_a_colleague_approves(client, draft, asker, approver):
    page = f"/admin/applications/application/{draft.pk}"
    local = draft.call.closes_at + 3 * DAY
    client.force_login(asker)
    assert "Ask for more time" in client.get(f"{page}/change/").content.decode()
    client.post(f"{page}/extend/", {"until_0": f"{local:%Y-%m-%d}", "until_1": "17:30", "reason": "Flood"})
    extension = Extension.objects.get()
    own = client.get(f"{LIST}{extension.pk}/change/").content.decode()
    assert "You asked for this yourself" in own
    assert f"{LIST}{extension.pk}/approve/" not in own
    assert "somebody else has to approve" in client.post(f"{LIST}{extension.pk}/approve/").content.decode()
    client.force_login(approver)
    assert f"{LIST}{extension.pk}/approve/" in client.get(f"{LIST}{extension.pk}/change/").content.decode()
    client.post(f"{LIST}{extension.pk}/approve/")
    extension.refresh_from_db()
    assert extension.approved_by == approver
    assert Application.objects.with_deadline().get(pk=draft.pk).deadline == extension.until


def test_staff_ask_for_a_council_that_has_not_started(client, asker, move_clock):
    move_clock(datetime(2019, 7, 1, tzinfo=UTC))
    call = CallFactory(opens_at=datetime(2019, 5, 1, tzinfo=UTC), closes_at=datetime(2019, 7, 15, 11, tzinfo=UTC))
    council = CouncilFactory()
    client.force_login(asker)
    filled = {"call": call.pk, "council": council.pk, "until_0": "2019-07-15", "until_1": "12:00", "reason": "Flood"}
    assert "midday on Monday 15 July 2019" in client.post(ASK, filled).content.decode()
    client.post(ASK, filled | {"until_1": "17:30"})
    assert Extension.objects.get().until == datetime(2019, 7, 15, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("filled", "words"),
    [
        ({}, "Enter the date and time of the new deadline"),
        ({"reason": ""}, "Enter why the council needs more time"),
        ({"until_0": "2019-02-30", "until_1": "12:00"}, "Enter a real date"),
        ({"until_0": "2019-07-20", "until_1": "noon"}, "Enter a time, for example 17:30"),
        ({"until_0": "2027-03-28", "until_1": "01:30"}, "The clocks change at this time"),
        ({"until_0": "2027-10-31", "until_1": "01:30"}, "The clocks change at this time"),
        ({"until_0": "2001-07-20", "until_1": "12:00"}, "The new deadline must be in the future"),
    ],
)
def test_a_moment_that_will_not_do_is_refused_in_words(client, draft, asker, filled, words):
    client.force_login(asker)
    response = client.post(f"/admin/applications/application/{draft.pk}/extend/", {"reason": "Flood"} | filled)
    assert words in response.content.decode()
    assert not Extension.objects.exists()


def test_the_list_finds_what_waits_for_the_same_queries_at_any_length(client, call, asker, django_assert_max_num_queries):
    refused = ask(call, CouncilFactory(), asker)
    refuse_extension(extension_id=refused.pk, by=asker)
    for council in CouncilFactory.create_batch(10):
        ask(call, council, asker)
    client.force_login(asker)
    client.get(LIST)
    with django_assert_max_num_queries(12):
        listed = client.get(LIST, {"status": "waiting"}).context["cl"].result_list
    assert len(listed) == 10
    assert refused not in listed


def test_finance_and_officers_neither_see_ask_nor_decide(client, waiting, draft, officer):
    finance = UserFactory(is_staff=True)
    finance.groups.add(Group.objects.get(name="Finance"))
    pages = [
        LIST,
        ASK,
        f"{LIST}{waiting.pk}/approve/",
        f"{LIST}{waiting.pk}/refuse/",
        f"/admin/applications/application/{draft.pk}/extend/",
    ]
    for user in (finance, officer):
        assert not Extension.objects.visible_to(user).exists()
        client.force_login(user)
        for url in pages:
            for response in (client.get(url, follow=True), client.post(url, follow=True)):
                assert response.status_code in {403, 404}, url
    assert Extension.objects.get().is_waiting
