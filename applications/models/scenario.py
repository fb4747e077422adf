"""Scenarios of the selection: what was asked of the workbench, and what it answered."""

from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from applications.models.call import Call
from applications.models.conflict import Conflict
from applications.states import ScoreBasis
from upstream.accounts.models import User

Records = TypeVar("Records", bound=models.QuerySet[Any])


def seen_by(user: User, records: Records) -> Records:
    """Return those of the records of whole calls that somebody sees who decides and has no conflict with a candidate there."""
    if not user.has_perm("applications.view_scenario"):
        return records.none()
    return records.exclude(call__in=Conflict.objects.active().filter(user=user).with_candidates().values("application__call"))


class ScenarioQuerySet(models.QuerySet["Scenario"]):
    """Reading scenarios."""

    def visible_to(self, user: User) -> Self:
        """Only those who decide see scenarios, each of which shows a whole field: so none of a field in which they have a conflict."""
        return seen_by(user, self)

    def saved(self) -> Self:
        """Return those that somebody gave a name."""
        return self.exclude(name="")


class Scenario(models.Model):
    """A state of the workbench. It never changes but for its name, so that its address shows the same for ever.

    `inputs` are the candidates as they stood (id, value, standard error, groups), `rules` the bounds and locks with their reasons,
    `result` the chosen set and all that explains it: the shapes are those of `applications.services.workbench`.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="scenarios")
    name = models.CharField(max_length=100, blank=True, help_text="Empty while nobody has saved it.")
    note = models.TextField(blank=True)
    places = models.PositiveSmallIntegerField()
    basis = models.CharField(max_length=20, choices=ScoreBasis.choices)
    seed = models.CharField(max_length=80, help_text="A whole number, which may have more than 64 bits.")
    rules = models.JSONField(default=dict)
    inputs = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    adopted_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    adopted_at = models.DateTimeField(null=True, blank=True)

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(adopted_at__isnull=True, adopted_by__isnull=True) | Q(adopted_at__isnull=False, adopted_by__isnull=False),
                name="adopted_scenario_names_who",
            ),
            models.CheckConstraint(condition=Q(basis__in=ScoreBasis.values), name="scenario_basis_known"),
        )

    def __str__(self) -> str:
        return self.name or f"Scenario {self.pk}"


class LotteryQuerySet(models.QuerySet["Lottery"]):
    """Reading lotteries."""

    def visible_to(self, user: User) -> Self:
        """Whoever sees the scenarios of a call sees the draw that breaks their ties."""
        return seen_by(user, self)


class Lottery(models.Model):
    """A draw that was committed to before anybody could know what it gives. It breaks the ties of the call's scenarios.

    `commitment` is the SHA-256 of the secret seed and of the candidates' ids in their order. Adopting a scenario reveals the seed.
    """

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="lottery")
    seed = models.CharField(max_length=80)
    applications = models.JSONField()
    commitment = models.CharField(max_length=64)
    committed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    committed_at = models.DateTimeField(db_default=Now(), editable=False)
    revealed_at = models.DateTimeField(null=True, blank=True)

    objects = LotteryQuerySet.as_manager()
    named_with = ("call",)

    class Meta:
        verbose_name_plural = "lotteries"

    def __str__(self) -> str:
        return f"Draw of {self.call}"
