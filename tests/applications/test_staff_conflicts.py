"""Possible conflicts of interest of the office's own people: found, put before them, and nothing given to them until they answer."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application, Assessment, Conflict, Decision, InterviewSlot
from applications.services.conflicts import dismiss_conflict
from applications.services.decisions import accept_shared_outcomes, decide
from applications.services.interviews import replace_interviewer
from applications.services.triage import claim, claim_next
from applications.states import ApplicationStatus, ConflictStatus
from applications.tasks import sweep_conflicts
from cohort.models import CouncilDomain
from cohort.states import ContactStatus
from tests.factories import ContactFactory, CouncilFactory, StaffFactory, UserFactory
from tests.factories.judging import ConflictFactory, InterviewFactory, InterviewSlotFactory, SubmittedFactory, judge, scored_call
from upstream import clock
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def call(db):
    return scored_call()


@pytest.fixture
def eoi(call):
    return SubmittedFactory(call=call)


def works_for(person, application, **details):
    return ContactFactory(user=person, council=application.council, **details)


def dismissed(application, person):
    return dismiss_conflict(application_id=application.pk, user=person, reason="I left long ago.", by=person)


def possible():
    return set(Conflict.objects.proposed().values_list("user", "application"))


def test_the_sweep_finds_who_judges_and_belongs_to_a_council_and_asks_once(eoi, staff):
    shortlisted = SubmittedFactory(call=eoi.call, status=ApplicationStatus.SHORTLISTED)
    gone = SubmittedFactory(call=eoi.call, status=ApplicationStatus.WITHDRAWN)
    CouncilDomain.objects.create(council=eoi.council, domain="barset.example")
    by_domain, by_second_address = StaffFactory(email="kim@barset.example"), StaffFactory()
    EmailAddress.objects.create(user=by_second_address, email="Lee@Barset.example")
    works_for(staff, shortlisted, status=ContactStatus.ENDED)
    works_for(staff, gone)
    for outsider in (UserFactory(email="ann@barset.example"), StaffFactory(email="bob@barset.example", is_active=False)):
        works_for(outsider, shortlisted)
    finance = UserFactory(is_staff=True, email="cat@barset.example")
    finance.groups.add(Group.objects.get(name="Finance"))
    sweep_conflicts()
    assert possible() == {(by_domain.pk, eoi.pk), (by_second_address.pk, eoi.pk), (staff.pk, shortlisted.pk)}
    assert Conflict.objects.get(user=by_domain).detail == "Their email address is at barset.example, which belongs to the council."
    dismissed(shortlisted, staff)
    sweep_conflicts()
    assert (staff.pk, shortlisted.pk) not in possible()


@pytest.mark.parametrize("number", [5, 50])
def test_the_sweep_asks_as_many_questions_for_any_number(call, number):
    people = StaffFactory.create_batch(number)
    for person, application in zip(people, SubmittedFactory.create_batch(number, call=call), strict=True):
        works_for(person, application)
    with CaptureQueriesContext(connection) as asked:
        sweep_conflicts()
    assert len(possible()) == number
    assert len(asked) == 8


def test_an_assessor_is_served_nothing_that_waits_for_their_answer(eoi, staff):
    works_for(staff, eoi)
    other = SubmittedFactory(call=eoi.call)
    assert claim_next(call_id=eoi.call_id, by=staff).application == other
    assert possible() == {(staff.pk, eoi.pk)}
    assert claim_next(call_id=eoi.call_id, by=staff) is None
    with pytest.raises(InvalidTransition, match="Say first whether it is one"):
        claim(application_id=eoi.pk, by=staff)
    dismissed(eoi, staff)
    assert claim_next(call_id=eoi.call_id, by=staff).application == eoi


def test_nobody_decides_before_they_have_answered(eoi, staff):
    for _ in range(2):
        judge(eoi, StaffFactory(), 4)
    ConflictFactory(application=eoi, user=staff, status=ConflictStatus.PROPOSED)
    words = {"outcome": ApplicationStatus.SHORTLISTED, "reason": "Strong.", "feedback": "", "seen": ""}
    with pytest.raises(InvalidTransition, match="Say first whether it is one"):
        decide(application_id=eoi.pk, by=staff, **words)
    accepted = accept_shared_outcomes(expected={eoi.pk: ApplicationStatus.SHORTLISTED}, by=staff)
    assert [application for application, _ in accepted.skipped] == [eoi]
    assert not Decision.objects.exists()
    dismissed(eoi, staff)
    assert accept_shared_outcomes(expected={eoi.pk: ApplicationStatus.SHORTLISTED}, by=staff).decisions


def test_no_council_is_offered_somebody_who_has_still_to_answer(call, staff):
    eoi = SubmittedFactory(call=call, council=CouncilFactory(), status=ApplicationStatus.SHORTLISTED)
    slot = InterviewSlotFactory(call=call, interviewer=staff)
    now = clock.now()
    assert slot in InterviewSlot.objects.open_to(eoi, now)
    ConflictFactory(application=eoi, user=staff, status=ConflictStatus.PROPOSED)
    assert slot not in InterviewSlot.objects.open_to(eoi, now)
    interview = InterviewFactory(application=eoi, slot__interviewer=StaffFactory())
    with pytest.raises(ValidationError, match="has a conflict of interest with this council, or may have one"):
        replace_interviewer(interview_id=interview.pk, seat="interviewer", person=staff, by=StaffFactory())
    dismissed(eoi, staff)
    assert slot in InterviewSlot.objects.open_to(eoi, now)


def answer(client, conflict, **typed):
    return client.post(reverse("admin:applications_conflict_answer", args=[conflict.pk]), typed, follow=True).content.decode()


def test_the_front_page_and_the_queue_lead_to_the_answer(client, eoi, staff):
    client.force_login(staff)
    conflict = ConflictFactory(application=eoi, user=staff, status=ConflictStatus.PROPOSED, detail="They act for the council.")
    address = reverse("admin:applications_conflict_answer", args=[conflict.pk])
    front, queue = reverse("admin:index"), reverse("admin:applications_assessment_changelist")
    assert "1 possible conflict of interest of yours to answer" in client.get(front).content.decode()
    assert f'href="{address}"' in client.get(queue).content.decode()
    page = answer(client, conflict, kind="none", detail="")
    assert "Enter details of your interest, or why it is no conflict" in page
    page = answer(client, conflict, kind="none", detail="I left long ago.")
    assert "It is on record that you have no conflict" in page
    conflict.refresh_from_db()
    assert (conflict.status, conflict.reason, conflict.decided_by) == (ConflictStatus.DISMISSED, "I left long ago.", staff)
    assert "to answer" not in client.get(front).content.decode()
    assert address not in client.get(queue).content.decode()


def test_saying_that_it_is_one_closes_the_eoi_and_gives_the_seat_back(client, eoi, staff):
    client.force_login(staff)
    claim(application_id=eoi.pk, by=staff)
    conflict = ConflictFactory(application=eoi, user=staff, status=ConflictStatus.PROPOSED)
    assert "closed to you now" in answer(client, conflict, kind="council", detail="I work there.")
    assert eoi not in Application.objects.visible_to(staff)
    assert not Assessment.objects.exists()


def test_nobody_answers_for_somebody_else(client, eoi, staff):
    client.force_login(staff)
    conflict = ConflictFactory(application=eoi, user=StaffFactory(), status=ConflictStatus.PROPOSED)
    assert f"Only {conflict.user} can answer this" in answer(client, conflict, kind="none", detail="They left.")
    conflict.refresh_from_db()
    assert conflict.status == ConflictStatus.PROPOSED
