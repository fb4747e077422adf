"""A call for members: its dates, its words, its criteria and its form."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest, Now

from applications.models.conflict import Conflict
from applications.states import ExtensionStatus, QuestionKind, QuestionPurpose
from cohort.models import Cohort, Council
from cohort.states import Nation
from upstream.accounts.models import User
from upstream.deadlines import in_words


def all_nations() -> list[str]:
    """Return the four nations: what a call covers unless staff say otherwise."""
    return list(Nation.values)


def deadline(*, closes_at: str, call: OuterRef | int, council: OuterRef | int) -> Greatest:
    """Return the expression for a council's deadline: the call's closing, or an approved extension where that is later.

    This is the only source of that moment. `closes_at` is the path to the call's column.
    """
    extensions = Extension.objects.filter(call=call, council=council, approved_at__isnull=False).order_by("-until")
    # PostgreSQL's GREATEST passes over NULL.
    return Greatest(closes_at, Subquery(extensions.values("until")[:1]))


class CallQuerySet(models.QuerySet["Call"]):
    """Reading calls."""

    def with_deadline_for(self, council_id: int) -> Self:
        """Annotate `deadline`: the moment before which this council must submit."""
        return self.annotate(deadline=deadline(closes_at="closes_at", call=OuterRef("pk"), council=council_id))

    def visible_to(self, user: User) -> Self:
        """Staff see calls in preparation; everybody sees published ones."""
        return self if user.has_perm("applications.view_call") else self.published()

    def published(self) -> Self:
        """Return the calls that the public can read."""
        return self.filter(published_at__isnull=False)


class Call(models.Model):
    """The public call of one cohort. Its texts are Markdown."""

    cohort = models.OneToOneField(Cohort, on_delete=models.PROTECT, related_name="call")
    title = models.CharField(max_length=150)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(help_text="An expression of interest received strictly before this moment is on time.")
    nations = ArrayField(models.CharField(max_length=30, choices=Nation.choices), default=all_nations)
    summary = models.TextField(help_text="One or two sentences under the title.")
    about = models.TextField("what this is about", blank=True)
    who_can_apply = models.TextField(blank=True)
    what_you_get = models.TextField(blank=True)
    what_you_give = models.TextField(blank=True)
    timeline = models.TextField(blank=True, help_text="What happens after the deadline, one line each: when | what")
    questions_and_answers = models.TextField(blank=True, help_text="A heading and a paragraph for each.")
    terms = models.TextField("terms of taking part", blank=True)
    terms_version = models.CharField(max_length=20, default="1.0")
    privacy_version = models.CharField(max_length=20, default="1.0")
    agreement = models.TextField("member agreement", blank=True, help_text="What a council signs when it accepts a place.")
    agreement_version = models.CharField(max_length=20, default="1.0")
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CallQuerySet.as_manager()

    class Meta:
        ordering = ("-closes_at",)
        constraints = (models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="call_closes_after_it_opens"),)

    def __str__(self) -> str:
        return self.title

    @property
    def slug(self) -> str:
        """The cohort's, as a call has no other name in addresses."""
        return self.cohort.slug

    @property
    def is_frozen(self) -> bool:
        """Whether the questions may no longer change, hints apart."""
        return self.published_at is not None

    def has_opened(self, now: datetime) -> bool:
        """Return whether councils may start, or could have."""
        return self.published_at is not None and self.opens_at <= now

    def is_open(self, now: datetime) -> bool:
        """Return whether a council without an extension may start and submit."""
        return self.has_opened(now) and now < self.closes_at


class Criterion(models.Model):
    """What EoIs are judged on. The weights of a call add up to 100."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="criteria")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    weight = models.PositiveSmallIntegerField(validators=[MaxValueValidator(100)], help_text="Per cent.")
    anchors = ArrayField(
        models.CharField(max_length=300), size=6, default=list, blank=True, help_text="What a score of 0, 1, 2, 3, 4 and 5 means."
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "criteria"
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=["call", "name"], name="criterion_once_per_call"),)

    def __str__(self) -> str:
        return self.name


class Section(models.Model):
    """One short page of the form."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="sections")
    slug = models.SlugField()
    title = models.CharField(max_length=100)
    intro = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=["call", "slug"], name="section_slug_once_per_call"),)

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """One question. Frozen once the call is published, except for its hint."""

    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="questions")
    text = models.CharField(max_length=300)
    hint = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=QuestionKind.choices)
    purpose = models.CharField(max_length=30, choices=QuestionPurpose.choices, blank=True, default=QuestionPurpose.NONE)
    required = models.BooleanField(default=True)
    word_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    options = ArrayField(models.CharField(max_length=200), default=list, blank=True, help_text="The choices of a list, in order.")
    criterion = models.ForeignKey(Criterion, null=True, blank=True, on_delete=models.SET_NULL, related_name="questions")
    hidden_from_panel = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("section__position", "position", "pk")
        constraints = (
            models.CheckConstraint(condition=~Q(kind=QuestionKind.LONG_TEXT) | Q(word_limit__gt=0), name="long_text_has_word_limit"),
        )

    def __str__(self) -> str:
        return self.text

    @property
    def field_name(self) -> str:
        """The question's name in the form."""
        return f"q{self.pk}"

    @property
    def control_id(self) -> str:
        """The id of its first control, for links that lead to it."""
        groups = {QuestionKind.ONE_OF, QuestionKind.SOME_OF, QuestionKind.YES_NO, QuestionKind.DATE}
        return f"id_{self.field_name}_0" if self.kind in groups else f"id_{self.field_name}"


class ExtensionQuerySet(models.QuerySet["Extension"]):
    """Reading requests for more time."""

    def visible_to(self, user: User) -> Self:
        """Only staff see who asked for more time, and why, and not where they have a conflict of interest with the council's EoI."""
        if not user.has_perm("applications.view_extension"):
            return self.none()
        conflicts = Conflict.objects.active().filter(
            user=user, application__call=OuterRef("call"), application__council=OuterRef("council")
        )
        return self.exclude(Exists(conflicts))

    def waiting(self) -> Self:
        """Return the requests that somebody still has to decide."""
        return self.filter(approved_at__isnull=True, refused_at__isnull=True)

    def with_status(self) -> Self:
        """Annotate `status`, an ExtensionStatus value."""
        return self.annotate(
            status=Case(
                When(approved_at__isnull=False, then=Value(ExtensionStatus.APPROVED.value)),
                When(refused_at__isnull=False, then=Value(ExtensionStatus.REFUSED.value)),
                default=Value(ExtensionStatus.WAITING.value),
            )
        )


class Extension(models.Model):
    """More time for one council, asked for by one member of staff and approved by another."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="extensions")
    council = models.ForeignKey(Council, on_delete=models.PROTECT, related_name="extensions")
    until = models.DateTimeField()
    reason = models.TextField()
    requested_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now(), editable=False)
    approved_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    refused_at = models.DateTimeField(null=True, blank=True)

    objects = ExtensionQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")), name="extension_needs_second_person"
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False, refused_at__isnull=True),
                name="extension_approval_whole",
            ),
            models.UniqueConstraint(
                fields=["call", "council"],
                condition=Q(approved_at__isnull=True, refused_at__isnull=True),
                name="one_extension_waiting_per_council",
            ),
        )

    def __str__(self) -> str:
        return f"{self.council} until {in_words(self.until)}"

    @property
    def is_waiting(self) -> bool:
        """Whether somebody still has to decide."""
        return self.approved_at is None and self.refused_at is None

    @property
    def status_in_words(self) -> str:
        """How it stands. Needs `with_status`."""
        return ExtensionStatus(self.status).label  # type: ignore[attr-defined]
