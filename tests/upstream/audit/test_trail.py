"""The audit trail: only added to, and every change to it is found."""

import random
import threading

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Answer
from tests.factories import CallFactory, ContactFactory, CouncilFactory, QuestionFactory, StaffFactory, UserFactory
from tests.factories.judging import AssignmentFactory, SubmittedFactory
from upstream.audit.models import Entry
from upstream.audit.services import broken_entries, record

SEED = 20190715


def tamper(statement, parameters=()):
    """Change the trail as somebody with the database's password could."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER append_only")
        cursor.execute(statement, parameters)
        cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER append_only")


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET verb = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_the_trail(statement):
    person = UserFactory()
    record(actor=person, verb="test", subject=person)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.count() == 1


@pytest.mark.django_db
def test_fifty_changed_entries_of_two_hundred_are_all_found():
    person = UserFactory()
    entries = [record(actor=person, verb=f"test.{number}", subject=person, number=number) for number in range(200)]
    changes = ["verb = 'forged'", "actor_id = 0", "subject_id = 0", "at = at + interval '1 second'", "data = '{}'"]
    chosen = random.Random(SEED).sample(entries, 50)
    for number, entry in enumerate(chosen):
        tamper(f"UPDATE audit_entry SET {changes[number % 5]} WHERE id = %s", [entry.pk])  # noqa: S608
    found = {entry.pk for entry in broken_entries()}
    print(f"seed {SEED}: {len(chosen)} changed, {len(found)} found")
    assert found == {entry.pk for entry in chosen}
    with pytest.raises(CommandError, match="50 audit entries do not hold"):
        call_command("verify_audit")


@pytest.mark.django_db
def test_a_removed_entry_is_found_by_the_one_after_it():
    person = UserFactory()
    _, second, third = (record(actor=person, verb="test", subject=person, number=number) for number in range(3))
    tamper("DELETE FROM audit_entry WHERE id = %s", [second.pk])
    assert [entry.pk for entry in broken_entries()] == [third.pk]


@pytest.mark.django_db
def test_a_whole_trail_passes(capsys):
    person = UserFactory()
    record(actor=None, verb="test", subject=person, text="Ynys Môn", number=1.5)
    call_command("verify_audit")
    assert "All 1 audit entries hold" in capsys.readouterr().out


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_chain_holds_under_writers_at_the_same_time():
    person = UserFactory()

    def work():
        for number in range(25):
            record(actor=person, verb="test", subject=person, number=number)
        connection.close()

    writers = [threading.Thread(target=work) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert Entry.objects.count() == 100
    assert list(broken_entries()) == []


@pytest.mark.django_db
def test_staff_read_the_trail_and_cannot_change_it(client, roles):
    staff = StaffFactory()
    entry = record(actor=staff, verb="test.was_read", subject=staff)
    client.force_login(staff)
    page = reverse("admin:audit_entry_change", args=[entry.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"verb": "forged"}).status_code == 403
    assert client.get(reverse("admin:audit_entry_add")).status_code == 403
    assert client.post(reverse("admin:audit_entry_delete", args=[entry.pk])).status_code == 403


@pytest.fixture
def trail(client, roles):
    """Return a function that opens the list as a member of staff."""
    client.force_login(StaffFactory())
    return lambda **query: client.get(reverse("admin:audit_entry_changelist"), query).text


@pytest.mark.django_db
def test_the_list_says_in_words_who_did_what_to_what(trail):
    contact = ContactFactory(user=UserFactory(full_name="Sam Okafor"))
    record(actor=UserFactory(full_name="Grace Whitlock"), verb="contact.role_changed", subject=contact)
    record(actor=None, verb="call.changed", subject=CallFactory(title="Join us"))
    page = trail()
    for words in ("Contact role changed", "Grace Whitlock", str(contact), "The system", "Join us"):
        assert words in page
    assert "role_changed</" not in page
    assert "councilcontact</" not in page


@pytest.mark.django_db
def test_who_or_what_is_gone_is_still_named_as_what_it_was(trail):
    person = UserFactory()
    record(actor=person, verb="test", subject=CallFactory.build(pk=4321))
    person.delete()
    page = trail()
    assert "Call that is no longer on record" in page
    assert "User that is no longer on record" in page


@pytest.mark.django_db
def test_the_list_does_not_name_what_the_reader_may_not_see(client):
    reader = UserFactory(is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_entry"))
    draft = CallFactory(title="Not public yet", published_at=None)
    record(actor=reader, verb="call.created", subject=draft)
    client.force_login(reader)
    assert draft.title not in client.get(reverse("admin:audit_entry_changelist")).text


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["Whitlock", "grace@example.org", "role changed"])
def test_the_trail_is_searched_by_person_and_by_what_was_done(trail, words):
    found = record(
        actor=UserFactory(full_name="Grace Whitlock", email="grace@example.org"), verb="contact.role_changed", subject=UserFactory()
    )
    record(actor=UserFactory(full_name="Sam"), verb="contact.ended", subject=UserFactory(full_name="Nobody else"))
    page = trail(q=words)
    assert reverse("admin:audit_entry_change", args=[found.pk]) in page
    assert "1 audit entry" in page


@pytest.mark.django_db
def test_an_entry_shows_its_details_as_people_write_them(client, roles):
    staff = StaffFactory()
    data = {"until": "2026-12-10T12:00:00+00:00", "fields": ["closes_at", "what_you_get"], "changed": {"BAR": ["name"]}}
    entry = record(actor=staff, verb="call.changed", subject=staff, **data)
    client.force_login(staff)
    page = client.get(reverse("admin:audit_entry_change", args=[entry.pk])).text
    for line in ("Until: midday on 10 December 2026", "Fields: closes at, what you get", "Changed: BAR: name"):
        assert line in page


def answered():
    application = SubmittedFactory()
    return Answer.objects.create(application=application, question=QuestionFactory(section__call=application.call), value="So")


# The last two have no list in the office.
@pytest.mark.django_db
@pytest.mark.parametrize("about", [ContactFactory, AssignmentFactory, answered])
def test_the_list_asks_as_many_questions_for_fifty_entries_as_for_five(trail, django_assert_num_queries, about):
    def fill(number):
        for _ in range(number):
            record(actor=UserFactory(), verb="contact.ended", subject=about())

    fill(5)
    with CaptureQueriesContext(connection) as few:
        trail()
    fill(45)
    with django_assert_num_queries(len(few)):
        assert "50 audit entries" in trail()


@pytest.mark.usefixtures("roles")
def test_a_records_history_is_what_the_trail_says_of_it(client):
    staff = StaffFactory()
    client.force_login(staff)
    council, other = CouncilFactory(), CouncilFactory()
    mine = record(actor=staff, verb="council.changed", subject=council)
    record(actor=staff, verb="council.changed", subject=other)
    history = client.get(reverse("admin:cohort_council_history", args=[council.pk]), follow=True)
    assert list(history.context["cl"].result_list) == [mine]
