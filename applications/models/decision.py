"""Decide now, publish later: decisions wait apart from the status that councils see, until a release."""

from typing import Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from applications.models.application import Application
from applications.models.call import Call
from applications.models.conflict import Conflict
from applications.states import OUTCOMES, ApplicationStatus, Stage
from cohort.models import CouncilContact
from upstream.accounts.models import User

DECIDABLE = [outcome.value for outcomes in OUTCOMES.values() for outcome in outcomes]


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Reading releases."""

    def visible_to(self, user: User) -> Self:
        """Only the office sees releases."""
        return self if user.has_perm("applications.view_release") else self.none()

    def pending(self) -> Self:
        """Return what is prepared and neither released nor taken back."""
        return self.filter(released_at__isnull=True, cancelled_at__isnull=True)

    def to_read(self) -> Self:
        """Return the selections that wait and whose outcomes by group nobody has read."""
        return self.pending().filter(stage=Stage.SELECTION, outcomes_read_at__isnull=True)


class Release(models.Model):
    """Telling councils, all at once: prepared by one person, released by another."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="releases")
    stage = models.CharField(max_length=20, choices=Stage.choices)
    dated_on = models.DateField("letters dated", help_text="The day that the letters bear, and on which alone they can be released.")
    prepared_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField(db_default=Now(), editable=False)
    released_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    # Of a selection: until when councils may answer an offer.
    respond_by = models.DateTimeField(null=True, blank=True, help_text="An answer to an offer is in time strictly before this moment.")
    # An embargo: the second person has agreed, and the sweep releases at this moment.
    scheduled_for = models.DateTimeField(null=True, blank=True)
    scheduled_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Of a selection: who has read what it does to each group, as its decisions stand.
    outcomes_read_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    outcomes_read_at = models.DateTimeField(null=True, blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        permissions = (("release_decisions", "Can release decisions that somebody else prepared"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("prepared_by")), name="release_needs_second_person"
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(released_at__isnull=False, released_by__isnull=False, cancelled_at__isnull=True),
                name="release_whole",
            ),
            models.CheckConstraint(
                condition=Q(scheduled_for__isnull=True, scheduled_by__isnull=True)
                | (Q(scheduled_for__isnull=False, scheduled_by__isnull=False) & ~Q(scheduled_by=F("prepared_by"))),
                name="embargo_needs_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.SELECTION) | Q(respond_by__isnull=False), name="selection_release_has_response_date"
            ),
            models.CheckConstraint(
                condition=Q(outcomes_read_by__isnull=True, outcomes_read_at__isnull=True)
                | Q(outcomes_read_by__isnull=False, outcomes_read_at__isnull=False),
                name="outcomes_read_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["call"], condition=Q(released_at__isnull=True, cancelled_at__isnull=True), name="one_pending_release_per_call"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_stage_display()} of {self.call}"


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Reading decisions."""

    def visible_to(self, user: User) -> Self:
        """Only the office sees decisions, released or not, and of no EoI that the person has a conflict with."""
        if not user.has_perm("applications.view_decision"):
            return self.none()
        return self.filter(application__in=Application.objects.visible_to(user))

    def held(self) -> Self:
        """Return what councils have not been told."""
        return self.filter(released_at__isnull=True)

    def with_standing(self) -> Self:
        """Annotate `rests_on`, the number of assessments that counted when it was made, and `is_overtaken`.

        Overtaken is what was made by, or with scores of, somebody who has a conflict of interest with the EoI now.
        """
        behind = Decision.assessors.through._default_manager
        scored_for_it = behind.filter(decision=OuterRef(OuterRef("pk"))).values("user")
        grouped = behind.filter(decision=OuterRef("pk")).order_by().values("decision")
        number = grouped.annotate(number=Count("pk")).values("number")  # type: ignore[misc]  # which does not know this model
        conflicts = Conflict.objects.active().filter(application=OuterRef("application"))
        return self.annotate(
            rests_on=Coalesce(Subquery(number), 0),
            is_overtaken=Exists(conflicts.filter(Q(user=OuterRef("decided_by")) | Q(user__in=scored_for_it))),
        )

    def overtaken(self) -> Self:
        """Return those that a conflict of interest has overtaken: somebody without one has to decide again."""
        return self.with_standing().filter(is_overtaken=True)


class Decision(models.Model):
    """What was decided about an EoI. It may change until it is released, and an EoI has one unreleased decision at most.

    `revision` counts its changes; a change names the version that it started from.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="decisions")
    stage = models.CharField(max_length=20, choices=Stage.choices)
    outcome = models.CharField(max_length=20, choices=[choice for choice in ApplicationStatus.choices if choice[0] in DECIDABLE])
    reason = models.TextField(help_text="For the record. Councils do not see it.")
    feedback = models.TextField(blank=True, help_text="Goes into the council's letter.")
    reserve_rank = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of a reserve: 1 is promoted first. For staff alone.")
    scenario = models.ForeignKey("applications.Scenario", null=True, blank=True, on_delete=models.PROTECT, related_name="decisions")
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    assessors = models.ManyToManyField("accounts.User", related_name="+", help_text="Those whose scores counted when it was made.")
    revision = models.PositiveIntegerField(default=0)
    release = models.ForeignKey(Release, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions")
    released_at = models.DateTimeField(null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ("application", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["application"], condition=Q(released_at__isnull=True), name="one_held_decision_per_application"
            ),
            models.CheckConstraint(condition=Q(outcome__in=DECIDABLE), name="decision_outcome_known"),
            models.CheckConstraint(condition=Q(released_at__isnull=True) | Q(release__isnull=False), name="released_decision_has_release"),
        )
        permissions = (("decide_application", "Can decide about expressions of interest"),)

    def __str__(self) -> str:
        return f"{self.application_id}: {self.outcome}"

    @property
    def version(self) -> str:
        """What tells it from an earlier or a later decision about the same EoI."""
        return f"{self.pk}.{self.revision}"


class LetterQuerySet(models.QuerySet["Letter"]):
    """Reading letters."""

    def visible_to(self, user: User) -> Self:
        """The office sees letters as they are prepared; a council's people see their own once it is released."""
        if user.has_perm("applications.view_decision"):
            return self.filter(decision__in=Decision.objects.visible_to(user))
        councils = CouncilContact.objects.active().filter(user=user).values("council")
        return self.released().filter(decision__application__council__in=councils)

    def released(self) -> Self:
        """Return what councils have been sent."""
        return self.filter(decision__released_at__isnull=False)

    def unmade(self) -> Self:
        """Return those whose PDF a worker still has to make."""
        return self.filter(sha256="")


class Letter(models.Model):
    """The letter about a decision. Its PDF is the StoredFile that it owns. Never rendered again once its decision is released."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="letter")
    subject = models.CharField(max_length=250)
    text = models.TextField(help_text="Markdown.")
    template_version = models.CharField(max_length=64, help_text="SHA-256 of the template.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the PDF. Empty until a worker has made it.")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = LetterQuerySet.as_manager()

    def __str__(self) -> str:
        return self.subject
