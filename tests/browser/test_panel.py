"""Scoring by keyboard and without JavaScript, in two tabs, and every page of the panel by axe-core and at 320 pixels."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from applications.models import Answer, CriterionScore, Panel, Review
from applications.services.assignment import propose_assignments
from applications.states import ApplicationStatus, MemberStatus, QuestionKind, ReviewStatus
from tests.browser.conftest import press, tab_to, too_wide
from tests.factories import ContactFactory, CriterionFactory, QuestionFactory, SectionFactory, StaffFactory
from tests.factories.judging import (
    AssignmentFactory,
    ConflictFactory,
    PanelFactory,
    PanelMemberFactory,
    ReviewFactory,
    SubmittedFactory,
    all_answered,
)

ANCHORS = ["Not addressed", "Poor", "Fair", "Good", "Very good", "Excellent"]
REASON = "Reason for your score"


@pytest.fixture
def criteria(panel):
    names = ("Strength of the challenge", "Leadership commitment")
    return [CriterionFactory(call=panel.call, name=name, anchors=ANCHORS, weight=50, position=place) for place, name in enumerate(names)]


@pytest.fixture
def panel(db):
    call_command("sync_roles")
    return PanelFactory(reviews_per_application=2)


@pytest.fixture
def member(panel):
    return PanelMemberFactory(panel=panel, user__full_name="Sam Okafor", is_chair=True)


@pytest.fixture
def reviews(member, criteria):
    section = SectionFactory(call=member.panel.call)
    asked = [
        QuestionFactory(section=section, text="Describe the challenge", kind=QuestionKind.LONG_TEXT, word_limit=300, criterion=criterion)
        for criterion in criteria
    ]
    asked.append(QuestionFactory(section=section, text="What is it called?"))
    made = ReviewFactory.create_batch(2, assignment__member=member)
    for review in made:
        for question in asked:
            Answer.objects.create(
                application=review.assignment.application, question=question, value="Around 4,100 homes have damp.\n\nWe tried."
            )
    return made


def address(member, *parts):
    return "/".join(["/panel", member.panel.call.slug, *parts, ""])


def score_address(review):
    return address(review.assignment.member, "score", review.assignment.application.reference)


def score_of(review):
    return [(row.score, row.reason) for row in CriterionScore.objects.filter(review=review)]


def test_scoring_one_by_keyboard_and_submitting_it(visit, member, reviews, review):
    page = visit("/", member.user)
    press(page, "link", member.panel.call.title)
    expect(page.get_by_text("0 of 2 scored")).to_be_visible()
    press(page, "button", "Start scoring")
    expect(page.locator("main")).to_contain_text("Expression of interest 1 of 2")
    for place, group in enumerate(("Strength of the challenge", "Leadership commitment")):
        fields = page.get_by_role("group", name=f"Score for {group}")
        tab_to(page, fields.get_by_role("radio").first)
        page.keyboard.press("Space")
        for _ in range(4):
            page.keyboard.press("ArrowDown")
        expect(fields.get_by_role("radio").nth(4)).to_be_checked()
        tab_to(page, page.get_by_label(REASON).nth(place))
        page.keyboard.type("Clear evidence of scale.")
    expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    press(page, "button", "Save and next")
    expect(page.locator("main")).to_contain_text("Expression of interest 2 of 2")
    press(page, "button", "Save and check your scores")
    press(page, "button", "Submit 1 expression of interest")
    expect(page.get_by_text("1 of 2 scored, 1 submitted")).to_be_visible()
    done = Review.objects.get(status=ReviewStatus.SUBMITTED)
    assert score_of(done) == [(4, "Clear evidence of scale.")] * 2


def test_scoring_another_without_javascript(visit, member, reviews):
    page = visit(score_address(reviews[0]), member.user, java_script_enabled=False)
    for place in range(2):
        page.get_by_role("group").nth(place).get_by_role("radio").nth(3).check()
        page.get_by_label(REASON).nth(place).fill("Plain and honest.")
    page.get_by_role("button", name="Save and come back later").click()
    expect(page.get_by_text("1 of 2 scored")).to_be_visible()
    page.get_by_role("link", name="Check your scores").click()
    page.get_by_role("button", name="Submit 1 expression of interest").click()
    assert score_of(Review.objects.get(status=ReviewStatus.SUBMITTED)) == [(3, "Plain and honest.")] * 2


def test_two_tabs_overwrite_nothing_and_show_both_versions(visit, member, reviews, forgiven, review):
    forgiven.append("status of 409")
    page = visit(score_address(reviews[0]), member.user)
    other = page.context.new_page()
    other.goto(score_address(reviews[0]))
    page.get_by_label("Very good").first.check()
    page.get_by_label(REASON).first.fill("The first version.")
    expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    other.get_by_label("Fair").first.check()
    other.get_by_label(REASON).first.fill("The second version.")
    expect(other.get_by_role("alert")).to_contain_text("in another tab or window. Nothing has been overwritten")
    other.get_by_role("button", name="Show both versions").click()
    expect(other.locator("main")).to_contain_text("The first version.")
    expect(other.get_by_label(REASON).first).to_have_value("The second version.")
    review(other)
    assert (4, "The first version.") in score_of(reviews[0])
    other.get_by_role("button", name="Save and come back later").click()
    other.wait_for_url(f"**{address(member)}")
    assert (2, "The second version.") in score_of(reviews[0])


def test_text_typed_after_signing_out_stays_on_the_page(visit, member, reviews, forgiven):
    from django.contrib.sessions.models import Session

    forgiven.append("status of 401")
    page = visit(score_address(reviews[0]), member.user)
    Session.objects.all().delete()
    page.get_by_label(REASON).first.fill("An hour of thought.")
    expect(page.get_by_role("alert")).to_contain_text("You have been signed out")
    expect(page.get_by_label(REASON).first).to_have_value("An hour of thought.")


def test_what_is_typed_while_a_conflict_is_recorded_is_handed_back(visit, member, reviews, forgiven, review):
    forgiven.append("status of 404")
    page = visit(score_address(reviews[0]), member.user)
    ConflictFactory(application=reviews[0].assignment.application, user=member.user)
    page.get_by_label(REASON).first.fill("An hour of thought.")
    expect(page.get_by_role("alert")).to_contain_text("You have a conflict of interest with this expression of interest")
    page.get_by_role("button", name="Save and come back later").click()
    expect(page.locator("main")).to_contain_text("An hour of thought.")
    expect(page.locator("main")).not_to_contain_text("Around 4,100 homes have damp.")
    review(page)


def test_the_pages_of_a_newcomer(visit, review, member, reviews):
    application = SubmittedFactory(call=member.panel.call, status=ApplicationStatus.SHORTLISTED, initiative_title="Warm homes")
    newcomer = PanelMemberFactory(panel=member.panel, status=MemberStatus.INVITED, declared_at=None)
    ContactFactory(user=newcomer.user, council=application.council)
    new = visit("/", newcomer.user)
    review(new, "/", address(newcomer, "declare"))
    new.get_by_label("Your interest").first.select_option("family")
    new.get_by_role("button", name="Save and continue").click()
    new.get_by_text("There is a problem").wait_for()
    review(new)
    new.get_by_label("Details of a conflict").first.fill("My brother works there.")
    new.get_by_label("Details, or why it is not a conflict").fill("My sister works there.")
    new.get_by_role("button", name="Save and continue").click()
    new.get_by_text("You have nothing to score yet").wait_for()
    review(new, None, address(newcomer, "check"), address(newcomer, "declare"))


def test_the_pages_of_a_member(visit, review, member, reviews, criteria, forgiven):
    forgiven.extend(["status of 409", "status of 404"])
    ConflictFactory(application=SubmittedFactory(call=member.panel.call))
    first, second = reviews
    page = visit(address(member), member.user)
    review(page, address(member), score_address(first), address(member, "check"), address(member, "conflicts"))
    page.get_by_role("link", name="Waive this conflict").first.click()
    review(page)
    page.get_by_role("button", name="Waive this conflict").click()
    page.get_by_text("There is a problem").wait_for()
    review(page)
    page.get_by_label("Why this conflict does not matter").fill("She left.")
    page.get_by_role("button", name="Waive this conflict").click()
    page.get_by_text("Waived at").wait_for()
    review(page)
    for criterion in criteria:
        CriterionScore.objects.create(review=first, criterion=criterion, score=4, reason="Clear evidence.")
    review(page, address(member), address(member, "check"))
    other = ReviewFactory(
        assignment=AssignmentFactory(application=first.assignment.application, member__panel=member.panel),
        status=ReviewStatus.SUBMITTED,
        submitted_at=timezone.now(),
    )
    CriterionScore.objects.create(review=other, criterion=criteria[0], score=1, reason="Not convinced.")
    stale = page.context.new_page()
    stale.goto(score_address(first))
    page.get_by_role("button", name="Submit 1 expression of interest").click()
    page.get_by_text("of 2 scored, 1 submitted").wait_for()
    review(page, None, score_address(first), address(member, "check"))
    stale.get_by_role("button", name="Save and come back later").click()
    stale.get_by_text("could not be saved").first.wait_for()
    review(stale)
    Review.objects.filter(pk=second.pk).update(reopened_reason="A slip")
    Panel.objects.update(due_at=timezone.now() - timedelta(hours=1))
    page.goto(score_address(second))
    review(page, None, address(member))
    page.goto(score_address(second))
    page.get_by_role("link", name="I have a conflict of interest").click()
    review(page)
    page.get_by_role("button", name="Declare the conflict").click()
    page.get_by_text("There is a problem").wait_for()
    review(page)
    page.get_by_label("Another reason").check()
    page.get_by_label("Details").fill("I chaired its review.")
    page.get_by_role("button", name="Declare the conflict").click()
    page.get_by_text("These are closed to you").wait_for()
    review(page, None, score_address(second))


def office(panel, *parts):
    return "/".join(["/admin/applications/panel", str(panel.pk), *map(str, parts), ""])


def test_the_offices_pages(visit, review, panel):
    staff = StaffFactory()
    page = visit("/admin/applications/panel/add/", staff)
    review(page, None, *(office(panel, part) for part in ("change", "progress", "assign", "assign/commit", "invite")))
    page.get_by_role("button", name="Send the invitation").click()
    review(page)
    members = PanelMemberFactory.create_batch(3, panel=panel)
    newcomer = PanelMemberFactory(panel=panel, status=MemberStatus.INVITED, declared_at=None)
    review(page, f"/admin/applications/panelmember/{newcomer.pk}/resend/")
    page.get_by_role("button", name="Send the invitation again").click()
    page.get_by_text("the invitation again.").wait_for()
    applications = SubmittedFactory.create_batch(3, call=panel.call, status=ApplicationStatus.SHORTLISTED)
    review(page, office(panel, "assign"), office(panel, "progress"))
    all_answered(panel)
    members[2].answered.remove(applications[1])
    conflict = ConflictFactory(application=applications[0], user=members[0].user)
    propose_assignments(panel_id=panel.pk, by=staff)
    review(page, *(office(panel, part) for part in ("assign", f"assign/{applications[0].pk}", "assign/commit")))
    page.get_by_role("button", name="Commit and tell the members").click()
    page.get_by_text("6 reviews assigned").wait_for()
    given = members[1].assignments.live().first()
    review(page, None, office(panel, "assign/take-back", given.pk))
    page.get_by_role("button", name="Take it back").click()
    review(page)
    ConflictFactory(application=applications[0], user=members[1].user)
    page.goto(office(panel, "assign"))
    page.get_by_role("button", name="Propose assignments").click()
    expect(page.get_by_role("alert")).to_contain_text("said that they have no conflict")
    review(page)
    submitted = given.review
    Review.objects.filter(pk=submitted.pk).update(status=ReviewStatus.SUBMITTED, submitted_at=timezone.now())
    for model, record, acts in (
        ("panelmember", members[1], ("remind", "withdraw", "chair")),
        ("conflict", conflict, ()),
        ("review", submitted, ("reopen",)),
    ):
        review(page, f"/admin/applications/{model}/", *(f"/admin/applications/{model}/{record.pk}/{act}/" for act in ("change", *acts)))
    review(page, "/admin/applications/conflict/record/")
    page.get_by_role("button", name="Record the conflict").click()
    review(page)
    assert too_wide(page) == []
