"""Who sees what of how an EoI is judged. Each rule has somebody whom it lets in and somebody whom it keeps out."""

from datetime import UTC, datetime, timedelta

import pytest

from applications.models import Answer, Application, Assessment, Conflict, Decision, Extension, InterviewSheet, Letter, Review
from applications.states import ConflictStatus, MemberStatus, ReviewStatus
from tests.factories import ContactFactory, QuestionFactory, UserFactory
from tests.factories.judging import (
    AssessmentFactory,
    AssignmentFactory,
    ConflictFactory,
    DecisionFactory,
    InterviewFactory,
    PanelMemberFactory,
    ReviewFactory,
    SubmittedFactory,
)
from upstream.audit.models import Entry
from upstream.audit.services import record

DONE = datetime(2019, 7, 20, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def test_an_active_conflict_hides_the_application_even_from_staff(staff):
    conflict = ConflictFactory(user=staff)
    other = SubmittedFactory()
    assert set(Application.objects.visible_to(staff)) == {other}
    conflict.status = ConflictStatus.DISMISSED
    conflict.save()
    assert conflict.application in Application.objects.visible_to(staff)


def test_a_conflict_never_hides_a_councils_own_application():
    contact = ContactFactory()
    own = SubmittedFactory(council=contact.council)
    ConflictFactory(application=own, user=contact.user)
    assert own in Application.objects.visible_to(contact.user)


def test_assessors_see_each_other_once_both_have_finished(staff):
    own = AssessmentFactory(assessor=staff)
    other = AssessmentFactory(application=own.application, seat=2, completed_at=DONE, is_eligible=True)
    assert set(Assessment.objects.visible_to(staff)) == {own}
    Assessment.objects.filter(pk=own.pk).update(completed_at=DONE, is_eligible=True)
    assert set(Assessment.objects.visible_to(staff)) == {own, other}


def test_whoever_may_still_take_a_seat_sees_nothing_of_what_others_made_of_it(staff):
    first = AssessmentFactory(completed_at=DONE, is_eligible=True)
    assert not Assessment.objects.visible_to(staff)
    second = AssessmentFactory(application=first.application, seat=2, completed_at=DONE, is_eligible=True)
    assert set(Assessment.objects.visible_to(staff)) == {first, second}
    Application.objects.update(assessors_wanted=3)
    assert not Assessment.objects.visible_to(staff)


def test_staff_who_sit_on_the_panel_see_others_scores_once_theirs_are_in(staff):
    own = ReviewFactory(assignment__member__user=staff)
    member = PanelMemberFactory(panel=own.assignment.member.panel)
    assignment = AssignmentFactory(application=own.assignment.application, member=member)
    other = ReviewFactory(assignment=assignment, status=ReviewStatus.SUBMITTED, submitted_at=DONE)
    elsewhere = ReviewFactory(status=ReviewStatus.SUBMITTED, submitted_at=DONE)
    assert set(Review.objects.visible_to(staff)) == {own, elsewhere}
    Review.objects.filter(pk=own.pk).update(status=ReviewStatus.SUBMITTED, submitted_at=DONE)
    assert set(Review.objects.visible_to(staff)) == {own, other, elsewhere}


def test_staff_see_their_own_conflicts_and_no_others_of_an_application_they_have_one_with(staff):
    own = ConflictFactory(user=staff)
    hidden = ConflictFactory(application=own.application)
    other = ConflictFactory()
    assert set(Conflict.objects.visible_to(staff)) == {own, other}
    assert hidden not in Conflict.objects.visible_to(staff)


def test_who_has_an_interview_to_score_sees_no_paper_scores(staff):
    interview = InterviewFactory(slot__interviewer=staff)
    assessment = AssessmentFactory(application=interview.application, completed_at=DONE, is_eligible=True)
    review = ReviewFactory(assignment=AssignmentFactory(application=interview.application))
    assert assessment in Assessment.objects.visible_to(staff)
    assert review in Review.objects.visible_to(staff)
    sheet = InterviewSheet.objects.create(interview=interview, interviewer=staff)
    assert assessment not in Assessment.objects.visible_to(staff)
    assert review not in Review.objects.visible_to(staff)
    sheet.submitted_at = DONE
    sheet.save()
    assert assessment in Assessment.objects.visible_to(staff)
    assert review in Review.objects.visible_to(staff)


def test_interviewers_see_each_others_sheet_once_theirs_is_submitted(staff):
    interview = InterviewFactory()
    own = InterviewSheet.objects.create(interview=interview, interviewer=staff)
    other = InterviewSheet.objects.create(interview=interview, interviewer=UserFactory(), submitted_at=DONE)
    assert set(InterviewSheet.objects.visible_to(staff)) == {own}
    own.submitted_at = DONE
    own.save()
    assert set(InterviewSheet.objects.visible_to(staff)) == {own, other}


def test_a_member_reads_open_answers_of_their_reviews_and_nothing_else():
    review = ReviewFactory()
    member, application = review.assignment.member.user, review.assignment.application
    section_question = QuestionFactory(section__call=application.call)
    hidden = QuestionFactory(section=section_question.section, hidden_from_panel=True)
    shown = Answer.objects.create(application=application, question=section_question, value="Yes")
    Answer.objects.create(application=application, question=hidden, value="No")
    Answer.objects.create(application=SubmittedFactory(), question=section_question, value="Other")
    assert set(Answer.objects.visible_to(member)) == {shown}
    assert application not in Application.objects.visible_to(member)


@pytest.mark.parametrize("reason", ["conflict", "withdrawn", "undeclared"])
def test_reviews_close_at_once(reason):
    review = ReviewFactory()
    member = review.assignment.member
    assert review in Review.objects.visible_to(member.user)
    if reason == "conflict":
        ConflictFactory(application=review.assignment.application, user=member.user)
    else:
        member.status = MemberStatus.WITHDRAWN if reason == "withdrawn" else MemberStatus.INVITED
        member.save()
    assert not Review.objects.visible_to(member.user)


def test_others_scores_show_once_ones_own_are_submitted_and_count_only_without_conflict():
    own = ReviewFactory()
    application = own.assignment.application
    other = ReviewFactory(
        assignment=AssignmentFactory(application=application, member=PanelMemberFactory(panel=own.assignment.member.panel)),
        status=ReviewStatus.SUBMITTED,
        submitted_at=DONE,
    )
    user = own.assignment.member.user
    assert set(Review.objects.visible_to(user)) == {own}
    own.status, own.submitted_at = ReviewStatus.SUBMITTED, DONE
    own.save()
    assert set(Review.objects.visible_to(user)) == {own, other}
    assert set(Review.objects.counting()) == {own, other}
    ConflictFactory(application=application, user=other.assignment.member.user)
    assert set(Review.objects.counting()) == {own}
    assert set(Review.objects.visible_to(user)) == {own}


def test_decisions_and_letters_are_the_offices_until_released(staff):
    decision = DecisionFactory()
    letter = Letter.objects.create(decision=decision, subject="Your result", text="Text", template_version="1")
    officer = ContactFactory(council=decision.application.council).user
    assert decision in Decision.objects.visible_to(staff)
    assert letter in Letter.objects.visible_to(staff)
    assert not Decision.objects.visible_to(officer)
    assert not Letter.objects.visible_to(officer)


def test_a_conflict_hides_the_trail_of_everything_that_belongs_to_the_application(staff, settings):
    review = ReviewFactory()
    application = review.assignment.application
    answer = Answer.objects.create(application=application, question=QuestionFactory(section__call=application.call), value="Yes")
    until = application.call.closes_at + timedelta(days=1)
    extension = Extension.objects.create(call=application.call, council=application.council, until=until, reason="Ill", requested_by=staff)
    letter = Letter.objects.create(decision=DecisionFactory(application=application), subject="Your result", text="Text")
    interview = InterviewFactory(application=application)
    belonging = [application, answer, review, review.assignment, extension, letter, interview, ConflictFactory(application=application)]
    hidden = {record(actor=None, verb="test", subject=subject).pk for subject in belonging}
    assert len({type(subject) for subject in belonging}) == len(settings.HIDDEN_WITH)
    shown = {record(actor=None, verb="test", subject=subject).pk for subject in (SubmittedFactory(), application.call, application.council)}
    assert {entry.pk for entry in Entry.objects.visible_to(staff)} == hidden | shown
    ConflictFactory(application=application, user=staff)
    assert {entry.pk for entry in Entry.objects.visible_to(staff)} == shown
    assert not Entry.objects.visible_to(ContactFactory(council=application.council).user)
