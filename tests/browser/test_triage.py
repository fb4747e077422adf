"""Triage in a real browser: one EoI by keyboard alone, and without JavaScript; every page and state with axe and at 320 pixels."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from applications import tasks
from applications.models import Answer, Assessment, Decision, Letter
from applications.services.releases import prepare_release, release_decisions
from applications.services.triage import claim
from applications.states import ApplicationStatus
from cohort.states import CouncilKind, Region
from tests.factories import ContactFactory, QuestionFactory, SectionFactory, StaffFactory
from tests.factories.judging import AssessmentFactory, DecisionFactory, SubmittedFactory, judge, scored_call

pytestmark = pytest.mark.usefixtures("roles")
TRIAGE = "/admin/applications/assessment/"
RELEASES = "/admin/applications/release/"


@pytest.fixture
def staff(roles):
    return StaffFactory(full_name="Alex Moreno")


@pytest.fixture
def call(settings, tmp_path, transactional_db):
    settings.MEDIA_ROOT = tmp_path
    return scored_call(closes_at=timezone.now() - timezone.timedelta(days=1))


@pytest.fixture
def eoi(call):
    eoi = SubmittedFactory(call=call, initiative_title="Warm homes", initiative_summary="Fewer people ill from the cold.")
    section = SectionFactory(call=call)
    about = QuestionFactory(section=section, text="Who leads it?")
    Answer.objects.create(application=eoi, question=about, value="The director of housing.")
    for criterion in call.criteria.all():
        question = QuestionFactory(section=section, criterion=criterion, text=f"What shows {criterion.name.lower()}?")
        Answer.objects.create(application=eoi, question=question, value="We tried it in two wards. " * 12)
    return eoi


def scores():
    return sorted(Assessment.objects.get().scores.values_list("criterion__name", "score", "reason"))


def test_one_eoi_is_assessed_by_keyboard_alone(visit, staff, eoi):
    page = visit(TRIAGE, staff)
    page.get_by_role("button", name="Assess the next one").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(eoi.reference)
    expect(page.get_by_label("Use these keys")).to_be_visible()  # the script shows it once it listens
    keyboard = page.keyboard
    keyboard.press("j")
    keyboard.press("y")
    for key, reason in (("4", "It fits 5 ways, just so."), ("2", "Thin.")):
        keyboard.press("j")
        keyboard.press(key)
        keyboard.press("r")
        keyboard.type(reason)
        keyboard.press("Escape")
    keyboard.press("k")
    keyboard.press("5")
    expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    page.get_by_role("button", name="Save and next").press("Enter")
    expect(page.get_by_text("is complete.")).to_be_visible()
    expect(page.get_by_text("Nothing is left for you to assess")).to_be_visible()
    assert scores() == [("Evidence", 2, "Thin."), ("Fit", 5, "It fits 5 ways, just so.")]
    assert Assessment.objects.get().completed_at


def test_keys_are_left_alone_while_typing_and_once_they_are_switched_off(visit, staff, eoi):
    own = claim(application_id=eoi.pk, by=staff)
    page = visit(f"{TRIAGE}{own.pk}/change/", staff)
    page.get_by_label("Note").press_sequentially("jk 0123")
    expect(page.get_by_label("Note")).to_have_value("jk 0123")
    page.get_by_label("Use these keys").uncheck()
    page.get_by_label("Use these keys").blur()
    page.keyboard.press("j")
    page.keyboard.press("y")
    expect(page.get_by_label("Yes", exact=True)).not_to_be_checked()
    page.reload()
    expect(page.get_by_label("Use these keys")).not_to_be_checked()


def test_it_saves_itself_and_a_second_window_overwrites_nothing(visit, review, staff, eoi, forgiven):
    forgiven.append("status of 409")
    own = claim(application_id=eoi.pk, by=staff)
    first, second = (visit(f"{TRIAGE}{own.pk}/change/", staff) for _ in range(2))
    first.get_by_label("Note").fill("From the first")
    expect(first.locator("[data-saved]")).to_contain_text("Saved at")
    second.get_by_label("Note").fill("From the second")
    second.get_by_role("button", name="Show both versions").wait_for()
    review(second)
    second.get_by_role("button", name="Show both versions").click()
    expect(second.get_by_text("Nothing has been overwritten.")).to_be_visible()
    expect(second.get_by_text("From the first")).to_be_visible()
    expect(second.get_by_label("Note")).to_have_value("From the second")
    review(second)
    assert Assessment.objects.get().note == "From the first"


def test_one_eoi_is_assessed_and_decided_without_javascript(visit, staff, eoi):
    judge(eoi, StaffFactory(), 4)
    page = visit(TRIAGE, staff, java_script_enabled=False)
    page.get_by_role("button", name="Assess the next one").click()
    expect(page.get_by_text("Use these keys")).to_be_hidden()
    page.get_by_label("Yes", exact=True).check()
    page.get_by_label("4 Fit: much").check()
    page.get_by_label("Fit: the reason").fill("It fits.")
    page.get_by_role("button", name="Save and next").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    page.get_by_label("4 Evidence: much").check()
    page.get_by_label("Evidence: the reason").fill("Much.")
    page.get_by_role("button", name="Save and next").click()
    page.get_by_role("link", name="See all on the board").click()
    page.get_by_role("link", name="Accept the shared outcome of 1").click()
    page.get_by_role("button", name="Accept 1 shared outcome").click()
    expect(page.get_by_text("1 decision held")).to_be_visible()
    assert Decision.objects.get().outcome == ApplicationStatus.SHORTLISTED


def test_error_links_lead_to_their_fields(visit, staff, eoi):
    own = claim(application_id=eoi.pk, by=staff)
    page = visit(f"{TRIAGE}{own.pk}/change/", staff)
    page.get_by_role("button", name="Save and next").click()
    links = page.locator(".errornote a")
    expect(links).to_have_count(5)
    page.wait_for_load_state()
    for link in links.all():
        link.click()
        assert page.evaluate("document.activeElement.id") == link.get_attribute("href").removeprefix("#")


def test_pages_of_triage(visit, review, staff, call, eoi):
    page = visit(TRIAGE, staff)
    review(page, TRIAGE, f"{TRIAGE}board/", f"{TRIAGE}accept/")
    colleagues = StaffFactory.create_batch(2)
    longest = {"council__kind": CouncilKind.METROPOLITAN, "council__region": Region.YORKSHIRE_HUMBER}
    agreed, apart, ineligible, waiting, taken = SubmittedFactory.create_batch(5, call=call, **longest)
    for each, given in ((agreed, (5, 4)), (apart, (5, 1)), (ineligible, (None, None)), (waiting, (4,))):
        for assessor, score in zip(colleagues, given, strict=False):
            judge(each, assessor, score)
    AssessmentFactory(application=taken, assessor=colleagues[0])
    DecisionFactory(application=ineligible, outcome=ApplicationStatus.INELIGIBLE)
    DecisionFactory(application=SubmittedFactory(call=call))
    own = claim(application_id=eoi.pk, by=staff)
    review(page, TRIAGE, f"{TRIAGE}board/", f"{TRIAGE}board/?standing=differs", f"{TRIAGE}board/?region=wales", f"{TRIAGE}accept/")
    review(page, f"{TRIAGE}{own.pk}/return/", f"{TRIAGE}{taken.assessments.get().pk}/return/", f"{TRIAGE}{own.pk}/change/")
    page.get_by_role("button", name="Save and next").click()
    review(page, None, *(f"{TRIAGE}compare/{each.pk}/" for each in (eoi, agreed, apart, ineligible, waiting)))
    page.goto(f"{TRIAGE}compare/{apart.pk}/")
    page.get_by_role("button", name="Hold the decision").click()
    review(page, None, "/admin/")
    review(visit(TRIAGE, colleagues[0]), f"{TRIAGE}{agreed.assessments.get(assessor=colleagues[0]).pk}/reopen/")


def test_pages_of_a_release_and_of_the_council_afterwards(visit, review, staff, call, eoi):
    page = visit(RELEASES, staff)
    review(page, RELEASES, f"{RELEASES}prepare/")
    person = ContactFactory(council=eoi.council).user
    DecisionFactory(application=eoi, feedback="You know **what** works.")
    DecisionFactory(application=SubmittedFactory(call=call), outcome=ApplicationStatus.NOT_SHORTLISTED)
    review(page, f"{RELEASES}prepare/")
    release = prepare_release(call_id=call.pk, by=staff)
    review(page, RELEASES, f"{RELEASES}prepare/", f"{RELEASES}{release.pk}/change/", f"{RELEASES}{release.pk}/cancel/")
    letters = list(Letter.objects.order_by("pk"))
    review(page, f"{RELEASES}letter/{letters[0].pk}/")
    for letter in letters:
        tasks.make_letter(letter.pk)
    other = StaffFactory()
    second = visit(f"{RELEASES}{release.pk}/change/", other)
    review(second, None, f"{RELEASES}{release.pk}/release/", f"{RELEASES}letter/{letters[0].pk}/", "/admin/")
    release_decisions(release_id=release.pk, by=other)
    review(second, f"{RELEASES}{release.pk}/change/")
    council = visit(f"/eoi/{eoi.reference}/", person)
    expect(council.get_by_text("You know what works.")).to_be_visible()
    review(council, None, "/")
    with council.expect_download() as download:
        council.goto(f"/eoi/{eoi.reference}/")
        council.get_by_role("link", name="Download our letter as a PDF").click()
    assert download.value.suggested_filename == f"{eoi.reference} letter.pdf"
