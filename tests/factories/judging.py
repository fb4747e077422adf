"""Factories for what happens to an EoI after it is submitted."""

from datetime import UTC, datetime, timedelta

import factory
from django.utils import timezone
from django.utils.timezone import localdate
from factory.django import DjangoModelFactory

from applications.models import (
    Assessment,
    Assignment,
    Conflict,
    CriterionScore,
    Decision,
    Interview,
    InterviewQuestion,
    InterviewSlot,
    Panel,
    PanelMember,
    Release,
    Review,
)
from applications.states import ApplicationStatus, AssignmentStatus, ConflictKind, MemberStatus, ReviewStatus, Stage
from tests.factories import ApplicationFactory, CallFactory, CriterionFactory, UserFactory
from upstream.deadlines import add_working_days


class SubmittedFactory(ApplicationFactory):
    """An EoI with a receipt."""

    status = ApplicationStatus.SUBMITTED
    submitted_at = datetime(2019, 7, 1, 9, tzinfo=UTC)
    submitted_by = factory.SelfAttribute("created_by")
    content_hash = "0" * 64


class ShortlistedFactory(SubmittedFactory):
    """An EoI whose council has to book an interview."""

    status = ApplicationStatus.SHORTLISTED


class ConflictFactory(DjangoModelFactory):
    """An active one."""

    class Meta:
        model = Conflict

    application = factory.SubFactory(SubmittedFactory)
    user = factory.SubFactory(UserFactory)
    kind = ConflictKind.ADVISER


class AssessmentFactory(DjangoModelFactory):
    """Claimed, not completed."""

    class Meta:
        model = Assessment

    application = factory.SubFactory(SubmittedFactory)
    assessor = factory.SubFactory(UserFactory)
    seat = 1


def scored_call(**details):
    """Return a call with two criteria that weigh 60 and 40."""
    call = CallFactory(**details)
    for position, (name, weight) in enumerate([("Fit", 60), ("Evidence", 40)]):
        anchors = [f"{name}: {word}" for word in ("nothing", "little", "some", "enough", "much", "all")]
        CriterionFactory(call=call, name=name, weight=weight, anchors=anchors, position=position)
    return call


def judge(application, assessor, score):
    """Return a completed assessment, in the person's seat or the next one; the same score for each criterion, or None for ineligible."""
    assessment = application.assessments.filter(assessor=assessor).first()
    assessment = assessment or AssessmentFactory(application=application, assessor=assessor, seat=application.assessments.count() + 1)
    assessment.is_eligible, assessment.completed_at = score is not None, timezone.now()
    assessment.ineligible_reason = "" if assessment.is_eligible else "A parish council."
    assessment.save()
    if assessment.is_eligible:
        for criterion in application.call.criteria.all():
            assessment.scores.update_or_create(criterion=criterion, defaults={"score": score, "reason": f"{score} for {criterion}."})
    return assessment


class ReleaseFactory(DjangoModelFactory):
    """Prepared and not released."""

    class Meta:
        model = Release

    call = factory.SubFactory(CallFactory)
    stage = Stage.SHORTLIST
    dated_on = factory.LazyFunction(localdate)
    prepared_by = factory.SubFactory(UserFactory)


class DecisionFactory(DjangoModelFactory):
    """A held decision to shortlist."""

    class Meta:
        model = Decision

    application = factory.SubFactory(SubmittedFactory)
    stage = Stage.SHORTLIST
    outcome = ApplicationStatus.SHORTLISTED
    reason = "Strong on evidence."
    decided_by = factory.SubFactory(UserFactory)
    decided_at = factory.LazyFunction(timezone.now)


class InterviewQuestionFactory(DjangoModelFactory):
    class Meta:
        model = InterviewQuestion

    call = factory.SubFactory(CallFactory)
    text = factory.Sequence(lambda n: f"What about {n}?")
    anchors = factory.LazyFunction(lambda: ["Nothing", "Little", "Some", "Much", "All"])
    position = factory.Sequence(lambda n: n)


def in_working_days(days):
    """Return this hour of the day so many working days on, when no council of England has a bank holiday and can be offered a time."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    return now + (add_working_days(localdate(now), days, "england") - localdate(now))


class InterviewSlotFactory(DjangoModelFactory):
    """In three working days."""

    class Meta:
        model = InterviewSlot

    call = factory.SubFactory(CallFactory)
    starts_at = factory.LazyFunction(lambda: in_working_days(3))
    interviewer = factory.SubFactory(UserFactory)
    second_interviewer = factory.SubFactory(UserFactory)


class InterviewFactory(DjangoModelFactory):
    """Booked."""

    class Meta:
        model = Interview

    application = factory.SubFactory(SubmittedFactory, status=ApplicationStatus.SHORTLISTED)
    slot = factory.SubFactory(InterviewSlotFactory, call=factory.SelfAttribute("..application.call"))
    contact_name = "Sam Okafor"
    phone = "01632 960001"
    booked_by = factory.SelfAttribute("application.created_by")
    booked_at = factory.LazyFunction(timezone.now)


class PanelFactory(DjangoModelFactory):
    class Meta:
        model = Panel

    call = factory.SubFactory(CallFactory)
    seed = 20190715
    due_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=10))


class PanelMemberFactory(DjangoModelFactory):
    """One who has declared."""

    class Meta:
        model = PanelMember

    panel = factory.SubFactory(PanelFactory)
    user = factory.SubFactory(UserFactory)
    status = MemberStatus.ACTIVE
    declared_at = factory.LazyFunction(timezone.now)
    invited_by = factory.SubFactory(UserFactory)


def all_answered(panel):
    """Let every member have said of each of the call's EoIs that they have no conflict of interest."""
    for member in panel.members.all():
        member.answered.add(*panel.call.applications.all())


class AssignmentFactory(DjangoModelFactory):
    """A committed one."""

    class Meta:
        model = Assignment

    member = factory.SubFactory(PanelMemberFactory)
    application = factory.SubFactory(
        SubmittedFactory, call=factory.SelfAttribute("..member.panel.call"), status=ApplicationStatus.SHORTLISTED
    )
    status = AssignmentStatus.COMMITTED
    committed_at = factory.LazyFunction(timezone.now)


class ReviewFactory(DjangoModelFactory):
    """A draft."""

    class Meta:
        model = Review

    assignment = factory.SubFactory(AssignmentFactory)


def reviewed(application, member, *marks, **details):
    """Return a submitted review that counts, with a score for each criterion of the call in turn."""
    now = timezone.now()
    assignment = AssignmentFactory(application=application, member=member)
    review = ReviewFactory(assignment=assignment, **{"status": ReviewStatus.SUBMITTED, "saved_at": now, "submitted_at": now, **details})
    criteria = application.call.criteria.all()
    review.scores.bulk_create(
        [CriterionScore(review=review, criterion=each, score=mark, reason="So.") for each, mark in zip(criteria, marks, strict=True)]
    )
    return review
