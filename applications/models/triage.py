"""Triage: what an assessor, alone, makes of an EoI."""

from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now

from applications.models.application import Application
from applications.models.call import Criterion
from applications.models.conflict import JudgementQuerySet
from applications.states import ApplicationStatus
from upstream.accounts.models import User

HIGHEST_SCORE = 5
MOST_ASSESSORS = 3


def finished() -> models.QuerySet[Application]:
    """Return the EoIs whose assessors have all completed theirs, as many as are wanted, and those whose triage is over."""
    number = Assessment.objects.unconflicted().completed().filter(application=OuterRef("pk")).order_by().values("application")
    done = Application.objects.annotate(done=Subquery(number.annotate(number=models.Count("pk")).values("number")))
    return done.filter(Q(done__gte=models.F("assessors_wanted")) | ~Q(status=ApplicationStatus.SUBMITTED))


class AssessmentQuerySet(JudgementQuerySet["Assessment"]):
    """Reading assessments. Those of somebody with a conflict of interest take no seat, and do not count."""

    application_path, author_path = "application", "assessor"

    def visible_to(self, user: User) -> Self:
        """Assessors see their own, and those of others once they have completed theirs; nobody sees those of an EoI they may not see.

        Whoever decides sees the completed ones, once all who are wanted have finished: until then they may take a seat themselves,
        and assess alone. Whoever still has to interview the council sees none but their own.
        """
        from applications.models.interview import InterviewSheet  # the interview's models build on these

        seen = self.filter(application__in=Application.objects.visible_to(user))
        own = seen.filter(assessor=user)
        if not user.has_perm("applications.assess_application"):
            return own
        to_interview = InterviewSheet.objects.unsubmitted_of(user).values("interview__application")
        others = seen.filter(completed_at__isnull=False).exclude(application__in=to_interview)
        may_compare = Q(application__in=own.filter(completed_at__isnull=False).values("application"))
        if user.has_perm("applications.decide_application"):
            may_compare |= Q(application__in=finished().values("pk"))
        others = others.filter(may_compare).exclude(application__in=own.filter(completed_at__isnull=True).values("application"))
        return self.filter(Q(pk__in=own.values("pk")) | Q(pk__in=others.values("pk")))

    def completed(self) -> Self:
        """Return the finished ones."""
        return self.filter(completed_at__isnull=False)

    def taken_up(self, user: User) -> Self:
        """Return the unfinished ones of EoIs in triage that the person may give back: their own, or all for who decides.

        Without what is written in them.
        """
        waiting = Application.objects.visible_to(user).filter(status=ApplicationStatus.SUBMITTED)
        seen = self.filter(completed_at__isnull=True, application__in=waiting)
        mine = seen if user.has_perm("applications.decide_application") else seen.filter(assessor=user)
        return mine.only("application", "assessor", "seat", "claimed_at", "completed_at")


class Assessment(models.Model):
    """One assessor's judgement of one EoI.

    An EoI has two seats, a third once somebody has asked for it, and one in place of each whose scores a conflict takes out.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="assessments")
    assessor = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="assessments")
    seat = models.PositiveSmallIntegerField()
    claimed_at = models.DateTimeField(db_default=Now(), editable=False)
    completed_at = models.DateTimeField(null=True, blank=True)
    is_eligible = models.BooleanField(null=True)
    ineligible_reason = models.TextField(blank=True)
    note = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=0, help_text="Counts the saves; a save names the revision it started from.")
    saved_at = models.DateTimeField(null=True, blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "triage"
        ordering = ("application", "seat")
        constraints = (
            models.UniqueConstraint(fields=["application", "seat"], name="one_assessment_per_seat"),
            models.UniqueConstraint(fields=["application", "assessor"], name="one_assessment_per_assessor"),
            models.CheckConstraint(condition=Q(seat__gte=1), name="assessment_seat_known"),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) | Q(is_eligible=True) | (Q(is_eligible=False) & ~Q(ineligible_reason="")),
                name="completed_assessment_says_eligible_or_why_not",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application_id} by {self.assessor_id}"


class CriterionJudgement(models.Model):
    """A score against a criterion with its reason. Empty while it is being written."""

    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.score}"


class AssessmentScore(CriterionJudgement):
    """An assessor's score."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="scores")

    class Meta:
        ordering = ("criterion__position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["assessment", "criterion"], name="one_assessment_score_per_criterion"),
            models.CheckConstraint(condition=Q(score__isnull=True) | Q(score__lte=HIGHEST_SCORE), name="assessment_score_in_range"),
        )
