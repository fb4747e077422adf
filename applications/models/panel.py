"""The panel: its members, what they are given to score, and their scores."""

import secrets
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from applications.models.application import Application
from applications.models.call import Call
from applications.models.conflict import Conflict, JudgementQuerySet
from applications.models.interview import InterviewSheet
from applications.models.triage import HIGHEST_SCORE, CriterionJudgement
from applications.states import ApplicationStatus, AssignmentStatus, MemberStatus, ReviewStatus
from upstream.accounts.models import User


def drawn_seed() -> int:
    """Return a seed for the assignments of a new panel."""
    return secrets.randbelow(2**31)


class PanelQuerySet(models.QuerySet["Panel"]):
    """Reading panels."""

    def visible_to(self, user: User) -> Self:
        """The office sees every panel, a member their own until they withdraw."""
        if user.has_perm("applications.view_panel"):
            return self
        return self.filter(members__in=PanelMember.objects.seated().filter(user=user))


class Panel(models.Model):
    """The panel of one call, and how it scores."""

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="panel")
    reviews_per_application = models.PositiveSmallIntegerField(
        "reviews of each expression of interest", default=3, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    due_at = models.DateTimeField("scores are due", help_text="Members are reminded before this moment.")
    seed = models.PositiveIntegerField(
        default=drawn_seed,
        editable=False,
        help_text="Drawn by lot. It settles ties when reviews are assigned, so that a preview can be made again and nobody can steer it.",
    )

    objects = PanelQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"Panel of {self.call}"


class PanelMemberQuerySet(models.QuerySet["PanelMember"]):
    """Reading who sits on panels."""

    def visible_to(self, user: User) -> Self:
        """The office sees every member, a member themselves."""
        return self if user.has_perm("applications.view_panelmember") else self.filter(user=user)

    def active(self) -> Self:
        """Return those to whom EoIs may open: they have declared their conflicts and not withdrawn."""
        return self.filter(status=MemberStatus.ACTIVE)

    def seated(self) -> Self:
        """Return those who have not withdrawn."""
        return self.exclude(status=MemberStatus.WITHDRAWN)


class PanelMember(models.Model):
    """Somebody on a panel."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey("accounts.User", verbose_name="person", on_delete=models.PROTECT, related_name="panel_seats")
    is_chair = models.BooleanField(default=False)
    status = models.CharField(max_length=20, choices=MemberStatus.choices, default=MemberStatus.INVITED)
    invited_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(db_default=Now(), editable=False)
    declared_at = models.DateTimeField(null=True, blank=True)
    general_interest = models.TextField(blank=True, help_text="What they declared about the call as a whole.")
    answered = models.ManyToManyField(Application, related_name="+", help_text="EoIs of which they have said whether there is a conflict.")
    withdrawn_reason = models.TextField(blank=True)

    objects = PanelMemberQuerySet.as_manager()

    class Meta:
        ordering = ("panel", "pk")
        constraints = (
            models.UniqueConstraint(fields=["panel", "user"], name="one_seat_per_person_and_panel"),
            models.UniqueConstraint(fields=["panel"], condition=Q(is_chair=True), name="one_chair_per_panel"),
            models.CheckConstraint(condition=Q(status__in=MemberStatus.values), name="member_status_known"),
            models.CheckConstraint(
                condition=~Q(status=MemberStatus.ACTIVE) | Q(declared_at__isnull=False), name="active_member_has_declared"
            ),
        )

    def __str__(self) -> str:
        return str(self.user)


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Reading assignments."""

    def live(self) -> Self:
        """Return those that have not been taken back."""
        return self.exclude(status=AssignmentStatus.REMOVED)


class Assignment(models.Model):
    """A panel member's turn to score an EoI: proposed in a preview, then committed."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="assignments")
    member = models.ForeignKey(PanelMember, on_delete=models.PROTECT, related_name="assignments")
    status = models.CharField(max_length=20, choices=AssignmentStatus.choices, default=AssignmentStatus.PROPOSED)
    is_pinned = models.BooleanField(default=False, help_text="Kept when reviews are assigned again.")
    committed_at = models.DateTimeField(null=True, blank=True)
    removed_reason = models.TextField(blank=True)

    objects = AssignmentQuerySet.as_manager()
    named_with = ("application__council", "member__user")

    class Meta:
        ordering = ("application", "pk")
        constraints = (
            models.UniqueConstraint(fields=["application", "member"], name="one_assignment_per_member_and_application"),
            models.CheckConstraint(condition=Q(status__in=AssignmentStatus.values), name="assignment_status_known"),
            models.CheckConstraint(
                condition=~Q(status=AssignmentStatus.COMMITTED) | Q(committed_at__isnull=False), name="committed_assignment_has_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.application} to {self.member}"


class ReviewQuerySet(JudgementQuerySet["Review"]):
    """Reading reviews."""

    application_path, author_path = "assignment__application", "assignment__member__user"

    def visible_to(self, user: User) -> Self:
        """A member sees their own, and others' once theirs is submitted. The office sees all but those it has a conflict with.

        Whoever of the office still has to score an interview sees none of that EoI, and who sits on the panel too sees none but their
        own of an EoI until they have submitted that.
        """
        without = self.exclude(assignment__application__in=Conflict.objects.active().filter(user=user).values("application"))
        if user.has_perm("applications.view_review"):
            mine = Q(assignment__member__user=user)
            to_score = Review.objects.waiting().filter(mine).values("assignment__application")
            to_interview = InterviewSheet.objects.unsubmitted_of(user).values("interview__application")
            return without.exclude(assignment__application__in=to_interview).exclude(Q(assignment__application__in=to_score) & ~mine)
        own = without.open_to(user)
        submitted = own.filter(status=ReviewStatus.SUBMITTED).values("assignment__application")
        others = without.counting().filter(assignment__application__in=submitted)
        return self.filter(Q(pk__in=own.values("pk")) | Q(pk__in=others.values("pk")))

    def open_to(self, user: User) -> Self:
        """Return the person's own reviews that they may read and, while in draft, write. What a council withdrew is not judged."""
        own = self.filter(
            assignment__member__user=user, assignment__member__status=MemberStatus.ACTIVE, assignment__status=AssignmentStatus.COMMITTED
        ).exclude(assignment__application__status=ApplicationStatus.WITHDRAWN)
        return own.exclude(assignment__application__in=Conflict.objects.active().filter(user=user).values("application"))

    def unconflicted(self) -> Self:
        """Leave out the reviews whose author has a conflict with the EoI, and those that have been taken back."""
        return super().unconflicted().filter(assignment__status=AssignmentStatus.COMMITTED)

    def counting(self) -> Self:
        """Return the submitted reviews whose author has no conflict with the EoI: the scores that count."""
        return self.unconflicted().filter(status=ReviewStatus.SUBMITTED)

    def waiting(self) -> Self:
        """Return what members still have to submit: what `open_to` opens to each of them, in draft."""
        open_ones = self.unconflicted().filter(assignment__member__status=MemberStatus.ACTIVE, status=ReviewStatus.DRAFT)
        return open_ones.exclude(assignment__application__status=ApplicationStatus.WITHDRAWN)

    def wanted(self) -> Self:
        """Return those of them that the selection waits for: nobody is asked for scores of what has been decided."""
        return self.waiting().filter(assignment__application__status=ApplicationStatus.SHORTLISTED)


class Review(models.Model):
    """A panel member's scores for an EoI. `revision` counts its saves; a save names the revision it started from."""

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="review")
    status = models.CharField(max_length=20, choices=ReviewStatus.choices, default=ReviewStatus.DRAFT)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField("anything else for the panel's meeting", blank=True)
    reopened_reason = models.TextField(blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ("assignment", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(status__in=ReviewStatus.values), name="review_status_known"),
            models.CheckConstraint(
                condition=~Q(status=ReviewStatus.SUBMITTED) | Q(submitted_at__isnull=False), name="submitted_review_has_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.assignment.application}, scored by {self.assignment.member}"


class CriterionScore(CriterionJudgement):
    """A panel member's score."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="scores")

    class Meta:
        ordering = ("criterion__position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["review", "criterion"], name="one_review_score_per_criterion"),
            models.CheckConstraint(condition=Q(score__isnull=True) | Q(score__lte=HIGHEST_SCORE), name="review_score_in_range"),
        )
