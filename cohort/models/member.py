"""Who has joined a cohort, and the people whom each member council sends."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cohort.models.council import Council, CouncilContact
from cohort.models.programme import Cohort
from cohort.states import DelegateStatus, MembershipStatus
from upstream.accounts.models import User


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Reading members."""

    def visible_to(self, user: User) -> Self:
        """The office sees every member; the others their own council's, as somebody who acts for it or as its delegate."""
        if user.has_perm("cohort.view_membership"):
            return self
        return self.of(user)

    def of(self, user: User) -> Self:
        """Return those of the councils that the person acts for, or takes part for."""
        councils = CouncilContact.objects.active().filter(user=user).values("council")
        sent = Delegate.objects.current().filter(user=user).values("membership")
        return self.filter(Q(council__in=councils) | Q(pk__in=sent))

    def active(self) -> Self:
        """Return those that take part now."""
        return self.filter(status=MembershipStatus.ACTIVE)


class Membership(models.Model):
    """A council's place in a cohort. `admit_member` makes it, and counts it in the cohort's `places_taken`."""

    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="memberships")
    council = models.ForeignKey(Council, on_delete=models.PROTECT, related_name="memberships")
    status = models.CharField(max_length=20, choices=MembershipStatus.choices, default=MembershipStatus.ACTIVE)
    initiative_title = models.CharField(max_length=250, blank=True)
    initiative_summary = models.TextField(blank=True)
    joined_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ("cohort", "council__name")
        constraints = (
            models.UniqueConstraint(fields=["cohort", "council"], name="one_membership_per_council_and_cohort"),
            models.CheckConstraint(condition=Q(status__in=MembershipStatus.values), name="membership_status_known"),
        )

    def __str__(self) -> str:
        return f"{self.council} in {self.cohort}"

    @property
    def seats_left(self) -> int:
        """How many more people the council can name."""
        return self.cohort.delegates_per_council - self.delegates.current().count()


class DelegateQuerySet(models.QuerySet["Delegate"]):
    """Reading delegates."""

    def visible_to(self, user: User) -> Self:
        """Whoever sees the membership sees whom it sends, and a person who was named sees their own row."""
        return self.filter(Q(membership__in=Membership.objects.visible_to(user)) | Q(user=user))

    def current(self) -> Self:
        """Return those who hold a seat, confirmed or still asked."""
        return self.filter(status__in=DelegateStatus.holding())


class Delegate(models.Model):
    """One of the people whom a member council sends. A partner's employee may be one. `seat` counts from 1 within the membership."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="delegates")
    user = models.ForeignKey("accounts.User", verbose_name="person", on_delete=models.PROTECT, related_name="delegations")
    seat = models.PositiveSmallIntegerField()
    is_lead = models.BooleanField("leads for the council", default=False)
    status = models.CharField(max_length=20, choices=DelegateStatus.choices, default=DelegateStatus.INVITED)
    named_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField(db_default=Now(), editable=False)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DelegateQuerySet.as_manager()

    class Meta:
        ordering = ("membership", "seat", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["membership", "seat"], condition=Q(status__in=DelegateStatus.holding()), name="one_delegate_per_seat"
            ),
            models.UniqueConstraint(
                fields=["membership", "user"], condition=Q(status__in=DelegateStatus.holding()), name="one_seat_per_delegate"
            ),
            models.UniqueConstraint(
                fields=["membership"], condition=Q(is_lead=True, status__in=DelegateStatus.holding()), name="one_lead_delegate"
            ),
            models.CheckConstraint(condition=Q(status__in=DelegateStatus.values), name="delegate_status_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} for {self.membership}"
