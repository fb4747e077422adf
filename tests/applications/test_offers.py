"""Offers of a place: made by the release, answered once, before their time is over, by somebody who may sign."""

import hashlib
import io
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from pypdf import PdfReader

from applications import tasks
from applications.documents import agreement_attachment
from applications.models import Application, Decision, Letter, Offer
from applications.services.decisions import clear_decision, decide
from applications.services.offers import Signature, accept_offer, decline_offer, lapse_offer, lapse_offers, promote_reserve
from applications.services.places import free_places, free_to_promote
from applications.services.releases import call_off_release, prepare_release, read_outcomes, release_decisions, schedule_release
from applications.services.submission import withdraw_application
from applications.states import ApplicationStatus, Stage
from cohort.models import Cohort, Membership
from cohort.services.contacts import NotPossible
from cohort.states import ContactRole
from tests.factories import CohortFactory, ContactFactory, StaffFactory
from tests.factories.judging import ConflictFactory, ShortlistedFactory, SubmittedFactory, scored_call
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

S = ApplicationStatus
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
NOW = datetime(2019, 8, 5, 9, tzinfo=UTC)
RESPOND_ON = date(2019, 8, 14)
TOO_LATE = datetime(2019, 8, 14, 23, tzinfo=UTC)  # the end of that day, UK time
AGREEMENT = "## What we promise\n\nTwo people take part."


@pytest.fixture
def call(db, settings, tmp_path, move_clock):
    settings.MEDIA_ROOT = tmp_path
    move_clock(NOW)
    cohort = CohortFactory(places=2, confirmations_due_on=date(2019, 8, 19))
    dates = {"opens_at": NOW - timedelta(days=60), "closes_at": NOW - timedelta(days=21)}
    return scored_call(cohort=cohort, agreement=AGREEMENT, agreement_version="1.2", **dates)


@pytest.fixture
def staff(roles):
    return StaffFactory()


@pytest.fixture
def other(roles):
    return StaffFactory()


def hold(application, outcome, by, rank=None, feedback="Clear."):
    held = application.decisions.held().first()
    words = {"reason": "So.", "feedback": feedback, "seen": held.version if held else ""}
    return decide(application_id=application.pk, outcome=outcome, by=by, reserve_rank=rank, **words)


@pytest.fixture
def eois(call, staff):
    """Return four shortlisted EoIs: two to be offered a place, a reserve, and one that is not selected."""
    made = ShortlistedFactory.create_batch(4, call=call)
    for application, outcome in zip(made, [S.OFFERED, S.OFFERED, S.RESERVE, S.NOT_SELECTED], strict=True):
        ContactFactory(council=application.council, user=application.created_by)
        hold(application, outcome, staff, rank=1 if outcome == S.RESERVE else None)
    return made


def prepare(call, by, respond_on=RESPOND_ON, dated_on=None):
    release = prepare_release(call_id=call.pk, by=by, respond_on=respond_on, dated_on=dated_on)
    Letter.objects.unmade().update(sha256="0" * 64)  # laying them out is tested with the releases
    return read_outcomes(release_id=release.pk, by=by)


@pytest.fixture
def released(call, staff, other, eois):
    release_decisions(release_id=prepare(call, staff).pk, by=other)
    for application in eois:
        application.refresh_from_db()
    return eois


def signature(offer, **changes):
    return Signature(**{"name": "Sam Okafor", "role": "Director", "address": "192.0.2.7", "sha256": offer.agreement_sha256} | changes)


def accept(application, by=None, **changes):
    offer = Offer.objects.get(application=application)
    return accept_offer(application_id=application.pk, signature=signature(offer, **changes), by=by or application.created_by)


def status_of(application):
    return Application.objects.get(pk=application.pk).status


# Deciding and releasing


def test_a_decision_of_the_selection_is_held_changed_and_cleared(call, staff):
    eoi = ShortlistedFactory(call=call)
    assert hold(eoi, S.OFFERED, staff).stage == Stage.SELECTION
    reserve = hold(eoi, S.RESERVE, staff, rank=3)
    assert (reserve.outcome, reserve.reserve_rank, Decision.objects.count()) == ("reserve", 3, 1)
    assert hold(eoi, S.NOT_SELECTED, staff).reserve_rank is None
    assert status_of(eoi) == S.SHORTLISTED
    clear_decision(application_id=eoi.pk, seen=eoi.decisions.held().get().version, by=staff)
    assert not Decision.objects.exists()


@pytest.mark.parametrize(("outcome", "rank"), [(S.SHORTLISTED, None), (S.RESERVE, None), (S.OFFERED, 1)])
def test_a_shortlisted_eoi_gets_an_outcome_of_the_selection_and_only_a_reserve_a_rank(call, staff, outcome, rank):
    with pytest.raises(ValidationError):
        hold(ShortlistedFactory(call=call), outcome, staff, rank=rank)


@pytest.mark.parametrize(
    ("why", "message"),
    [
        ("undecided", "wait"),
        ("too many", "3 offers would be made, and 2 places are free"),
        ("no agreement", "no member agreement"),
        ("no date", "Enter the day"),
        ("past", "in the future"),
        ("a Saturday", "working day"),
        ("a bank holiday", "working day"),
    ],
)
def test_a_selection_is_prepared_only_when_it_can_be_kept(call, staff, eois, why, message):
    day = {"no date": None, "past": date(2019, 8, 5), "a Saturday": date(2019, 8, 17), "a bank holiday": date(2019, 8, 26)}
    if why == "undecided":
        ShortlistedFactory(call=call)
    elif why == "too many":
        hold(eois[2], S.OFFERED, staff)
    elif why == "no agreement":
        type(call).objects.update(agreement="")
    with pytest.raises(ValidationError, match=message):
        prepare_release(call_id=call.pk, by=staff, respond_on=day.get(why, RESPOND_ON))


def test_nothing_is_selected_while_an_eoi_waits_for_the_shortlist(call, staff, eois):
    SubmittedFactory(call=call)
    with pytest.raises(ValidationError, match="wait"):
        prepare_release(call_id=call.pk, by=staff, respond_on=RESPOND_ON)


def test_releasing_makes_offers_with_the_agreement_as_it_stands_and_every_council_reads_its_own_letter(call, released):
    assert [each.status for each in released] == [S.OFFERED, S.OFFERED, S.RESERVE, S.NOT_SELECTED]
    offer = Offer.objects.get(application=released[0])
    assert (offer.agreement, offer.agreement_version) == (AGREEMENT, "1.2")
    assert offer.agreement_sha256 == hashlib.sha256(AGREEMENT.encode()).hexdigest()
    assert offer.respond_by == TOO_LATE
    assert set(Offer.objects.values_list("application", flat=True)) == {released[0].pk, released[1].pk}
    texts = {letter.decision.application_id: letter.text for letter in Letter.objects.select_related("decision")}
    assert "the end of Wednesday 14 August 2019" in texts[released[0].pk]
    assert "reserve list" in texts[released[2].pk]
    assert "Clear." in texts[released[3].pk]
    assert free_places(call) == 0


def test_letters_go_to_their_own_council_alone(released):
    """Pairwise: no letter, email or file of one council names another, and nobody of another can read it."""
    for eoi in released:
        letter = Letter.objects.get(decision__application=eoi)
        emails = OutboundEmail.objects.about(letter)
        assert {email.recipient for email in emails} == {eoi.created_by.email}
        for stranger in released:
            own = stranger == eoi
            assert Letter.objects.visible_to(stranger.created_by).filter(pk=letter.pk).exists() == own
            assert Offer.objects.visible_to(stranger.created_by).filter(application=eoi).exists() == (own and eoi.status == S.OFFERED)
            said = letter.text + "".join(email.text for email in emails)
            assert (stranger.reference in letter.subject) == own
            assert own or (stranger.reference not in said and stranger.council.official_name not in said)


def test_a_letter_takes_no_more_than_the_places_that_are_left(call, staff, other, eois):
    release = prepare(call, staff)
    Cohort.objects.update(places=1)
    with pytest.raises(ValidationError, match="2 offers would be made, and 1 place is free"):
        release_decisions(release_id=release.pk, by=other)
    assert not Offer.objects.exists()


def test_nothing_goes_out_before_somebody_has_read_the_outcomes_by_group(call, staff, other, eois):
    release = prepare_release(call_id=call.pk, by=staff, respond_on=RESPOND_ON)
    Letter.objects.update(sha256="0" * 64)
    for release_it in (release_decisions, partial(schedule_release, at=NOW + timedelta(hours=1))):
        with pytest.raises(ValidationError, match="Nobody has read the outcomes by group"):
            release_it(release_id=release.pk, by=other)
    read_outcomes(release_id=release.pk, by=other)
    assert Entry.objects.about(release).filter(verb="release.outcomes_read", actor_id=other.pk).exists()
    release_decisions(release_id=release.pk, by=other)
    assert status_of(eois[0]) == S.OFFERED


def test_an_agreement_that_was_taken_away_after_the_letters_keeps_the_offers_from_going(call, staff, other, eois):
    release = prepare(call, staff)
    type(call).objects.update(agreement="")
    with pytest.raises(ValidationError, match="no member agreement"):
        release_decisions(release_id=release.pk, by=other)
    assert not Offer.objects.exists()


# The embargo


def test_an_embargo_releases_at_its_moment_and_not_before(call, staff, other, eois, move_clock):
    at = NOW + timedelta(days=1)
    release = prepare(call, staff, dated_on=at.date())
    schedule_release(release_id=release.pk, at=at, by=other)
    move_clock(at - timedelta(seconds=1))
    tasks.sweep_releases()
    assert status_of(eois[0]) == S.SHORTLISTED
    assert not OutboundEmail.objects.filter(kind="decision-letter").exists()
    move_clock(at)
    tasks.sweep_releases()
    tasks.sweep_releases()
    release.refresh_from_db()
    assert (status_of(eois[0]), release.released_by, release.released_at) == (S.OFFERED, other, at)
    assert OutboundEmail.objects.filter(kind="decision-letter").count() == 4


def test_an_embargo_may_be_called_off(call, staff, other, eois, move_clock):
    release = prepare(call, staff)
    schedule_release(release_id=release.pk, at=NOW + timedelta(hours=2), by=other)
    call_off_release(release_id=release.pk, by=staff)
    with pytest.raises(InvalidTransition):
        call_off_release(release_id=release.pk, by=staff)
    move_clock(NOW + timedelta(days=1))
    tasks.sweep_releases()
    assert status_of(eois[0]) == S.SHORTLISTED


def test_an_embargo_falls_with_the_role_of_whoever_set_it(call, staff, other, eois, move_clock):
    release = prepare(call, staff)
    schedule_release(release_id=release.pk, at=NOW + timedelta(hours=2), by=other)
    other.groups.clear()
    move_clock(NOW + timedelta(days=1))
    tasks.sweep_releases()
    assert status_of(eois[0]) == S.SHORTLISTED


def test_an_embargo_needs_a_second_person_a_moment_to_come_and_time_to_answer(call, staff, other, eois):
    release = prepare(call, staff)
    for by, at in [(staff, NOW + timedelta(hours=1)), (other, NOW), (other, TOO_LATE)]:
        with pytest.raises(ValidationError):
            schedule_release(release_id=release.pk, at=at, by=by)


# Answering


def test_accepting_signs_the_agreement_and_makes_a_member(released):
    eoi = released[0]
    offer = accept(eoi)
    assert (offer.signed_name, offer.signed_role, offer.signed_address) == ("Sam Okafor", "Director", "192.0.2.7")
    assert (offer.accepted_at, offer.answered_by, status_of(eoi)) == (NOW, eoi.created_by, S.ACCEPTED)
    member = Membership.objects.get()
    assert (member.council, member.cohort.places_taken) == (eoi.council, 1)
    verbs = list(Entry.objects.order_by("pk").values_list("verb", flat=True))[-2:]
    assert verbs == ["member.admitted", "offer.accepted"]
    email = OutboundEmail.objects.get(kind="offer-accepted")
    name, content, kind = agreement_attachment(email)
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert (name, kind) == (f"{eoi.reference} member agreement.pdf", "application/pdf")
    assert "Two people take part." in text
    assert "Sam Okafor" in text


def test_accepting_twice_is_one_membership(released):
    accept(released[0])
    accept(released[0])
    assert (Membership.objects.count(), Cohort.objects.get().places_taken) == (1, 1)
    assert OutboundEmail.objects.filter(kind="offer-accepted").count() == 1


def test_an_offer_is_open_strictly_before_its_moment(released, move_clock):
    move_clock(TOO_LATE - timedelta(microseconds=1))
    accept(released[0])
    move_clock(TOO_LATE)
    with pytest.raises(InvalidTransition, match="open until"):
        accept(released[1])
    assert Membership.objects.count() == 1


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_another_text_than_the_one_shown_is_not_signed(released, digest):
    with pytest.raises(ValidationError, match="not the text"):
        accept(released[0], sha256=digest)
    Offer.objects.filter(application=released[0]).update(agreement="Ten people take part.")
    with pytest.raises(ValidationError, match="not the text"):
        accept(released[0])
    assert not Membership.objects.exists()


def test_only_somebody_who_can_submit_answers(released):
    editor = ContactFactory(council=released[0].council, role=ContactRole.EDITOR).user
    stranger = released[1].created_by
    for person in (editor, stranger):
        with pytest.raises(NotPossible):
            accept(released[0], by=person)
        with pytest.raises(NotPossible):
            decline_offer(application_id=released[0].pk, reason="", by=person)


def test_where_every_place_is_taken_nothing_is_kept(released):
    Cohort.objects.update(places_taken=2)
    with pytest.raises(InvalidTransition, match="Every place"):
        accept(released[0])
    assert (status_of(released[0]), Offer.objects.get(application=released[0]).accepted_at) == (S.OFFERED, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Cohort.objects.update(places_taken=3)


@pytest.mark.parametrize("how", ["declined", "withdrawn", "lapsed"])
def test_a_place_that_is_not_taken_is_free_again(call, released, move_clock, how):
    eoi = released[0]
    accept(released[1])
    if how == "declined":
        decline_offer(application_id=eoi.pk, reason="No time", by=eoi.created_by)
    elif how == "withdrawn":
        withdraw_application(application_id=eoi.pk, reason="No time", by=eoi.created_by)
    else:
        move_clock(TOO_LATE)
        assert lapse_offers() == 1
        assert lapse_offers() == 0
    assert status_of(eoi) == how
    assert not Offer.objects.get(application=eoi).is_open
    assert free_places(call) == 1
    with pytest.raises(InvalidTransition):
        accept(eoi)


def test_a_reserve_is_promoted_only_into_a_free_place_and_told_by_two_people(call, released, staff, other):
    reserve = released[2]
    with pytest.raises(InvalidTransition, match="No place is free"):
        promote_reserve(application_id=reserve.pk, reason="First reserve.", by=staff)
    decline_offer(application_id=released[0].pk, reason="", by=released[0].created_by)
    promote_reserve(application_id=reserve.pk, reason="First reserve.", by=staff)
    with pytest.raises(InvalidTransition):
        promote_reserve(application_id=reserve.pk, reason="Again.", by=staff)
    assert status_of(reserve) == S.RESERVE
    release = prepare(call, staff)
    with pytest.raises(ValidationError, match="somebody else"):
        release_decisions(release_id=release.pk, by=staff)
    release_decisions(release_id=release.pk, by=other)
    assert status_of(reserve) == S.OFFERED
    assert accept(reserve).accepted_at == timezone.now()


def test_only_a_reserve_without_a_decision_is_promoted_by_somebody_without_a_conflict(call, released, staff):
    Cohort.objects.update(places=9)
    reserve, told_no = released[2:]
    with pytest.raises(InvalidTransition, match="can no longer be decided"):
        promote_reserve(application_id=told_no.pk, reason="Please.", by=staff)
    with pytest.raises(InvalidTransition, match="not a reserve without a decision"):
        promote_reserve(application_id=ShortlistedFactory(call=call).pk, reason="Now.", by=staff)
    in_conflict = ConflictFactory(application=reserve, user=StaffFactory()).user
    with pytest.raises(InvalidTransition, match="can no longer be decided"):
        promote_reserve(application_id=reserve.pk, reason="Mine.", by=in_conflict)
    promote_reserve(application_id=reserve.pk, reason="First reserve.", by=staff)
    with pytest.raises(InvalidTransition, match="not a reserve without a decision"):
        promote_reserve(application_id=reserve.pk, reason="Again.", by=staff)


def test_an_answer_is_given_once_and_only_to_an_offer(released):
    with pytest.raises(InvalidTransition, match="no offer to answer"):
        decline_offer(application_id=released[2].pk, reason="", by=released[2].created_by)
    accept(released[0])
    with pytest.raises(InvalidTransition):
        decline_offer(application_id=released[0].pk, reason="", by=released[0].created_by)
    assert status_of(released[0]) == S.ACCEPTED


def test_an_offer_lapses_only_late_and_unanswered(released, move_clock):
    assert not lapse_offer(application_id=released[0].pk)
    accept(released[0])
    move_clock(TOO_LATE)
    assert not lapse_offer(application_id=released[0].pk)
    assert lapse_offer(application_id=released[1].pk)


def test_places_are_counted_for_each_cohort_alone(call, released):
    elsewhere = scored_call(cohort=CohortFactory(places=5))
    assert (free_places(call), free_places(elsewhere)) == (0, 5)
    hold(ShortlistedFactory(call=elsewhere), S.OFFERED, StaffFactory())
    assert (free_to_promote(call), free_to_promote(elsewhere)) == (0, 4)
