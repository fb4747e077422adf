"""The office's pages of a release."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate

from applications.models import Application, Letter, Release
from applications.services.releases import prepare_release, release_decisions
from applications.services.submission import withdraw_application
from applications.states import ApplicationStatus
from tests.applications.test_releases import call, decided, letter_of, other, prepared, ready, staff  # noqa: F401  (fixtures)
from tests.factories import ContactFactory, StaffFactory
from tests.factories.judging import ConflictFactory, DecisionFactory, ReleaseFactory, SubmittedFactory
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def office(client, staff):  # noqa: F811
    client.force_login(staff)
    return client


def day(moment):
    return {"dated_on_day": str(moment.day), "dated_on_month": str(moment.month), "dated_on_year": str(moment.year)}


def url(page, *args):
    return reverse(f"admin:applications_release_{page}", args=args)


def read(client, *args):
    response = client.get(url(*args))
    assert response.status_code == 200
    return response.content.decode()


def test_what_is_missing_is_named_and_what_a_conflict_hides_is_counted(office, staff, call, decided):  # noqa: F811
    missing, hidden = SubmittedFactory.create_batch(2, call=call)
    ConflictFactory(application=hidden, user=staff)
    page = read(office, "prepare")
    assert "2 expressions of interest still wait for a decision." in page
    assert missing.reference in page
    assert hidden.reference not in page
    assert "1 more, which somebody without your conflict of interest has to decide." in page
    assert decided[0].reference not in page
    assert "2 expressions of interest" in office.post(url("prepare"), day(localdate())).content.decode()
    assert not Release.objects.exists()


def test_it_is_prepared_by_one_and_released_by_another(office, client, staff, other, decided):  # noqa: F811
    assert "Prepare 3 letters" in read(office, "prepare")
    office.post(url("prepare"), day(localdate()))
    release = Release.objects.get()
    assert "waits already" in read(office, "prepare")
    page = read(office, "change", release.pk)
    assert "0 of 3 letters are ready." in page
    assert "Look again" in page
    Letter.objects.update(sha256="0" * 64)
    page = read(office, "change", release.pk)
    assert "somebody else has to release it" in page
    assert url("release", release.pk) not in page
    assert office.post(url("release", release.pk), follow=True).context["messages"]
    assert Release.objects.get().released_at is None
    client.force_login(other)
    assert url("release", release.pk) in read(client, "change", release.pk)
    page = read(client, "release", release.pk)
    for words in ("Release 3 decisions now", "This cannot be undone", str(decided[0]), "Not shortlisted: 1"):
        assert words in page, words
    withdraw_application(application_id=decided[2].pk, reason="", by=decided[2].created_by)
    page = client.post(url("release", release.pk), follow=True).content.decode()
    assert f"{decided[2]} was withdrawn since, so it dropped out." in page
    assert Application.objects.get(pk=decided[0].pk).status == ApplicationStatus.SHORTLISTED
    assert url("release", release.pk) not in page


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({}, "Enter the day on which councils hear"),
        (day(date(2019, 7, 1)), "The day must be today or in the future"),
        ({"dated_on_day": "31", "dated_on_month": "February", "dated_on_year": "2031"}, "The day must be a real date"),
    ],
)
def test_a_day_that_will_not_do_is_asked_for_again_with_what_was_typed(office, decided, typed, error):  # noqa: F811
    page = office.post(url("prepare"), typed).content.decode()
    assert error in page
    assert all(f'value="{part}"' in page for part in typed.values())
    assert not Release.objects.exists()


def test_letters_of_another_day_wait_for_it_and_lapse_after_it(office, client, ready, other):  # noqa: F811
    client.force_login(other)
    for days, words in ((1, "Release them on that day."), (-1, "which has passed. Take the release back")):
        Release.objects.update(dated_on=localdate() + timedelta(days=days))
        page = read(client, "change", ready.pk)
        assert words in page
        assert "Release the decisions" not in page
        assert (url("release", ready.pk) in page) == ("Set when they are released" in page) == (days == 1)
        assert words in client.post(url("release", ready.pk), follow=True).content.decode()
        assert Release.objects.pending().exists()
    Release.objects.update(dated_on=localdate())
    assert url("release", ready.pk) in read(client, "change", ready.pk)
    client.post(url("release", ready.pk))
    assert not Release.objects.pending().exists()


def test_a_letter_is_read_as_its_council_will(office, ready, decided, staff):  # noqa: F811
    letter = letter_of(decided[0])
    page = read(office, "letter", letter.pk)
    assert f"Our view of {decided[0].reference}." in page
    assert "Download the PDF" in page
    ConflictFactory(application=decided[0], user=staff)
    assert office.get(url("letter", letter.pk)).status_code == 404
    page = read(office, "change", ready.pk)
    assert decided[0].reference not in page
    assert "1 more letter belongs to this release" in page


def test_it_is_taken_back_with_a_question_first(office, ready):  # noqa: F811
    assert "The letters are deleted" in read(office, "cancel", ready.pk)
    office.post(url("cancel", ready.pk))
    page = read(office, "change", ready.pk)
    assert "Taken back" in page
    assert url("cancel", ready.pk) not in page


def test_those_to_chase_are_named(office, ready, other, decided):  # noqa: F811
    decided[1].council.contacts.all().delete()
    release_decisions(release_id=ready.pk, by=other)
    assert "nobody acts for this council" in read(office, "change", ready.pk)
    email = OutboundEmail.objects.about(letter_of(decided[0])).get()
    OutboundEmail.objects.filter(pk=email.pk).update(status=EmailStatus.FAILED)
    page = read(office, "change", ready.pk).split('id="chase"')[1].split('id="outcome')[0]
    assert email.recipient in page
    assert decided[2].reference not in page


@pytest.mark.parametrize("page", ["change", "release", "prepare", "changelist"])
def test_pages_take_as_many_queries_for_fifty_as_for_five(office, call, page):  # noqa: F811
    release = ReleaseFactory(call=call)
    counts = []
    for more in (5, 45):
        for application in SubmittedFactory.create_batch(more, call=call):
            ContactFactory(council=application.council)
            decision = DecisionFactory(application=application, release=release)
            Letter.objects.create(decision=decision, subject="S", text="T", template_version="1", sha256="0" * 64)
            SubmittedFactory(call=call)
        args = [release.pk] if page in {"change", "release"} else []
        read(office, page, *args)
        with CaptureQueriesContext(connection) as captured:
            read(office, page, *args)
        counts.append(len(captured))
    print(f"\n{page}: {counts} queries")
    assert counts[0] == counts[1]
    assert counts[0] < 20


def test_releasing_takes_a_steady_number_of_queries_for_each_letter(call, staff, decided):  # noqa: F811
    release = prepare_release(call_id=call.pk, by=staff)
    Letter.objects.update(sha256="0" * 64)
    with CaptureQueriesContext(connection) as captured:
        release_decisions(release_id=release.pk, by=StaffFactory())
    print(f"\nreleasing three letters to three people: {len(captured)} queries")
    assert len(captured) < 90
