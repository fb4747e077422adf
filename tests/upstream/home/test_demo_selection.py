"""The demonstration's cohort at selection. It is loaded once for all tests here, which leave it as it is."""

from collections import Counter
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import call_command
from django.utils.timezone import localtime

from applications.models import Application, Assessment, Call, Conflict, Interview, InterviewSheet, InterviewSlot, Letter, Review
from applications.services.decisions import decide
from applications.services.releases import decided, keep_letter, prepare_release, release_decisions, undecided, what_is_missing
from applications.services.scoring import compared, numbers_differing
from applications.services.triage import Draft, Opinion, claim, complete_assessment, open_to, save_assessment
from applications.states import ApplicationStatus, AttemptOutcome, ConflictStatus, InterviewStatus, Stage
from applications.tasks import make_letter
from cohort.models import Council
from cohort.states import CouncilKind, Nation, Region
from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.home.demo import PEOPLE
from upstream.home.demo_selection import DATED, SLUG, load_selection

pytestmark = pytest.mark.django_db


def load():
    call_command("load_demo", verbosity=0)


def everything():
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in apps.get_models()}


@pytest.fixture(scope="module", autouse=True)
def demo(made_once):
    load()


@pytest.fixture
def call():
    return Call.objects.select_related("cohort").get(cohort__slug=SLUG)


def test_a_second_run_changes_nothing():
    before = everything()
    load()
    assert everything() == before


def test_everybody_whom_a_sign_in_link_names_is_there_with_a_proven_address(demo):
    emails = {person.email for person in PEOPLE.values()}
    assert set(EmailAddress.objects.filter(verified=True, email__in=emails).values_list("user__email", flat=True)) == emails


def test_the_call_closed_five_weeks_ago_at_midday_on_a_working_day_and_answers_are_due_in_two_weeks(call):
    closing, now = localtime(call.closes_at), clock.now()
    assert timedelta(days=32) < now - call.closes_at < timedelta(days=44)  # 25 working days before any day of the week
    assert (closing.hour, closing.minute, closing.weekday() < 5) == (12, 0, True)
    assert 12 <= (call.cohort.confirmations_due_on - localtime(now).date()).days <= 21  # 12 from a Sunday


def test_sixty_whole_expressions_of_interest_came_in_before_the_closing(call):
    applications = list(call.applications.select_related("council"))
    assert len({application.initiative_title for application in applications}) == len(applications) == 60
    for application in applications:
        attempt = application.attempts.get()
        assert attempt.outcome == AttemptOutcome.ACCEPTED
        late = application.status == ApplicationStatus.SUBMITTED
        assert call.opens_at < attempt.at == application.submitted_at < attempt.deadline
        assert (attempt.deadline > call.closes_at) == (attempt.at > call.closes_at) == late
        assert application.content_hash


def test_they_come_from_councils_of_every_kind_nation_and_region_and_of_many_controls(call):
    councils = Council.objects.filter(applications__call=call).with_control(clock.now().date())
    assert {council.kind for council in councils} == set(CouncilKind)
    assert {council.nation for council in councils} == set(Nation)
    assert {council.region for council in councils} == set(Region)
    assert len({council.control for council in councils}) > 8


def test_no_message_of_that_past_is_still_to_be_sent(call):
    letters = OutboundEmail.objects.filter(kind="decision-letter")
    assert letters.filter(status=EmailStatus.SENT, sent_at__gt=call.closes_at).count() == letters.count() == 55
    for kind, number in (("application-submitted", 60), ("extension-approved", 5)):
        messages = OutboundEmail.objects.filter(kind=kind, sent_at__lt=clock.now() - timedelta(days=1))
        assert messages.filter(status=EmailStatus.SENT).count() == number
    assert not OutboundEmail.objects.filter(status=EmailStatus.QUEUED, send_after__lt=call.closes_at).exists()


def test_the_shortlist_is_released_by_a_second_person_and_assessors_agreed_about_most_of_it(call):
    release = call.releases.get()
    assert (release.prepared_by.email, release.released_by.email) == (PEOPLE["staff"].email, PEOPLE["second-staff"].email)
    statuses = Counter(call.applications.values_list("status", flat=True))
    told = {ApplicationStatus.SHORTLISTED, ApplicationStatus.NOT_SHORTLISTED, ApplicationStatus.INELIGIBLE}
    assert set(statuses) == {*told, ApplicationStatus.SUBMITTED}
    assert 24 < statuses[ApplicationStatus.SHORTLISTED] < 40
    found = compared(Application.objects.filter(call=call, status__in=told), Assessment.objects.all())
    assert {len(comparison.judged) for comparison in found} == {2, 3}
    assert 2 < sum(comparison.differs for comparison in found) < 12


def test_the_letters_wait_for_the_worker(call):
    letters = Letter.objects.filter(decision__application__call=call)
    assert letters.unmade().count() == letters.count() == 55
    make_letter(letters.first().pk)
    assert letters.unmade().count() == 54


def test_a_second_release_is_reached_by_assessing_one_deciding_two_and_two_people(call):
    manager, head = (User.objects.get(email=PEOPLE[who].email) for who in ("staff", "second-staff"))
    assert decided(call.pk, Stage.SHORTLIST).count() == 3
    assert "2 expressions of interest still wait" in what_is_missing(call, Stage.SHORTLIST, manager)
    [differing] = [each for each in compared(undecided(call.pk, Stage.SHORTLIST), Assessment.objects.all()) if each.differs]
    assert numbers_differing(manager)[call.pk, call.title] == 1
    # Either of the two could be the second assessor.
    [waiting] = set(open_to(manager).filter(call=call)) & set(open_to(head).filter(call=call))
    opinions = {criterion.pk: Opinion(3, "Fair.") for criterion in call.criteria.all()}
    assessment = claim(application_id=waiting.pk, by=head)
    save_assessment(assessment_id=assessment.pk, revision=0, draft=Draft(opinions, is_eligible=True), by=head)
    complete_assessment(assessment_id=assessment.pk, by=head)
    for eoi in (differing.application, waiting):
        decide(application_id=eoi.pk, outcome=ApplicationStatus.SHORTLISTED, reason="Read again.", feedback="", seen="", by=manager)
    release = prepare_release(call_id=call.pk, by=manager)
    for letter in Letter.objects.filter(decision__release=release):
        keep_letter(letter_id=letter.pk, content=b"%PDF")
    assert release_decisions(release_id=release.pk, by=head) == []
    assert not call.applications.filter(status=ApplicationStatus.SUBMITTED).exists()


def test_interviews_are_held_but_for_one_that_was_missed_and_the_council_of_the_one_click_officer(call):
    statuses = Counter(Interview.objects.filter(application__call=call).values_list("status", flat=True))
    shortlisted = call.applications.filter(status=ApplicationStatus.SHORTLISTED).count()
    assert statuses == {InterviewStatus.HELD: shortlisted - 3, InterviewStatus.BOOKED: 2, InterviewStatus.NO_SHOW: 1}
    assert Interview.objects.filter(status=InterviewStatus.BOOKED, slot__starts_at__gt=clock.now()).count() == 1
    unbooked = Application.objects.awaiting_interview().get(call=call)
    assert Application.objects.visible_to(User.objects.get(email=PEOPLE["shortlisted"].email)).get() == unbooked
    assert InterviewSlot.objects.open_to(unbooked, clock.now()).exists()


def test_the_interviewer_has_a_sheet_to_submit(call):
    own = InterviewSheet.objects.unsubmitted_of(User.objects.get(email=PEOPLE["interviewer"].email))
    assert own.filter(interview__slot__starts_at__lt=clock.now()).get().scores.filter(score__isnull=False).count() == 6


def test_the_panel_has_scored_all_but_a_few_and_nobody_has_what_they_have_an_interest_in(call):
    reviews = Review.objects.filter(assignment__application__call=call)
    assert reviews.count() == 3 * call.applications.filter(status=ApplicationStatus.SHORTLISTED).count()
    assert reviews.counting().count() == reviews.count() - 11
    assert reviews.waiting().filter(assignment__member__user__email=PEOPLE["panel-member"].email).count() == 4
    assert call.panel.members.get(is_chair=True).user.email == PEOPLE["chair"].email
    assert Counter(Conflict.objects.values_list("status", flat=True)) == {ConflictStatus.ACTIVE: 2, ConflictStatus.WAIVED: 1}
    for conflict in Conflict.objects.active():
        assert not reviews.filter(assignment__application=conflict.application, assignment__member__user=conflict.user).exists()
    assert call.panel.due_at > clock.now()


def test_nothing_has_happened_in_the_future(call):
    for model, (path, fields) in DATED.items():
        for field in set(fields) - {"due_at"}:
            assert not model.objects.filter(**{path: call.pk, f"{field}__gt": clock.now()}).exists(), (model, field)


def test_it_moves_on_by_weeks_when_the_answers_are_due(call, move_clock):
    slots = list(InterviewSlot.objects.filter(call=call).values_list("starts_at", flat=True))
    move_clock(clock.now() + timedelta(days=90))
    load_selection()
    moved = Call.objects.select_related("cohort", "panel").get(pk=call.pk)
    by = moved.closes_at - call.closes_at
    assert by % timedelta(weeks=1) == timedelta(0)
    assert 6 < (moved.cohort.confirmations_due_on - localtime(clock.now()).date()).days < 22
    assert f"{moved.cohort.starts_on:%B %Y}" in moved.timeline
    assert [start - by for start in InterviewSlot.objects.filter(call=call).values_list("starts_at", flat=True)] == slots
    application = moved.applications.first()
    assert moved.opens_at < application.submitted_at < moved.closes_at
    load_selection()
    assert Call.objects.get(pk=call.pk).closes_at == moved.closes_at
