"""From 60 EoIs that the panel has scored to the pilot's 20 members by the day that was promised, as those who do it would live it."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from applications.models import Application, Call, Decision, Letter, Offer, Release, Scenario
from applications.services.places import free_places
from applications.services.releases import keep_letter
from applications.services.workbench.calculation import Result
from applications.services.workbench.candidates import Field
from applications.services.workbench.promotion import outlook
from applications.states import ApplicationStatus as S
from applications.tasks import make_letter
from cohort.models import Cohort, Delegate, Membership, PoliticalControl
from cohort.services.members import confirm_delegate, name_delegate
from cohort.states import Control, DelegateStatus, Region
from tests.applications.test_office_calls import posted
from tests.factories import ContactFactory, StaffFactory
from tests.factories.judging import PanelFactory, PanelMemberFactory, ShortlistedFactory, reviewed
from tests.journeys.test_selection import PDF, as_, do, office, page, words
from upstream.audit.models import Entry
from upstream.audit.services import broken_entries
from upstream.correspondence.models import OutboundEmail

pytestmark = pytest.mark.django_db
SEED = 20190819
ADOPTED = datetime(2019, 8, 6, 9, tzinfo=UTC)
TOLD = datetime(2019, 8, 7, 9, tzinfo=UTC)
SECOND_ROUND = datetime(2019, 8, 13, 9, tzinfo=UTC)
PROMISED = datetime(2019, 8, 19, 16, tzinfo=UTC)  # in the afternoon of the last day
AGREEMENT = "## What we promise\n\nTwo people take part for twelve months."
# Neither a region nor a control is the better one, so that the scores alone would not spread.
CONTROLS = (Control.CONSERVATIVE, Control.LABOUR, Control.LIBERAL_DEMOCRAT, Control.NO_OVERALL_CONTROL)
BOUNDS = {("region", region.value): (1, 3) for region in Region} | {("control", control.value): (4, 6) for control in CONTROLS}


class Cast:
    """Everybody who takes part, and the moment at which they do."""

    def __init__(self, move_clock):
        self.move_clock = move_clock
        self.call = Call.objects.get(cohort__slug="pilot-2019")
        self.manager, self.head = StaffFactory.create_batch(2)
        draw = random.Random(SEED)
        regions = draw.choices(list(Region), k=60 - len(Region)) + list(Region)
        self.eois = [self.eoi(region, CONTROLS[place % 4]) for place, region in enumerate(regions)]
        members = PanelMemberFactory.create_batch(6, panel=PanelFactory(call=self.call))
        criteria = self.call.criteria.count()
        for place, eoi in enumerate(self.eois):
            quality = draw.uniform(1, 5)
            for turn in range(3):
                marks = [min(5, max(0, round(draw.gauss(quality, 0.7)))) for _ in range(criteria)]
                reviewed(eoi, members[(place + turn) % 6], *marks)

    def eoi(self, region, control):
        contact = ContactFactory(council__region=region)
        PoliticalControl.objects.create(council=contact.council, since=TOLD.date() - timedelta(days=90), control=control)
        return ShortlistedFactory(call=self.call, council=contact.council, created_by=contact.user)

    def statuses(self):
        return Counter(self.call.applications.values_list("status", flat=True))

    def having(self, status):
        return list(self.call.applications.filter(status=status).select_related("council", "created_by").order_by("pk"))


@pytest.fixture
def cast(roles, move_clock, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    move_clock(ADOPTED)
    call_command("load_pilot", verbosity=0)
    return Cast(move_clock)


def choose(cast):
    """The manager starts from the scores, asks for a spread, sees its price, and adopts."""
    browser = as_(cast.manager)
    begun = browser.post(f"{office('scenario_workbench')}?call={cast.call.pk}")
    assert "60" in words(browser.get(begun.url))
    form = browser.get(begun.url).context["form"]
    rules = {}
    for place, group in enumerate(form.groups):
        if group in BOUNDS:
            rules[f"low_{place}"], rules[f"high_{place}"] = BOUNDS[group]
    spread = do(browser, begun.url, {"places": 20, "reserves": 5, "basis": "moderated"} | rules)
    first, chosen = Scenario.objects.order_by("pk")
    assert "points is the price of spread" in spread
    free, result = Result.read(first.result), Result.read(chosen.result)
    assert (len(result.chosen), result.unmet) == (20, ())
    assert result.chosen != free.chosen
    numbers = Field.read(chosen.inputs).numbers(result.chosen)
    assert all(low <= numbers[group] <= high for group, (low, high) in BOUNDS.items())
    do(browser, office("scenario_save", chosen.pk), {"name": "Spread", "note": ""})
    assert "Hold 60 decisions" in words(browser.get(office("scenario_adopt", chosen.pk)))
    do(browser, office("scenario_adopt", chosen.pk))
    held = Counter(Decision.objects.held().values_list("outcome", flat=True))
    assert held == {S.OFFERED: 20, S.RESERVE: 5, S.NOT_SELECTED: 35}
    assert cast.statuses() == {S.SHORTLISTED: 60}
    return chosen


def prepare(cast, dated_on, respond_on):
    """The manager writes the letters, and cannot release them."""
    browser, days = as_(cast.manager), {"dated_on": dated_on, "respond_on": respond_on}
    parts = {f"{name}_{part}": getattr(day, part) for name, day in days.items() for part in ("day", "month", "year")}
    do(browser, office("release_prepare"), parts)
    waiting = Release.objects.pending().get()
    do(browser, office("release_release", waiting.pk))
    return waiting


def make_letters():
    """A worker makes the first letter as it would any; the others would be more of the same."""
    make_letter(Letter.objects.unmade()[0].pk)
    for letter in Letter.objects.unmade():
        keep_letter(letter_id=letter.pk, content=PDF)


def release(cast, waiting):
    """The head cannot release before somebody has read what it does to each group, reads that, and releases."""
    browser = as_(cast.head)
    told = cast.statuses()
    do(browser, office("release_release", waiting.pk))
    assert cast.statuses() == told
    assert "Release the decisions" in do(browser, f"{office('scenario_impact')}?call={cast.call.pk}")
    do(browser, office("release_release", waiting.pk))


def tell(cast):
    """The release waits for the letters, the second person and the outcomes by group; then every council hears at once."""
    browser, days = as_(cast.manager), {"dated_on": TOLD.date(), "respond_on": SECOND_ROUND.date()}
    change = office("call_change", cast.call.pk)
    do(browser, change, posted(browser.get(change), agreement=AGREEMENT))
    waiting = prepare(cast, **days)
    make_letters()
    cast.move_clock(TOLD)
    assert cast.statuses() == {S.SHORTLISTED: 60}
    assert not OutboundEmail.objects.exists()
    do(as_(cast.manager), office("release_release", waiting.pk))
    assert cast.statuses() == {S.SHORTLISTED: 60}
    release(cast, waiting)
    assert cast.statuses() == {S.OFFERED: 20, S.RESERVE: 5, S.NOT_SELECTED: 35}
    letters = OutboundEmail.objects.filter(kind="decision-letter")
    assert Counter(letters.values_list("recipient", flat=True)) == dict.fromkeys([eoi.created_by.email for eoi in cast.eois], 1)
    assert free_places(cast.call) == 0


def accept(eoi):
    """The council reads the agreement, signs it and is sent to its page."""
    browser, offer = as_(eoi.created_by), page("offer", eoi.reference)
    shown = browser.get(offer)
    assert "Two people take part for twelve months." in words(shown)
    typed = {"name": "Sam Okafor", "role": "Director", "agree": "on", "sha256": shown.context["sha256"]}
    assert "signed the member agreement" in do(browser, offer, typed)


def answer(cast, chosen):
    """All but one accept. The one whose leaving breaks a rule declines."""
    field, offered = Field.read(chosen.inputs), cast.having(S.OFFERED)
    numbers = field.numbers(eoi.pk for eoi in offered)
    decliner = next(eoi for eoi in offered if numbers["region", eoi.council.region] == 1)
    do(as_(decliner.created_by), page("offer_decline", decliner.reference), {"reason": "Our lead officer left."})
    for eoi in offered:
        if eoi != decliner:
            accept(eoi)
    assert cast.statuses() == {S.ACCEPTED: 19, S.DECLINED: 1, S.RESERVE: 5, S.NOT_SELECTED: 35}
    return decliner


def promote(cast, decliner):
    """The office looks who would mend the spread best, promotes that one, and two people release the offer."""
    cast.move_clock(SECOND_ROUND)
    found = outlook(cast.call, cast.manager)
    assert found.left == {decliner.pk}
    [lost] = [missed for missed in found.missed if decliner.council.get_region_display() in missed]
    assert lost.endswith("1 too few")
    [best] = [effect for effect in found.effects if effect.is_proposed]
    assert len(best.missed) == min(len(effect.missed) for effect in found.effects)
    browser, reserve = as_(cast.manager), Application.objects.get(pk=best.candidate.application)
    promotion = office("decision_promote", reserve.pk)
    assert "Best by the rules" in words(browser.get(promotion))
    do(browser, promotion, {"reason": "The best by the rules."})
    browser.post(office("decision_promote", cast.having(S.RESERVE)[0].pk), {"reason": "One more."})
    assert Decision.objects.held().get().application == reserve  # there was one place
    waiting = prepare(cast, dated_on=SECOND_ROUND.date(), respond_on=PROMISED.date())
    make_letters()
    release(cast, waiting)
    assert cast.having(S.OFFERED) == [reserve]
    cast.move_clock(PROMISED)
    accept(reserve)
    return reserve


def name_people(cast):
    """Every member names two people and each confirms: by the pages for the first member, and as often again by the services."""
    first, *others = Membership.objects.select_related("council").order_by("pk")
    submitter = first.council.contacts.get().user
    for number in range(2):
        do(as_(submitter), reverse("cohort:member", args=[first.pk]), {"email": f"first{number}@example.org"})
    for delegate in first.delegates.all():
        answer = {"answer": "confirm", "full_name": "Chris Ward"}
        home = words(as_(delegate.user).post(reverse("cohort:delegate", args=[delegate.pk]), answer, follow=True))
        assert first.council.official_name in home
    for member in others:
        for number in range(2):
            by = member.council.contacts.get().user
            delegate = name_delegate(membership_id=member.pk, email=f"delegate{number}.{member.pk}@example.org", by=by)
            confirm_delegate(delegate_id=delegate.pk, by=delegate.user)


def test_sixty_scored_expressions_of_interest_become_twenty_members_by_the_promised_day(cast):
    chosen = choose(cast)
    tell(cast)
    decliner = answer(cast, chosen)
    reserve = promote(cast, decliner)
    name_people(cast)
    assert cast.statuses() == {S.ACCEPTED: 20, S.DECLINED: 1, S.RESERVE: 4, S.NOT_SELECTED: 35}
    cohort = Cohort.objects.get()
    assert set(Membership.objects.values_list("council", flat=True)) == {eoi.council_id for eoi in cast.having(S.ACCEPTED)}
    assert (Membership.objects.count(), cohort.places_taken, cohort.places) == (20, 20, 20)
    signed = Offer.objects.exclude(accepted_at=None)
    assert max(signed.values_list("accepted_at", flat=True)).date() == cohort.confirmations_due_on
    assert Delegate.objects.filter(status=DelegateStatus.CONFIRMED).count() == 40
    sent = Counter(OutboundEmail.objects.values_list("kind", flat=True))
    kinds = {"decision-letter": 61, "offer-accepted": 20, "offer-declined": 1, "delegate-named": 40, "delegate-answered": 40}
    assert sent == kinds
    told = OutboundEmail.objects.filter(kind="decision-letter").values_list("recipient", flat=True)
    assert set(told) == {eoi.created_by.email for eoi in cast.eois}
    assert Counter(told)[reserve.created_by.email] == 2
    assert list(broken_entries()) == []
    verbs = Counter(Entry.objects.values_list("verb", flat=True))
    assert (verbs["decision.released"], verbs["offer.accepted"], verbs["member.admitted"]) == (61, 20, 20)
