"""Offers of a place: the agreement as its text stood, how long it stands, and what the council answered."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from applications.models.application import Application
from applications.models.decision import Decision
from cohort.models import CouncilContact
from upstream.accounts.models import User


class OfferQuerySet(models.QuerySet["Offer"]):
    """Reading offers."""

    def visible_to(self, user: User) -> Self:
        """The office sees offers of EoIs that it may see; a council's people their own. An offer exists once it is released."""
        if user.has_perm("applications.view_offer"):
            return self.filter(application__in=Application.objects.visible_to(user))
        councils = CouncilContact.objects.active().filter(user=user).values("council")
        return self.filter(application__council__in=councils)

    def open(self) -> Self:
        """Return those that wait for the council's answer."""
        return self.filter(accepted_at__isnull=True, declined_at__isnull=True, lapsed_at__isnull=True)


class Offer(models.Model):
    """A place offered to a council. Made by the release of its decision; answered once."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="offer")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="offer")
    respond_by = models.DateTimeField(help_text="An answer received strictly before this moment is in time.")
    agreement = models.TextField(help_text="Markdown, as it stood when the offer was made. Never changes.")
    agreement_version = models.CharField(max_length=20)
    agreement_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    # What the council answered, by whom and from where.
    answered_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    signed_name = models.CharField(max_length=150, blank=True)
    signed_role = models.CharField(max_length=150, blank=True)
    signed_address = models.GenericIPAddressField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_reason = models.TextField(blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ("respond_by", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(declined_at__isnull=True, lapsed_at__isnull=True)
                | Q(accepted_at__isnull=True, lapsed_at__isnull=True)
                | Q(accepted_at__isnull=True, declined_at__isnull=True),
                name="offer_answered_one_way",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True)
                | (Q(answered_by__isnull=False, signed_address__isnull=False) & ~Q(signed_name="") & ~Q(signed_role="")),
                name="accepted_offer_is_signed",
            ),
        )

    def __str__(self) -> str:
        return f"Offer to {self.application}"

    @property
    def is_open(self) -> bool:
        """Whether the council has not answered and it has not lapsed."""
        return not (self.accepted_at or self.declined_at or self.lapsed_at)
