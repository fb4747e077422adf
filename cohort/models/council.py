"""Councils, who controls them, and who may act for them."""

from datetime import date
from typing import Self

from django.core.validators import validate_slug
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils.formats import date_format

from cohort.states import ContactRole, ContactStatus, Control, CouncilKind, Nation, Region
from upstream.accounts.models import User


def control_on(day: date | OuterRef, *, council: str, kind: str) -> Case:
    """Return the expression for a council's Control value on a day; `council` and `kind` are paths to its key and its kind.

    A combined authority has no seats, so no control applies; where nothing is recorded the value says so.
    """
    latest = PoliticalControl.objects.filter(council=OuterRef(council), since__lte=day).order_by("-since")
    return Case(
        When(**{kind: CouncilKind.COMBINED_AUTHORITY}, then=Value(Control.NOT_APPLICABLE.value)),
        default=Coalesce(Subquery(latest.values("control")[:1]), Value(Control.NOT_RECORDED.value)),
    )


class CouncilQuerySet(models.QuerySet["Council"]):
    """The vocabulary for reading councils. Councils are public, so there is no `visible_to`."""

    def existing_on(self, day: date) -> Self:
        """Return the councils that existed on that day; `ends_on` is a council's last day."""
        return self.filter(Q(starts_on__isnull=True) | Q(starts_on__lte=day), Q(ends_on__isnull=True) | Q(ends_on__gte=day))

    def not_ended(self, day: date) -> Self:
        """Return the councils that exist on that day or will: people may act for one that is about to start."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))

    def with_control(self, day: date) -> Self:
        """Annotate `control`: the Control value as it stood on that day."""
        return self.annotate(control=control_on(day, council="pk", kind="kind"))


class Council(models.Model):
    """A principal council or combined authority, past or present."""

    code = models.CharField(max_length=12, unique=True, validators=[validate_slug], help_text="The register's three-letter code.")
    gss_code = models.CharField("GSS code", max_length=9, blank=True)
    name = models.CharField(max_length=100, help_text="Short: Oxford, Oxfordshire.")
    official_name = models.CharField(max_length=150, help_text="Oxford City Council.")
    kind = models.CharField(max_length=30, choices=CouncilKind.choices)
    nation = models.CharField(max_length=30, choices=Nation.choices)
    region = models.CharField(max_length=30, choices=Region.choices)
    starts_on = models.DateField(null=True, blank=True, help_text="First day. Empty where it was before our records.")
    ends_on = models.DateField(null=True, blank=True, help_text="Last day. Empty while it exists.")
    successors = models.ManyToManyField("self", symmetrical=False, related_name="predecessors", blank=True)

    objects = CouncilQuerySet.as_manager()

    class Meta:
        ordering = ("name", "code")
        constraints = (
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="council_ends_after_it_starts",
            ),
        )

    def __str__(self) -> str:
        return self.official_name


class PoliticalControl(models.Model):
    """Who controls a council from a day on, until the next row."""

    council = models.ForeignKey(Council, on_delete=models.CASCADE, related_name="controls")
    since = models.DateField()
    control = models.CharField(max_length=30, choices=Control.choices)
    source = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "political control"
        ordering = ("council", "-since")
        constraints = (models.UniqueConstraint(fields=["council", "since"], name="one_control_per_council_and_day"),)

    def __str__(self) -> str:
        return f"{self.council}: {self.get_control_display()} from {date_format(self.since, 'j F Y')}"


class CouncilDomain(models.Model):
    """An email domain that belongs to a council, so that a work address on it is accepted at once."""

    council = models.ForeignKey(Council, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=100, help_text="For example barset.gov.uk")

    class Meta:
        verbose_name = "email domain"
        ordering = ("domain",)
        constraints = (
            models.UniqueConstraint(fields=["council", "domain"], name="domain_once_per_council"),
            models.CheckConstraint(
                condition=Q(domain__regex=r"^[a-z0-9.-]+\.[a-z]+$"),
                name="domain_lower_case_without_at",
                violation_error_message="Enter the domain in lower case and without @, for example barset.gov.uk",
            ),
        )

    def __str__(self) -> str:
        return self.domain


class CouncilContactQuerySet(models.QuerySet["CouncilContact"]):
    """Who may act for whom."""

    def visible_to(self, user: User) -> Self:
        """A person sees their own rows and those of councils they act for; staff see all."""
        if user.has_perm("cohort.view_councilcontact"):
            return self
        mine = CouncilContact.objects.active().filter(user=user)
        return self.filter(Q(user=user) | Q(council__in=mine.values("council")))

    def active(self) -> Self:
        """Return the people who may act now."""
        return self.filter(status=ContactStatus.ACTIVE, user__is_active=True)


class CouncilContact(models.Model):
    """A person's standing with a council. An invitation is one of these, waiting for the person to accept."""

    council = models.ForeignKey(Council, on_delete=models.PROTECT, related_name="contacts")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="council_contacts")
    role = models.CharField(max_length=20, choices=ContactRole.choices)
    status = models.CharField(max_length=20, choices=ContactStatus.choices)
    invited_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)
    joined_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When the person last began to act, once they do.")

    objects = CouncilContactQuerySet.as_manager()

    class Meta:
        ordering = ("council", "pk")
        constraints = (
            models.UniqueConstraint(fields=["council", "user"], name="one_standing_per_person_and_council"),
            models.CheckConstraint(condition=Q(status__in=ContactStatus.values), name="contact_status_known"),
            models.CheckConstraint(condition=Q(role__in=ContactRole.values), name="contact_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} for {self.council}"

    @property
    def shown_name(self) -> str:
        """What the council's people call the person: by address until they have shown that they want to be known here."""
        is_known = self.status in {ContactStatus.ACTIVE, ContactStatus.REQUESTED}
        return self.user.get_full_name() if is_known else self.user.email
