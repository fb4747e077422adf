"""The panel's pages in the office."""

from datetime import timedelta

import pytest
from django.urls import reverse

from applications.models import Assignment, Conflict, CriterionScore, Panel, PanelMember, Review
from applications.services.assignment import commit_proposals, propose_assignments, table_of
from applications.states import ApplicationStatus, AssignmentStatus, ConflictStatus, MemberStatus, ReviewStatus
from tests.applications.test_query_counts import queries
from tests.factories import CallFactory, ContactFactory, CriterionFactory, StaffFactory
from tests.factories.judging import (
    AssignmentFactory,
    ConflictFactory,
    PanelFactory,
    PanelMemberFactory,
    ReviewFactory,
    SubmittedFactory,
    all_answered,
)
from upstream import clock
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def panel(db):
    panel = PanelFactory(reviews_per_application=2)
    PanelMemberFactory.create_batch(3, panel=panel)
    SubmittedFactory.create_batch(3, call=panel.call, status=ApplicationStatus.SHORTLISTED)
    all_answered(panel)
    return panel


def url(name, *args):
    return reverse(f"admin:applications_{name}", args=args)


def test_a_panel_is_set_up_and_recorded(office):
    call = CallFactory()
    due = {"due_at_0": "2027-03-30", "due_at_1": "17:00:00"}
    office.post(url("panel_add"), {"call": call.pk, "reviews_per_application": 3} | due)
    panel = Panel.objects.get()
    assert panel.call == call
    assert "seed" not in office.get(url("panel_change", panel.pk)).context["adminform"].form.fields  # nobody tries one after another
    assert [entry.verb for entry in Entry.objects.about(panel)] == ["panel.added"]
    assert "Assign reviews" in office.get(url("panel_change", panel.pk)).content.decode()


def test_a_member_is_invited_and_listed(office, panel, move_clock):
    page = office.post(url("panel_invite", panel.pk), {"name": "", "email": "nobody"}).content.decode()
    assert "Enter the person&#x27;s full name" in page
    sent = {"name": "Alex Reed", "email": "alex@example.org", "is_chair": "on"}
    assert "Alex Reed</a>, chair" in office.post(url("panel_invite", panel.pk), sent, follow=True).content.decode()
    assert "has been invited already" in office.post(url("panel_invite", panel.pk), sent).content.decode()
    again = url("panelmember_resend", PanelMember.objects.get(user__email="alex@example.org").pk)
    assert again in office.get(url("panel_progress", panel.pk)).content.decode()
    assert "at most once in 24 hours" in office.post(again, follow=True).content.decode()
    move_clock(clock.now() + timedelta(days=1))
    assert "the invitation again" in office.post(again, follow=True).content.decode()
    assert OutboundEmail.objects.filter(kind="panel-invited", recipient="alex@example.org").count() == 2


def test_acts_on_a_member(office, panel):
    member = panel.members.first()
    page = office.get(url("panelmember_change", member.pk)).content.decode()
    assert "Make the chair" in page
    assert url("panelmember_remind", member.pk) not in page
    office.post(url("panelmember_chair", member.pk))
    assert PanelMember.objects.get(is_chair=True) == member
    ReviewFactory(assignment=AssignmentFactory(member=member))
    office.post(url("panelmember_remind", member.pk))
    assert OutboundEmail.objects.filter(kind="panel-nudge").count() == 1
    page = office.post(url("panelmember_withdraw", member.pk), {"reason": "Ill"}, follow=True).content.decode()
    assert "no longer sits on the panel." in page
    assert "still counts" not in page  # nothing was submitted
    member.refresh_from_db()
    assert (member.status, member.is_chair) == (MemberStatus.WITHDRAWN, False)
    office.post(url("panelmember_reinvite", member.pk))
    member.refresh_from_db()
    assert member.status == MemberStatus.INVITED


def test_proposing_editing_and_committing(office, panel):
    assign, application = url("panel_assign", panel.pk), panel.call.applications.first()
    assert "Propose assignments" in office.get(assign).content.decode()
    page = office.post(assign, {"action": "propose"}, follow=True).content.decode()
    assert "6 reviews proposed. Nobody has been told yet." in page
    reviewers = url("panel_reviewers", panel.pk, application.pk)
    own = Assignment.objects.filter(application=application).first()
    office.post(reviewers, {"action": f"pin-{own.pk}"})
    assert Assignment.objects.get(pk=own.pk).is_pinned
    free = panel.members.exclude(assignments__application=application).get()
    office.post(reviewers, {"action": f"move-{own.pk}", f"to-{own.pk}": free.pk})
    assert Assignment.objects.live().filter(application=application, member=free).exists()
    moved = Assignment.objects.get(application=application, member=free)
    office.post(reviewers, {"action": f"drop-{moved.pk}"})
    commit = url("panel_commit", panel.pk)
    page = office.get(commit)
    assert str(application) in page.content.decode()
    office.post(reviewers, {"action": f"add-{free.pk}"})
    fresh = office.post(commit, {"seen": page.context["preview"]}, follow=True)
    assert "have changed since you opened this page" in fresh.content.decode()
    assert not Review.objects.exists()
    sent = {"seen": fresh.context["preview"]}
    assert f'name="seen" value="{sent["seen"]}"' in fresh.content.decode()
    assert "6 reviews assigned" in office.post(commit, sent, follow=True).content.decode()
    assert "Nothing is proposed" in office.get(commit).content.decode()
    assert "Nothing is proposed" in office.post(commit, follow=True).content.decode()
    take_back = url("panel_take_back", panel.pk, moved.pk)
    assert "Enter why it is taken back" in office.post(take_back, {"reason": ""}).content.decode()
    office.post(take_back, {"reason": "Too many"})
    assert Assignment.objects.get(pk=moved.pk).status == AssignmentStatus.REMOVED


def test_nonsense_and_nothing_to_propose(office, panel):
    assign, application = url("panel_assign", panel.pk), panel.call.applications.first()
    office.post(assign, {"action": "propose"})
    for action in ("", "pin-", "pin-x", "pin-0", "add-0", "move-1", "fly-1"):
        assert office.post(url("panel_reviewers", panel.pk, application.pk), {"action": action}).status_code in {302, 404}
    office.post(assign, {"action": "propose"})
    office.post(url("panel_commit", panel.pk), {"seen": table_of(panel).preview})
    assert "There is nothing to propose" in office.post(assign, {"action": "propose"}, follow=True).content.decode()


def test_discarding_tells_nobody(office, panel):
    assign = url("panel_assign", panel.pk)
    office.post(assign, {"action": "propose"})
    assert "6 proposals discarded" in office.post(assign, {"action": "discard"}, follow=True).content.decode()
    assert not Assignment.objects.live().exists()


def test_what_is_in_the_way_is_named(office, panel):
    application = panel.call.applications.first()
    for member in panel.members.all()[:2]:
        ConflictFactory(application=application, user=member.user)
    page = office.post(url("panel_assign", panel.pk), {"action": "propose"}).content.decode()
    assert f"{application} needs 2 reviewers, and only 1 of the members said that they have no conflict with it." in page
    assert page.count('<span class="govuk-visually-hidden">Conflict</span>') == 2


def test_staff_see_who_has_still_to_answer_about_what(office, panel):
    first, second, _ = panel.members.order_by("user__full_name")
    found, late = panel.call.applications.all()[:2]
    first.answered.remove(late)
    ConflictFactory(application=found, user=second.user, status=ConflictStatus.PROPOSED, is_detected=True)
    page = office.get(url("panel_assign", panel.pk))
    assert page.context["to_answer"] == [(first, [late]), (second, [found])]
    assert page.content.decode().count('<span class="govuk-visually-hidden">To answer</span>') == 2
    assert '<span class="govuk-visually-hidden">Conflict</span>' not in page.content.decode()
    assert f"<li>{first}: {late.reference}</li>" in page.content.decode()
    assert f"add-{first.pk}" not in office.get(url("panel_reviewers", panel.pk, late.pk)).content.decode()


def test_staff_with_a_conflict_see_neither_the_row_nor_its_page(office, panel, staff):
    application = panel.call.applications.first()
    ConflictFactory(application=application, user=staff)
    page = office.get(url("panel_assign", panel.pk)).content.decode()
    assert application.reference not in page
    assert "1 expression of interest is not shown" in page
    assert office.get(url("panel_reviewers", panel.pk, application.pk)).status_code == 404
    review = ReviewFactory(assignment=AssignmentFactory(member=panel.members.first(), application=application))
    assert office.get(url("panel_take_back", panel.pk, review.assignment.pk)).status_code == 404
    assert office.get(url("review_reopen", review.pk)).status_code == 404
    assert application.reference not in office.get(url("review_changelist")).content.decode()


def test_progress_says_who_is_late(office, panel, staff, move_clock):
    propose_assignments(panel_id=panel.pk, by=staff)
    commit_proposals(panel_id=panel.pk, seen=table_of(panel).preview, by=staff)
    done = panel.members.first()
    Review.objects.filter(assignment__member=done).update(status=ReviewStatus.SUBMITTED, submitted_at=clock.now())
    page = office.get(url("panel_progress", panel.pk))
    assert (page.context["submitted"], page.context["left"]) == (2, 4)
    assert ">Late</strong>" not in page.content.decode()
    move_clock(panel.due_at)
    assert office.get(url("panel_progress", panel.pk)).content.decode().count(">Late</strong>") == 2


def test_a_conflict_is_recorded_for_anybody_who_judges(office, panel, staff):
    application, assessor = panel.call.applications.first(), StaffFactory()
    record = url("conflict_record")
    assert ContactFactory().user not in office.get(record).context["form"].fields["person"].queryset
    for person in (panel.members.first().user, assessor):
        sent = {"person": person.pk, "application": application.pk, "kind": "family", "detail": "A sister"}
        assert "is closed to" in office.post(record, sent, follow=True).content.decode()
    assert Conflict.objects.active().count() == 2
    assert "A sister" in office.get(url("conflict_changelist"), {"call": panel.call_id}).content.decode()


def test_who_records_their_own_conflict_is_not_told_that_somebody_was_emailed(office, panel, staff):
    application = panel.call.applications.first()
    sent = {"person": staff.pk, "application": application.pk, "kind": "", "detail": "A sister"}
    assert "Select the interest" in office.post(url("conflict_record"), sent).context["form"].errors["kind"]
    sent["kind"] = "family"
    page = office.post(url("conflict_record"), sent, follow=True).content.decode()
    assert f"{application} is closed to you now." in page
    assert "We have emailed them" not in page
    assert not OutboundEmail.objects.exists()


def test_scores_are_read_and_reopened(office, panel):
    review = ReviewFactory(
        assignment=AssignmentFactory(member=panel.members.first()), status=ReviewStatus.SUBMITTED, submitted_at=clock.now()
    )
    criterion = CriterionFactory(call=panel.call, name="Strength")
    CriterionScore.objects.create(review=review, criterion=criterion, score=4, reason="<b>Clear</b> evidence")
    page = office.get(url("review_change", review.pk)).content.decode()
    assert f"<h1>{review.assignment.application}, scored by {review.assignment.member}</h1>" in page
    assert "Strength: 4" in page
    assert "&lt;b&gt;Clear&lt;/b&gt;" in page
    office.post(url("review_reopen", review.pk), {"reason": "A slip"})
    review.refresh_from_db()
    assert (review.status, review.reopened_reason) == (ReviewStatus.DRAFT, "A slip")


@pytest.mark.parametrize(
    "name", ["panel_progress", "panel_assign", "panel_commit", "panel_reviewers", "conflict_changelist", "review_changelist"]
)
def test_as_many_queries_for_fifty_as_for_five(office, name):
    panel = PanelFactory()
    counts = []
    for more in (5, 45):
        for member in PanelMemberFactory.create_batch(more, panel=panel):
            review = ReviewFactory(assignment=AssignmentFactory(member=member))
            proposed = AssignmentFactory(member=member, status=AssignmentStatus.PROPOSED, committed_at=None)
            ConflictFactory(user=member.user, application=SubmittedFactory(call=panel.call, status=ApplicationStatus.SHORTLISTED))
        args = {"panel_reviewers": (panel.pk, proposed.application_id)}.get(name, () if "changelist" in name else (panel.pk,))
        counts.append(queries(office, url(name, *args)))
    assert review.pk
    assert counts[0] == counts[1] < 20
