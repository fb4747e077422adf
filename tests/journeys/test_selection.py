"""From 60 EoIs that are in to a shortlist that is fully scored, as those who do it would live it.

Where a person acts, the page is used. Services and factories only fill in what would be the same act over and over.
"""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from applications import urls
from applications.models import (
    Application,
    Assessment,
    Call,
    Conflict,
    Interview,
    InterviewQuestion,
    InterviewSlot,
    Letter,
    Panel,
    PanelMember,
    Release,
    Review,
)
from applications.services.assignment import table_of
from applications.services.interview_sheets import Line, save_sheet, start_timer, stop_timer, submit_sheet
from applications.services.interviews import book_interview
from applications.services.releases import keep_letter
from applications.services.reviews import Judgement, save_scores
from applications.states import ApplicationStatus, InterviewStatus, ReviewStatus
from applications.tasks import make_letter
from tests.factories import ContactFactory, StaffFactory
from tests.factories.judging import SubmittedFactory, judge
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import send_due
from upstream.documents.models import StoredFile

pytestmark = pytest.mark.django_db
TRIAGE = datetime(2019, 7, 16, 8, tzinfo=UTC)
DECIDING = datetime(2019, 7, 18, 8, tzinfo=UTC)
RELEASED = datetime(2019, 7, 19, 9, tzinfo=UTC)
SCORING = datetime(2019, 8, 6, 8, tzinfo=UTC)
DUE = datetime(2019, 8, 13, 16, tzinfo=UTC)
# By their place among the 60: shortlisted by both assessors, by a decision where they differ, and after a third assessment.
STRONG, DIFFERENT, THIRD, INELIGIBLE = range(18), 57, 58, 59
COUNCILS = (0, 30, DIFFERENT, INELIGIBLE)  # those that look in on the way
PDF = b"%PDF-1.7 made by a worker"


class Cast:
    """Everybody who takes part, and the moment at which they do."""

    def __init__(self, move_clock):
        self.move_clock = move_clock
        self.shown = {}
        self.call = Call.objects.get(cohort__slug="pilot-2019")
        self.eois = [
            SubmittedFactory(call=self.call, council=contact.council, created_by=contact.user, terms_version="1.0")
            for contact in ContactFactory.create_batch(60)
        ]
        self.first, self.second, self.third, self.manager, self.head, self.ringer, self.other_ringer = StaffFactory.create_batch(7)

    def officer(self, eoi):
        return as_(eoi.created_by)

    def shortlist(self):
        return list(Application.objects.shortlisted().filter(call=self.call).order_by("pk"))


@pytest.fixture
def cast(roles, move_clock, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    move_clock(TRIAGE)
    call_command("load_pilot", verbosity=0)
    return Cast(move_clock)


def as_(person):
    """Return a browser in which the person has just signed in."""
    browser = Client()
    browser.force_login(person)
    return browser


def office(name, *args):
    return reverse(f"admin:applications_{name}", args=args)


def page(name, *args):
    return reverse(f"applications:{name}", args=args)


def words(response):
    assert response.status_code == 200, response
    return " ".join(response.content.decode().split())


def do(browser, address, data=None):
    """Press a button that leads on, and return the page behind it."""
    response = browser.post(address, data or {})
    assert response.status_code == 302, words(response)
    return words(browser.get(response.url))


def council_hears_nothing(cast, eoi):
    """Its pages say what they said at first, there is no letter and no mail for it, and no interview."""
    browser = cast.officer(eoi)
    assert Application.objects.get(pk=eoi.pk).status == ApplicationStatus.SUBMITTED
    shown = [re.sub('value="[^"]*"', "", words(browser.get(address))) for address in (reverse("home"), page("eoi", eoi.reference))]
    assert shown == cast.shown.setdefault(eoi.pk, shown)
    assert "We have received your expression of interest and are reading it." in shown[1]
    assert browser.get(page("interview", eoi.reference)).url == page("eoi", eoi.reference)
    for letter in Letter.objects.filter(decision__application=eoi):
        assert browser.get(office("release_letter", letter.pk)).status_code in {302, 404}
        for file in StoredFile.objects.owned_by(letter):
            assert browser.get(reverse("documents:download", args=[file.pk])).status_code == 404
    assert not OutboundEmail.objects.filter(recipient=eoi.created_by.email).exists()


def typed(call, score, revision=0):
    criteria = call.criteria.values_list("pk", flat=True)
    scores = {f"score_{pk}": str(score) for pk in criteria} | {f"reason_{pk}": f"It is worth {score}." for pk in criteria}
    return {"revision": str(revision), "note": ""} | scores


def assess(cast, assessor, place, score, *, after):
    """Take an EoI up, which so many others have finished with, and finish with it."""
    browser, eoi = as_(assessor), cast.eois[place]
    do(browser, office("assessment_take", eoi.pk))
    own = office("assessment_change", eoi.assessments.get(assessor=assessor).pk)
    verdict = {"is_eligible": "no", "ineligible_reason": "A charity leads."} if score is None else {"is_eligible": "yes"}
    answers = {"revision": "0", "note": ""} if score is None else typed(cast.call, score)
    others = set(eoi.assessments.completed().exclude(assessor=assessor))
    assert len(others) == after
    compare = office("assessment_compare", eoi.pk)
    assert not others & set(Assessment.objects.visible_to(assessor))
    assert not any(str(other.assessor) in words(browser.get(compare)) for other in others)
    do(browser, own, answers | verdict | {"action": "next"})
    assert others <= set(Assessment.objects.visible_to(assessor))
    assert all(str(other.assessor) in words(browser.get(compare)) for other in others)
    # The page serves the next one at once; this assessor gives it back.
    for started in Assessment.objects.filter(assessor=assessor, completed_at=None):
        do(browser, office("assessment_return", started.pk))


def triage(cast):
    """Both assessors finish with all 60: by the page where they agree, differ and refuse, and a third where two differ."""
    for place in COUNCILS:
        council_hears_nothing(cast, cast.eois[place])
    by_first = {0: 4, DIFFERENT: 5, THIRD: 1, INELIGIBLE: None}
    by_second = {0: 4, DIFFERENT: 1, THIRD: 4, INELIGIBLE: None}
    for after, (assessor, scores) in enumerate([(cast.first, by_first), (cast.second, by_second)]):
        for place, score in scores.items():
            assess(cast, assessor, place, score, after=after)
        for place in set(range(60)) - scores.keys():
            judge(cast.eois[place], assessor, 4 if place in STRONG else 2)
    assert "Nothing is left for you" in words(as_(cast.first).post(office("assessment_next"), follow=True))
    do(as_(cast.manager), office("assessment_third", cast.eois[THIRD].pk))
    assess(cast, cast.third, THIRD, 4, after=2)


def decide(cast):
    """The manager takes what assessors share, and decides where they differ."""
    cast.move_clock(DECIDING)
    manager = as_(cast.manager)
    shared = re.findall(r'name="outcome" value="([^"]+)"', words(manager.get(office("assessment_accept"))))
    assert len(shared) == 58
    do(manager, office("assessment_accept"), {"outcome": shared})
    assert "2 expressions of interest still wait for a decision" in words(manager.get(office("release_prepare")))
    for place, feedback in ((DIFFERENT, "Your evidence made the difference."), (THIRD, "")):
        data = {"outcome": ApplicationStatus.SHORTLISTED, "reason": "Read again.", "feedback": feedback, "seen": ""}
        do(manager, office("assessment_compare", cast.eois[place].pk), data)
    for place in COUNCILS:
        council_hears_nothing(cast, cast.eois[place])


def release(cast):
    """One person prepares it, and cannot release it; another does."""
    do(as_(cast.manager), office("release_prepare"), {"dated_on_day": "19", "dated_on_month": "July", "dated_on_year": "2019"})
    prepared = Release.objects.get()
    do(as_(cast.head), office("release_release", prepared.pk))
    assert Release.objects.pending().exists()  # the letters are not there yet
    make_letter(Letter.objects.get(decision__application=cast.eois[DIFFERENT]).pk)
    for letter in Letter.objects.unmade():
        keep_letter(letter_id=letter.pk, content=PDF)
    do(as_(cast.manager), office("release_release", prepared.pk))
    assert "The letters are dated Friday 19 July 2019" in do(as_(cast.head), office("release_release", prepared.pk))
    for place in COUNCILS:
        council_hears_nothing(cast, cast.eois[place])
    cast.move_clock(RELEASED)
    assert "60" in words(as_(cast.head).get(office("release_release", prepared.pk)))
    do(as_(cast.head), office("release_release", prepared.pk))
    statuses = Counter(cast.call.applications.values_list("status", flat=True))
    assert statuses == {ApplicationStatus.SHORTLISTED: 20, ApplicationStatus.NOT_SHORTLISTED: 39, ApplicationStatus.INELIGIBLE: 1}
    assert OutboundEmail.objects.filter(kind="decision-letter").count() == 60
    council_reads_its_letter(cast, cast.eois[DIFFERENT])


def council_reads_its_letter(cast, eoi):
    browser = cast.officer(eoi)
    assert "Shortlisted" in words(browser.get(reverse("home")))
    own = words(browser.get(page("eoi", eoi.reference)))
    assert "Your evidence made the difference." in own
    download = re.search(rf'href="({reverse("documents:download", args=["0" * 8 + "-0000-0000-0000-" + "0" * 12])[:11]}[^"]+)"', own)
    file = browser.get(download.group(1))
    assert b"".join(file).startswith(b"%PDF")
    stranger = cast.officer(cast.eois[0])
    assert stranger.get(download.group(1)).status_code == 404


def offer_times(cast):
    data = {"call": cast.call.pk, "interviewer": cast.ringer.pk, "second_interviewer": cast.other_ringer.pk, "action": "make"}
    days = {"first_day": "2019-07-24", "last_day": "2019-08-02"}
    hours = {"opens": "09:30", "lunch": "12:30", "closes": "16:30", "minutes": "45", "gap": "15"}
    do(as_(cast.manager), office("interviewslot_series"), data | days | hours)
    return list(InterviewSlot.objects.order_by("starts_at"))


def interviews(cast):
    """Councils book: one moves, one does not answer and books again. The two who ring score alone."""
    slots = offer_times(cast)
    assert len(slots) == 48
    mover, misser, *others = cast.shortlist()
    contact = {"contact_name": "Chris Ward", "phone": "01632 960 001"}
    do(cast.officer(mover), page("interview", mover.reference), contact | {"slot": slots[0].pk})
    taken = cast.officer(misser).post(page("interview", misser.reference), contact | {"slot": slots[0].pk})
    assert "That time is no longer available" in words(taken)
    do(cast.officer(misser), page("interview", misser.reference), contact | {"slot": slots[1].pk})
    do(cast.officer(mover), page("interview_change", mover.reference), contact | {"slot": slots[2].pk})
    assert OutboundEmail.objects.filter(kind="interview-changed", recipient=mover.created_by.email).count() == 1
    for eoi, slot in zip(others, [slots[0], *slots[3:]], strict=False):
        book_interview(application_id=eoi.pk, slot_id=slot.pk, by=eoi.created_by, **contact)
    assert "Every shortlisted council has an interview" in words(as_(cast.ringer).get(office("interview_unbooked")))
    cast.move_clock(slots[1].ends_at)
    do(as_(cast.ringer), office("interview_missed", misser.interviews.get().pk))
    assert OutboundEmail.objects.filter(kind="interview-missed", recipient=misser.created_by.email).count() == 1
    do(cast.officer(misser), page("interview", misser.reference), contact | {"slot": slots[-1].pk})
    held = list(Interview.objects.live().select_related("slot").order_by("slot__starts_at"))
    ring_by_the_page(cast, held[0])
    for interview in held[1:]:
        ring(cast, interview)
    statuses = Counter(Interview.objects.values_list("status", flat=True))
    assert statuses == {InterviewStatus.HELD: 20, InterviewStatus.NO_SHOW: 1}


def ring_by_the_page(cast, interview):
    """Neither reads the other's sheet before their own is in."""
    questions = InterviewQuestion.objects.filter(call=cast.call).values_list("pk", flat=True)

    def sheet(revision, who, action):
        lines = {f"score{pk}": "4" for pk in questions} | {f"note{pk}": f"As {who} heard it" for pk in questions}
        return lines | {"revision": str(revision), "summary": "", "action": action}

    desk = office("interview_change", interview.pk)
    cast.move_clock(interview.slot.starts_at)
    do(as_(cast.ringer), desk, sheet(0, "the first", "start"))
    cast.move_clock(interview.slot.starts_at + timedelta(minutes=38))
    do(as_(cast.ringer), desk, sheet(1, "the first", "stop"))
    do(as_(cast.ringer), desk, sheet(1, "the first", "submit"))
    do(as_(cast.ringer), office("interview_submit", interview.pk))
    assert "As the first heard it" not in words(as_(cast.other_ringer).get(desk))
    do(as_(cast.other_ringer), desk, sheet(0, "the second", "submit"))
    both = do(as_(cast.other_ringer), office("interview_submit", interview.pk))
    assert "As the first heard it" in both
    assert "As the second heard it" in both


def ring(cast, interview):
    cast.move_clock(interview.slot.starts_at)
    start_timer(interview_id=interview.pk, by=cast.ringer)
    stop_timer(interview_id=interview.pk, by=cast.ringer)
    lines = {pk: Line(3, "") for pk in InterviewQuestion.objects.filter(call=cast.call).values_list("pk", flat=True)}
    for person in interview.slot.interviewers:
        save_sheet(interview_id=interview.pk, revision=0, lines=lines, summary="", by=person)
        submit_sheet(interview_id=interview.pk, by=person)


def seat_panel(cast):
    """Six are invited and declare; the last has a conflict with the first EoI. Nobody reads anything before."""
    manager = as_(cast.manager)
    data = {"call": cast.call.pk, "reviews_per_application": 3, "seed": 7, "due_at_0": "2019-08-13", "due_at_1": "17:00:00"}
    do(manager, office("panel_add"), data)
    panel = Panel.objects.get()
    assert panel.due_at == DUE
    for number in range(6):
        invitation = {"name": f"Member {number}", "email": f"member{number}@example.org"} | ({"is_chair": "on"} if number == 0 else {})
        do(manager, office("panel_invite", panel.pk), invitation)
    members = list(PanelMember.objects.select_related("user").order_by("pk"))
    assert OutboundEmail.objects.filter(kind="panel-invited").count() == 6
    conflict = cast.shortlist()[0]
    for member in members:
        answers = {f"kind_{eoi.pk}": "none" for eoi in cast.shortlist()} | {f"detail_{eoi.pk}": "" for eoi in cast.shortlist()}
        if member == members[-1]:
            answers |= {f"kind_{conflict.pk}": "adviser", f"detail_{conflict.pk}": "I advise its cabinet."}
        do(as_(member.user), page("panel_declare", cast.call.slug), {"general": ""} | answers)
    assert Conflict.objects.active().get().application == conflict
    return panel, members


def assign(cast, panel):
    """The optimiser proposes, nobody is told, then everybody is once."""
    manager = as_(cast.manager)
    do(manager, office("panel_assign", panel.pk), {"action": "propose"})
    assert not Review.objects.exists()
    assert not OutboundEmail.objects.filter(kind="panel-assigned").exists()
    assert "60" in words(manager.get(office("panel_commit", panel.pk)))
    do(manager, office("panel_commit", panel.pk), {"seen": manager.get(office("panel_commit", panel.pk)).context["preview"]})
    assert OutboundEmail.objects.filter(kind="panel-assigned").count() == 6
    assert set(Counter(Review.objects.values_list("assignment__application", flat=True)).values()) == {3}
    assert set(Counter(Review.objects.values_list("assignment__member", flat=True)).values()) == {10}


def find_a_conflict(cast, panel, member):
    """A member sees only now that they must not judge one of theirs. It closes to them, and another member gets it."""
    cast.move_clock(SCORING - timedelta(days=1))
    browser, slug = as_(member.user), cast.call.slug
    review = Review.objects.filter(assignment__member=member).select_related("assignment__application").first()
    reference = review.assignment.application.reference
    assert browser.get(page("score", slug, reference)).status_code == 200
    do(browser, page("score_conflict", slug, reference), {"kind": "family", "detail": "My brother is its treasurer."})
    assert Conflict.objects.active().filter(user=member.user).count() == 2
    assert OutboundEmail.objects.filter(kind="reviewer-lost", recipient=cast.manager.email).count() == 1
    do(as_(cast.manager), office("panel_assign", panel.pk), {"action": "propose"})
    do(as_(cast.manager), office("panel_commit", panel.pk), {"seen": table_of(panel).preview})
    assert OutboundEmail.objects.filter(kind="panel-assigned").count() == 7
    assert Review.objects.filter(assignment__application__reference=reference).count() == 4


def score(cast, members):
    """The first member scores by the page, one after another. The fifth is late; the second's scores are reopened once."""
    cast.move_clock(SCORING)
    slug = cast.call.slug
    browser = as_(members[0].user)
    first = re.search(rf'href="({page("score", slug, "X")[:-2]}[^"/]+/)"', words(browser.get(page("panel", slug)))).group(1)
    address, visited = first, []
    while address != page("panel_check", slug):
        visited.append(address)
        address = browser.post(address, typed(cast.call, 4) | {"action": "next"}).url
    assert len(visited) == len(set(visited)) == Review.objects.filter(assignment__member=members[0]).count()
    for member in members[1:]:
        values = {pk: Judgement(3, "Fair.") for pk in cast.call.criteria.values_list("pk", flat=True)}
        for review in Review.objects.open_to(member.user):
            save_scores(review_id=review.pk, revision=0, values=values, note="", by=member.user)
    late = members[4]
    for member in members:
        if member != late:
            do(as_(member.user), page("panel_check", slug))
    assert Review.objects.counting().count() == 60 - Review.objects.filter(assignment__member=late).count()
    come_late(cast, late)
    assert Review.objects.counting().count() == 60
    reopen(cast, members[1])


def come_late(cast, late):
    """Reminded before, after, and by hand a day later. Whoever has submitted hears nothing."""
    for moment in (DUE - timedelta(days=1), DUE + timedelta(hours=16)):
        cast.move_clock(moment + timedelta(seconds=1))
        send_due(moment + timedelta(seconds=1))
    assert set(OutboundEmail.objects.filter(kind="panel-reviews-due").values_list("recipient", flat=True)) == {late.user.email}
    cast.move_clock(DUE + timedelta(hours=41))
    do(as_(cast.manager), office("panelmember_remind", late.pk))
    assert OutboundEmail.objects.filter(kind="panel-nudge", recipient=late.user.email).count() == 1
    do(as_(late.user), page("panel_check", cast.call.slug))


def reopen(cast, member):
    """Reopened scores do not count until they are submitted again."""
    review = Review.objects.filter(assignment__member=member).first()
    browser, slug, reference = as_(member.user), cast.call.slug, review.assignment.application.reference
    do(as_(cast.manager), office("review_reopen", review.pk), {"reason": "You asked for it."})
    assert Review.objects.counting().count() == 59
    browser.post(page("score", slug, reference), typed(cast.call, 5, revision=1) | {"action": "later"})
    do(browser, page("panel_check", slug))
    review.refresh_from_db()
    assert (review.status, set(review.scores.values_list("score", flat=True))) == (ReviewStatus.SUBMITTED, {5})


def addresses_about(cast, eoi):
    """Every address of the app about one EoI, those that an EoI's page does not link to included."""
    values = {"slug": cast.call.slug, "reference": eoi.reference}
    sections = cast.call.sections.values_list("slug", flat=True)
    for pattern in urls.urlpatterns:
        names = pattern.pattern.converters.keys()
        if "reference" in names:
            for slug in sections if pattern.name in {"section", "autosave", "presence"} else [cast.call.slug]:
                yield page(pattern.name, *[{**values, "slug": slug}[name] for name in names])
    for file in StoredFile.objects.owned_by(Letter.objects.get(decision__application=eoi)):
        yield reverse("documents:download", args=[file.pk])


def answers_of(browser, address):
    """Return how it answers to GET and to POST, but for a method that it never takes."""
    return {browser.get(address).status_code, browser.post(address).status_code} - {405}


def test_sixty_expressions_of_interest_from_submitted_to_fully_scored(cast):
    triage(cast)
    decide(cast)
    release(cast)
    interviews(cast)
    panel, members = seat_panel(cast)
    assign(cast, panel)
    find_a_conflict(cast, panel, members[-1])
    score(cast, members)
    counting = Counter(Review.objects.counting().values_list("assignment__application", flat=True))
    assert counting == dict.fromkeys([eoi.pk for eoi in cast.shortlist()], 3)
    conflicted = as_(members[-1].user)
    for conflict in Conflict.objects.all():
        addresses = list(addresses_about(cast, conflict.application))
        assert len(addresses) > 15
        assert {address: {404} for address in addresses} == {address: answers_of(conflicted, address) for address in addresses}
