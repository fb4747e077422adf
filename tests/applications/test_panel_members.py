"""Who sits on a panel: invited, declared, chairing, withdrawn, invited again."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from applications.models import Assignment, Conflict, PanelMember, Review
from applications.services.conflicts import Interest
from applications.services.panel import (
    declare,
    invite_again,
    invite_member,
    make_chair,
    remind_member,
    send_invitation_again,
    to_be_scored,
    unanswered,
    withdraw_member,
)
from applications.states import ApplicationStatus, AssignmentStatus, ConflictKind, ConflictStatus, MemberStatus, ReviewStatus
from cohort.models import CouncilDomain
from cohort.states import ContactStatus
from tests.factories import ContactFactory, UserFactory
from tests.factories.judging import AssignmentFactory, PanelFactory, PanelMemberFactory, ReviewFactory, SubmittedFactory
from upstream import clock
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]


@pytest.fixture
def panel(db):
    return PanelFactory()


def invite(panel, by, **fields):
    return invite_member(**{"panel_id": panel.pk, "name": "Alex Reed", "email": "Alex@Example.org", "is_chair": False, "by": by} | fields)


def shortlisted(panel, **fields):
    return SubmittedFactory(call=panel.call, status=ApplicationStatus.SHORTLISTED, **fields)


def declare_all(member, interests=None, dismissals=None, by=None):
    asked = [application.pk for application in to_be_scored(member.panel)]
    answers = {"interests": interests or {}, "dismissals": dismissals or {}}
    return declare(member_id=member.pk, general="", asked=asked, by=by or member.user, **answers)


def test_an_invitation_makes_the_person_and_tells_them_where_to_declare(panel, staff):
    member = invite(panel, staff)
    assert (member.user.email, member.user.full_name, member.status) == ("alex@example.org", "Alex Reed", MemberStatus.INVITED)
    message = OutboundEmail.objects.about(member).get()
    assert (message.kind, message.recipient) == ("panel-invited", "alex@example.org")
    assert f"/panel/{panel.call.slug}/declare/" in message.text
    assert [entry.verb for entry in Entry.objects.about(member)] == ["panel.invited"]


def test_somebody_who_has_a_name_keeps_it_and_nobody_is_invited_twice(panel, staff):
    known = UserFactory(full_name="Alexandra Reed", email="alex@example.org")
    assert invite(panel, staff).user == known
    known.refresh_from_db()
    assert known.full_name == "Alexandra Reed"
    with pytest.raises(ValidationError, match="has been invited already"):
        invite(panel, staff)
    PanelMember.objects.update(status=MemberStatus.ACTIVE, declared_at=clock.now())
    with pytest.raises(ValidationError, match="sits on this panel already"):
        invite(panel, staff)


def test_a_panel_has_one_chair(panel, staff):
    first = invite(panel, staff, is_chair=True)
    with pytest.raises(ValidationError, match="has a chair"):
        invite(panel, staff, email="sam@example.org", is_chair=True)
    second = invite(panel, staff, email="sam@example.org")
    make_chair(member_id=second.pk, by=staff)
    assert list(panel.members.filter(is_chair=True)) == [second]
    withdraw_member(member_id=second.pk, reason="Ill", by=staff)
    assert not panel.members.filter(is_chair=True).exists()
    with pytest.raises(InvalidTransition):
        make_chair(member_id=second.pk, by=staff)
    make_chair(member_id=first.pk, by=staff)


def test_conflicts_are_detected_by_address_and_by_standing(panel, staff):
    by_domain, by_standing, once, free = (shortlisted(panel) for _ in range(4))
    user = UserFactory(email="alex@example.org")
    CouncilDomain.objects.create(council=by_domain.council, domain="example.org")
    ContactFactory(council=by_standing.council, user=user)
    ContactFactory(council=once.council, user=user, status=ContactStatus.ENDED)
    ContactFactory(council=free.council, user=user, status=ContactStatus.REQUESTED)
    invite(panel, staff)
    found = Conflict.objects.filter(user=user)
    assert {conflict.application for conflict in found} == {by_domain, by_standing, once}
    assert {(conflict.status, conflict.kind, conflict.is_detected) for conflict in found} == {
        (ConflictStatus.PROPOSED, ConflictKind.COUNCIL, True)
    }
    assert "example.org, which belongs to the council" in found.get(application=by_domain).detail


def test_a_declaration_opens_the_panel_and_settles_every_proposal(panel, staff):
    own, other, free = (shortlisted(panel) for _ in range(3))
    user = UserFactory(email="alex@example.org")
    for application in (own, other):
        ContactFactory(council=application.council, user=user)
    member = invite(panel, staff)
    with pytest.raises(InvalidTransition, match="possible conflict"):
        declare_all(member, {own.pk: Interest(ConflictKind.COUNCIL, "I work there")})
    assert PanelMember.objects.get().status == MemberStatus.INVITED
    declare_all(
        member,
        {own.pk: Interest(ConflictKind.COUNCIL, "I work there"), free.pk: Interest(ConflictKind.FAMILY, "My sister")},
        {other.pk: "I only helped once"},
    )
    assert PanelMember.objects.get().status == MemberStatus.ACTIVE
    statuses = {conflict.application: conflict.status for conflict in Conflict.objects.filter(user=user)}
    assert statuses == {own: ConflictStatus.ACTIVE, other: ConflictStatus.DISMISSED, free: ConflictStatus.ACTIVE}
    assert Conflict.objects.get(application=other).reason == "I only helped once"
    assert not OutboundEmail.objects.filter(kind__in=["conflict-recorded", "reviewer-lost"]).exists()


def test_nobody_declares_for_a_member(panel, staff):
    member = invite(panel, staff)
    with pytest.raises(PermissionDenied):
        declare_all(member, by=staff)


def test_who_withdraws_gives_back_what_is_not_submitted(panel, staff):
    member = PanelMemberFactory(panel=panel)
    drafted = ReviewFactory(assignment=AssignmentFactory(member=member))
    submitted = ReviewFactory(assignment=AssignmentFactory(member=member), status=ReviewStatus.SUBMITTED, submitted_at=clock.now())
    proposed = AssignmentFactory(member=member, status=AssignmentStatus.PROPOSED, committed_at=None)
    withdraw_member(member_id=member.pk, reason="Ill", by=staff)
    assert set(Assignment.objects.live()) == {submitted.assignment}
    assert set(Review.objects.counting()) == {submitted}
    assert "Ill" in Assignment.objects.get(pk=drafted.assignment_id).removed_reason
    assert Assignment.objects.get(pk=proposed.pk).status == AssignmentStatus.REMOVED
    assert not Review.objects.visible_to(member.user)
    assert OutboundEmail.objects.about(member).get().kind == "panel-withdrawn"
    with pytest.raises(InvalidTransition):
        withdraw_member(member_id=member.pk, reason="Again", by=staff)


def test_who_is_invited_again_declares_again(panel, staff, move_clock):
    member = PanelMemberFactory(panel=panel)
    with pytest.raises(InvalidTransition):
        invite_again(member_id=member.pk, by=staff)
    member.answered.add(application := shortlisted(panel))
    withdraw_member(member_id=member.pk, reason="Ill", by=staff)
    invite_again(member_id=member.pk, by=staff)
    member.refresh_from_db()
    assert (member.status, member.declared_at, member.withdrawn_reason) == (MemberStatus.INVITED, None, "")
    assert list(unanswered(member)) == [application]
    declare_all(member)
    assert not unanswered(member).exists()
    move_clock(clock.now() + timedelta(hours=1))
    withdraw_member(member_id=member.pk, reason="Ill", by=staff)
    invite(panel, staff, email=member.user.email)
    assert OutboundEmail.objects.filter(kind="panel-invited").count() == 2
    assert PanelMember.objects.count() == 1


def test_an_invitation_is_sent_again_a_day_later_until_it_is_answered(panel, staff, move_clock):
    member = invite(panel, staff)
    sent = member.invited_at
    with pytest.raises(InvalidTransition, match="at most once in 24 hours"):
        send_invitation_again(member_id=member.pk, by=staff)
    move_clock(sent + timedelta(days=1))
    assert send_invitation_again(member_id=member.pk, by=staff).invited_at == sent + timedelta(days=1)
    assert OutboundEmail.objects.about(member).filter(kind="panel-invited").count() == 2
    assert Entry.objects.about(member).filter(verb="panel.invitation_sent_again").count() == 1
    declare_all(member)
    move_clock(sent + timedelta(days=3))
    with pytest.raises(InvalidTransition, match="no invitation to answer"):
        send_invitation_again(member_id=member.pk, by=staff)


def test_a_reminder_by_hand_goes_once_a_day_and_only_to_those_behind(panel, staff, move_clock):
    noon = panel.due_at.replace(hour=12)
    move_clock(noon)
    idle, behind = PanelMemberFactory.create_batch(2, panel=panel)
    ReviewFactory(assignment=AssignmentFactory(member=behind))
    with pytest.raises(InvalidTransition, match="nothing left"):
        remind_member(member_id=idle.pk, by=staff)
    message = remind_member(member_id=behind.pk, by=staff)
    assert "**1** expression of interest left" in message.text
    with pytest.raises(InvalidTransition, match="at most once in 24 hours"):
        remind_member(member_id=behind.pk, by=staff)
    move_clock(noon + timedelta(hours=23, minutes=59))
    with pytest.raises(InvalidTransition, match="at most once in 24 hours"):
        remind_member(member_id=behind.pk, by=staff)
    move_clock(noon + timedelta(days=1))
    assert remind_member(member_id=behind.pk, by=staff) != message
