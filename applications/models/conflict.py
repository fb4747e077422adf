"""Conflicts of interest: who may not judge which EoI, and so may not see it."""

from typing import ClassVar, Self, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from applications.states import UNASSIGNABLE, ApplicationStatus, ConflictKind, ConflictStatus, MemberStatus
from upstream.accounts.models import User

Made = TypeVar("Made", bound=models.Model)
# An EoI with one of these is not, or not yet, a candidate for a place.
BEFORE_SELECTION = (
    ApplicationStatus.DRAFT,
    ApplicationStatus.SUBMITTED,
    ApplicationStatus.INELIGIBLE,
    ApplicationStatus.NOT_SHORTLISTED,
    ApplicationStatus.WITHDRAWN,
)


class ConflictQuerySet(models.QuerySet["Conflict"]):
    """Reading conflicts."""

    def visible_to(self, user: User) -> Self:
        """Everybody sees their own, and staff who look after the panel those about the EoIs that they may see."""
        if not user.has_perm("applications.view_conflict"):
            return self.filter(user=user)
        seen = apps.get_model("applications.Application")._default_manager.visible_to(user)  # EoIs' models build on this one
        return self.filter(Q(user=user) | Q(application__in=seen))

    def active(self) -> Self:
        """Return those that keep their person out now."""
        return self.filter(status=ConflictStatus.ACTIVE)

    def with_candidates(self) -> Self:
        """Return those about EoIs that compete for a place, or did until they were withdrawn."""
        has_been_shortlisted = Q(
            application__status=ApplicationStatus.WITHDRAWN,
            application__decisions__outcome=ApplicationStatus.SHORTLISTED,
            application__decisions__released_at__isnull=False,
        )
        return self.filter(has_been_shortlisted | ~Q(application__status__in=BEFORE_SELECTION))

    def proposed(self) -> Self:
        """Return what was found and waits for its person's answer."""
        return self.filter(status=ConflictStatus.PROPOSED)

    def unassignable(self) -> Self:
        """Return those that keep an EoI from being given to their person: active ones, and those that wait for an answer."""
        return self.filter(status__in=UNASSIGNABLE)

    def for_chair(self, user: User) -> Self:
        """Return those of other people about the EoIs of the calls whose panel the person chairs, their own EoIs apart."""
        chaired = self.filter(
            application__call__panel__members__user=user,
            application__call__panel__members__is_chair=True,
            application__call__panel__members__status=MemberStatus.ACTIVE,
        )
        return chaired.exclude(application__in=Conflict.objects.active().filter(user=user).values("application")).exclude(user=user)


class Conflict(models.Model):
    """One person's interest in one EoI. While it is active they neither see nor judge it, whatever else they are.

    It holds for assessors, interviewers and panel members alike, so it names a person and not a seat on the panel.
    """

    application = models.ForeignKey(
        "applications.Application", verbose_name="expression of interest", on_delete=models.PROTECT, related_name="conflicts"
    )
    user = models.ForeignKey("accounts.User", verbose_name="person", on_delete=models.PROTECT, related_name="conflicts")
    kind = models.CharField(max_length=20, choices=ConflictKind.choices)
    detail = models.TextField(blank=True)
    status = models.CharField(max_length=20, choices=ConflictStatus.choices, default=ConflictStatus.ACTIVE)
    is_detected = models.BooleanField(default=False, help_text="Found by the system: same council, or the same email domain.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, help_text="Why it was dismissed or waived.")

    objects = ConflictQuerySet.as_manager()

    class Meta:
        verbose_name = "conflict of interest"
        verbose_name_plural = "conflicts of interest"
        ordering = ("application", "pk")
        constraints = (
            models.UniqueConstraint(fields=["application", "user"], name="one_conflict_per_person_and_application"),
            models.CheckConstraint(condition=Q(status__in=ConflictStatus.values), name="conflict_status_known"),
            models.CheckConstraint(
                condition=~Q(status=ConflictStatus.WAIVED) | (Q(decided_by__isnull=False) & ~Q(reason="")),
                name="waiver_has_person_and_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} and {self.application}"


class JudgementQuerySet(models.QuerySet[Made]):
    """Reading what one person makes of one EoI: an assessment, an interviewer's sheet, a review. Each says by which paths."""

    application_path: ClassVar[str]
    author_path: ClassVar[str]

    def with_conflict(self) -> Self:
        """Annotate `is_conflicted`: whether its author has an active conflict of interest with the EoI, so that it does not count."""
        own = Conflict.objects.active().filter(application=OuterRef(self.application_path), user=OuterRef(self.author_path))
        return self.annotate(is_conflicted=Exists(own))

    def unconflicted(self) -> Self:
        """Leave out those whose author has an active conflict of interest with the EoI."""
        return self.with_conflict().filter(is_conflicted=False)
