"""The editions of the programme, and the lists that their calls are made from."""

from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import models
from django.db.models import F, Q


class Cohort(models.Model):
    """One edition of the programme."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    reference_prefix = models.CharField(
        max_length=10, unique=True, validators=[validate_slug], help_text="Starts every reference: UC19 gives UC19-0001."
    )
    places = models.PositiveSmallIntegerField(default=20, help_text="A maximum, not a target.")
    delegates_per_council = models.PositiveSmallIntegerField(default=2, validators=[MinValueValidator(1), MaxValueValidator(10)])
    starts_on = models.DateField()
    ends_on = models.DateField()
    confirmations_due_on = models.DateField(help_text="The day by which every council is promised an answer.")
    places_taken = models.PositiveSmallIntegerField(default=0, editable=False, help_text="Members: never more than places.")

    class Meta:
        ordering = ("-starts_on",)
        constraints = (
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="cohort_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(places_taken__lte=F("places")),
                name="never_more_members_than_places",
                violation_error_message="There are more members than that already.",
            ),
        )

    def __str__(self) -> str:
        return self.name


class ListEntry(models.Model):
    """A line in a list that staff edit. Published calls keep their own copy, so editing never changes an open form."""

    name = models.CharField(max_length=150, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    offered = models.BooleanField(default=True, help_text="Untick to leave it out of future calls.")

    class Meta:
        abstract = True
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class FocusArea(ListEntry):
    """What the programme is about."""


class ServiceArea(ListEntry):
    """A type of model or service that an initiative belongs to."""
