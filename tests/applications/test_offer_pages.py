"""The pages of offers: the office's, and the council's."""

import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from applications import tasks
from applications.models import Decision, Letter, Offer, Release
from applications.services.releases import prepare_release, release_decisions, schedule_release
from applications.states import ApplicationStatus, Stage
from cohort.models import Cohort, Membership
from tests.applications.test_offers import (  # noqa: F401  (fixtures)
    NOW,
    RESPOND_ON,
    TOO_LATE,
    accept,
    call,
    eois,
    hold,
    other,
    prepare,
    released,
    staff,
    status_of,
)
from tests.factories import ContactFactory
from tests.factories.judging import ConflictFactory, DecisionFactory, ReleaseFactory, ShortlistedFactory
from upstream.correspondence.models import OutboundEmail
from upstream.documents.models import StoredFile

S = ApplicationStatus
COUNCILS_PAGES = ("eoi", "answers", "receipt", "interview", "check", "withdraw", "offer", "offer_decline", "agreement")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def office(client, staff):  # noqa: F811
    client.force_login(staff)
    return client


def url(name, *args):
    return reverse(f"admin:applications_{name}", args=args)


def text_of(response):
    return response.content.decode()


def test_the_list_shows_the_places_and_what_a_conflict_hides_is_not_there(office, staff, call, eois):  # noqa: F811
    ConflictFactory(application=eois[0], user=staff)
    page = text_of(office.get(url("decision_changelist")))
    assert eois[0].reference not in page
    assert all(eoi.reference in page for eoi in eois[1:])
    assert office.get(url("decision_decide", eois[0].pk)).status_code == 404


def test_a_decision_is_held_on_its_page_with_feedback_by_criterion_that_comes_back_as_it_was_typed(office, call, staff):  # noqa: F811
    eoi = ShortlistedFactory(call=call)
    fit, evidence = call.criteria.all()
    page = url("decision_decide", eoi.pk)
    typed = {"outcome": "not_selected", "reason": "Too early.", f"feedback_{fit.pk}": "A good fit."}
    response = office.post(page, typed)
    assert "Enter the feedback about “Evidence”" in text_of(response)
    assert "A good fit." in text_of(response)
    # A rank is a reserve's alone, so what stands in its box is no fault here.
    whole = typed | {f"feedback_{evidence.pk}": "Say more:\n\n### Fit of numbers", "reserve_rank": "two"}
    assert office.post(page, whole).status_code == 302
    decision = Decision.objects.get()
    assert decision.feedback == "### Fit\n\nA good fit.\n\n### Evidence\n\nSay more:\n\n### Fit of numbers"
    form = office.get(page).context["form"]
    assert (form[f"feedback_{fit.pk}"].initial, form[f"feedback_{evidence.pk}"].initial) == (
        "A good fit.",
        "Say more:\n\n### Fit of numbers",
    )
    office.post(url("decision_clear", eoi.pk), {"seen": decision.version})
    assert not Decision.objects.exists()


@pytest.mark.parametrize(("rank", "message"), [("", "Enter a rank"), ("1", "Another reserve has rank 1"), ("two", "whole number")])
def test_a_reserve_needs_a_rank_of_its_own(office, call, eois, rank, message):  # noqa: F811
    eoi = ShortlistedFactory(call=call)
    response = office.post(url("decision_decide", eoi.pk), {"outcome": "reserve", "reason": "So.", "reserve_rank": rank})
    assert message in text_of(response)
    assert not eoi.decisions.exists()


def test_preparing_asks_for_the_date_and_warns_when_it_is_after_the_promise(office, staff, call, eois):  # noqa: F811
    page = url("release_prepare")
    shown = text_of(office.get(page))
    assert "2 places are free" in shown
    assert "19 August 2019" in shown
    today = {"dated_on_day": "5", "dated_on_month": "8", "dated_on_year": "2019"}
    assert "Enter the last day" in text_of(office.post(page, today))
    saturday = {"respond_on_day": "17", "respond_on_month": "8", "respond_on_year": "2019"}
    assert "must be a working day" in text_of(office.post(page, today | saturday))
    assert not Release.objects.exists()
    response = office.post(page, today | saturday | {"respond_on_day": "21"}, follow=True)
    assert "which is later" in text_of(response)
    assert Release.objects.get().stage == Stage.SELECTION
    board = text_of(office.get(url("decision_changelist")))
    assert "Go to the release" in board
    assert "Prepare the release" not in board


def test_the_second_person_releases_now_or_at_a_moment(client, staff, other, call, eois):  # noqa: F811
    release = prepare(call, staff)
    client.force_login(other)
    page = url("release_release", release.pk)
    shown = text_of(client.get(page))
    assert all(eoi.reference in shown for eoi in eois)
    assert "Release them on that day" not in shown
    assert "must be in the future" in text_of(client.post(page, {"when": "later", "at_0": "2019-08-05", "at_1": "09:00"}))
    assert "Enter a time on that day" in text_of(client.post(page, {"when": "later", "at_0": "2019-08-06", "at_1": "09:00"}))
    response = client.post(page, {"when": "later", "at_0": "2019-08-05", "at_1": "17:00"}, follow=True)
    assert "released by itself at 5pm on Monday 5 August 2019" in text_of(response)
    client.post(url("release_call-off", release.pk))
    release.refresh_from_db()
    assert (release.scheduled_for, release.scheduled_by) == (None, None)
    client.post(page)
    assert status_of(eois[0]) == S.OFFERED


def test_the_outcomes_by_group_are_read_on_their_page_before_a_release(office, staff, other, call, eois):  # noqa: F811
    release = prepare_release(call_id=call.pk, by=other, respond_on=RESPOND_ON)
    Letter.objects.update(sha256="0" * 64)
    page, outcomes = url("release_change", release.pk), f"{url('scenario_impact')}?call={call.pk}"
    assert "say at the end of those that you have read them" in text_of(office.get(page))
    assert "Release the decisions" not in text_of(office.get(page))
    assert "I have read the outcomes by group" in text_of(office.get(outcomes))
    after = text_of(office.post(outcomes, follow=True))
    assert "Release the decisions" in after
    assert f"{staff} read the" in after
    assert "I have read the outcomes by group" not in text_of(office.get(outcomes))
    assert "No release waits for this" in text_of(office.post(outcomes, follow=True))


def test_a_reserve_is_promoted_after_asking(office, call, released):  # noqa: F811
    page = url("decision_promote", released[2].pk)
    assert "No place is free" in text_of(office.get(page, follow=True))
    office.post(page, {"reason": "First."})
    assert not Decision.objects.held().exists()
    Offer.objects.filter(application=released[0]).update(lapsed_at=NOW)
    assert "<strong>1</strong> of 2 places is free" in text_of(office.get(page))
    assert "1 reserve waiting while a place is free" in text_of(office.get(reverse("admin:index")))
    office.post(page, {"reason": "First."})
    assert Decision.objects.held().get().application == released[2]
    assert "not a reserve without a decision" in text_of(office.get(page, follow=True))
    Cohort.objects.update(places=3)
    assert "waiting while a place is free" not in text_of(office.get(reverse("admin:index")))


def test_the_lists_of_offers_members_and_people(office, released):  # noqa: F811
    accept(released[0])
    page = text_of(office.get(url("offer_changelist")))
    assert "Sam Okafor, Director" in page
    assert "9 days and 14 hours" in page
    assert "Two people take part." in text_of(office.get(url("offer_change", released[0].offer.pk)))
    assert "2 to name" in text_of(office.get(reverse("admin:cohort_membership_changelist")))
    assert office.get(reverse("admin:cohort_delegate_changelist")).status_code == 200


@pytest.mark.parametrize("page", ["decision_changelist", "offer_changelist"])
def test_lists_take_as_many_queries_for_fifty_rows_as_for_five(office, call, page):  # noqa: F811
    release = ReleaseFactory(call=call, stage=Stage.SELECTION, respond_by=TOO_LATE)
    counts = []
    for more in (5, 45):
        for eoi in ShortlistedFactory.create_batch(more, call=call, status=S.OFFERED):
            decision = DecisionFactory(application=eoi, stage=Stage.SELECTION, outcome=S.OFFERED, release=release, released_at=NOW)
            Offer.objects.create(application=eoi, decision=decision, respond_by=TOO_LATE, agreement="A")
        office.get(url(page))
        with CaptureQueriesContext(connection) as captured:
            assert office.get(url(page)).status_code == 200
        counts.append(len(captured))
    print(f"\n{page}: {counts} queries")
    assert counts[0] == counts[1]


# The council


@pytest.fixture
def council(client, released):  # noqa: F811
    client.force_login(released[0].created_by)
    return client


def page_of(name, eoi):
    return reverse(f"applications:{name}", args=[eoi.reference])


def test_a_council_reads_its_outcome_signs_and_is_a_member(council, released):  # noqa: F811
    eoi = released[0]
    shown = text_of(council.get(page_of("eoi", eoi)))
    assert "We offer your council a place" in shown
    assert "the end of Wednesday 14 August 2019" in shown
    assert "Answer the offer" in text_of(council.get(reverse("home")))
    offer = page_of("offer", eoi)
    response = council.get(offer)
    assert response.context["form"]["name"].value() is None  # it is a signature, so nobody types it for them
    assert "Our earlier letter" not in shown
    typed = {"name": "Sam Okafor", "role": "", "agree": "on", "sha256": response.context["sha256"]}
    refused = text_of(council.post(offer, typed))
    assert "Enter your role at the council" in refused
    assert "Sam Okafor" in refused
    assert "not the text" in text_of(council.post(offer, typed | {"role": "Director", "sha256": "0" * 64}))
    assert "Tick the box" in text_of(council.post(offer, typed | {"role": "Director", "agree": ""}))
    shown = text_of(council.post(offer, typed | {"role": "Director"}, follow=True))
    assert "Sam Okafor signed the member agreement" in shown
    assert f"Our earlier letter: {eoi.reference}: we offer you a place" in shown
    assert eoi.offer.signed_address == "127.0.0.1"
    member = Membership.objects.get()
    assert reverse("cohort:member", args=[member.pk]) in shown
    assert "2 of 2 are still to be named" in shown
    assert "signed the agreement below" in text_of(council.get(offer))
    assert council.get(page_of("agreement", eoi))["Content-Type"] == "application/pdf"
    assert reverse("cohort:member", args=[member.pk]) in text_of(council.get(reverse("home")))


def test_a_council_declines_after_being_asked(council, released):  # noqa: F811
    assert "You cannot undo this" in text_of(council.get(page_of("offer_decline", released[0])))
    assert "Enter why your council declines the place" in text_of(council.post(page_of("offer_decline", released[0])))
    assert status_of(released[0]) == S.OFFERED
    shown = text_of(council.post(page_of("offer_decline", released[0]), {"reason": "No time"}, follow=True))
    assert "declined the place at" in shown
    assert Offer.objects.get(application=released[0]).declined_reason == "No time"


def test_after_its_moment_an_offer_shows_no_form(council, released, move_clock):  # noqa: F811
    move_clock(TOO_LATE)
    council.force_login(released[0].created_by)
    shown = text_of(council.get(page_of("offer", released[0])))
    assert "It has lapsed" in shown
    assert "Sign and accept" not in shown
    digest = Offer.objects.get(application=released[0]).agreement_sha256
    answer = {"name": "Sam", "role": "Director", "agree": "on", "sha256": digest}
    assert "can no longer be accepted" in text_of(council.post(page_of("offer", released[0]), answer, follow=True))


@pytest.mark.parametrize("page", ["offer", "offer_decline", "agreement"])
def test_an_offer_is_nobody_elses_to_see(client, released, page):  # noqa: F811
    for eoi in released[1:]:
        client.force_login(eoi.created_by)
        assert client.get(page_of(page, released[0])).status_code == 404


@pytest.fixture
def what_councils_see(client, call):  # noqa: F811
    """Return four shortlisted EoIs and a function that reads all that their councils can reach."""
    made = ShortlistedFactory.create_batch(4, call=call)
    for eoi in made:
        ContactFactory(council=eoi.council, user=eoi.created_by)

    def look():
        seen = {}
        for eoi in made:
            client.force_login(eoi.created_by)
            urls = [page_of(name, eoi) for name in COUNCILS_PAGES] + [reverse("home"), reverse("cohort:people", args=[eoi.council.code])]
            for address in urls:
                response = client.get(address)
                if "pdf" in response["Content-Type"]:
                    seen[eoi.pk, address] = response.status_code
                    continue
                seen[eoi.pk, address] = response.status_code, re.sub(r'value="[A-Za-z0-9]{64}"', "", text_of(response))
            seen[eoi.pk, "pdf"] = PdfReader(io.BytesIO(client.get(page_of("pdf", eoi)).content)).pages[0].extract_text()
            for model in (Letter, Decision, Release, Offer, Membership):
                seen[eoi.pk, model] = list(model.objects.visible_to(eoi.created_by))
            seen[eoi.pk, "mail"] = list(OutboundEmail.objects.filter(recipient=eoi.created_by.email))
            seen[eoi.pk, "files"] = list(StoredFile.objects.visible_to(eoi.created_by))
        return seen

    return made, look


def test_until_the_release_councils_see_what_they_saw_before_anything_was_decided(what_councils_see, call, staff, other):  # noqa: F811
    made, look = what_councils_see
    before = look()
    assert before[made[0].pk, page_of("offer", made[0])][0] == 404
    for application, outcome in zip(made, [S.OFFERED, S.OFFERED, S.RESERVE, S.NOT_SELECTED], strict=True):
        hold(application, outcome, staff, rank=1 if outcome == S.RESERVE else None)
    assert look() == before
    release = prepare(call, staff)
    Letter.objects.update(sha256="")
    tasks.make_letter(Letter.objects.first().pk)
    Letter.objects.filter(sha256="").update(sha256="0" * 64)
    assert look() == before
    schedule_release(release_id=release.pk, at=NOW + timedelta(hours=3), by=other)
    assert look() == before
    release_decisions(release_id=release.pk, by=other)
    after = look()
    # The control: each of them sees something else now.
    assert all(after[eoi.pk, page_of("eoi", eoi)] != before[eoi.pk, page_of("eoi", eoi)] for eoi in made)
    assert all(after[eoi.pk, Letter] and after[eoi.pk, "mail"] for eoi in made)
    print(f"\n{len(before)} things that councils can reach, alike while decided, prepared and under an embargo")


def test_an_editor_reads_the_offer_and_cannot_answer_it(client, released):  # noqa: F811
    editor = ContactFactory(council=released[0].council, role="editor").user
    client.force_login(editor)
    shown = text_of(client.get(page_of("offer", released[0])))
    assert "Sign and accept" not in shown
    assert "See who can submit" in shown
    assert client.get(page_of("offer_decline", released[0])).status_code == 302
    assert timezone.now() == NOW
