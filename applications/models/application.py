"""An Expression of Interest: its answers, its progress and every press of the submit button."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now, TruncDate

from applications.models.call import Call, Question, Section, deadline
from applications.models.conflict import Conflict
from applications.states import LIVE_INTERVIEW, ApplicationStatus, AttemptOutcome, Completeness, InterviewStatus
from cohort.models import Council, CouncilContact, control_on
from upstream.accounts.models import User


class ApplicationQuerySet(models.QuerySet["Application"]):
    """The vocabulary for reading EoIs."""

    def visible_to(self, user: User) -> Self:
        """The council's own people see its EoIs; staff see all but those that they have a conflict of interest with."""
        if user.has_perm("applications.view_application"):
            return self.without_conflict_of(user)
        return self.of_councils_of(user)

    def without_conflict_of(self, user: User) -> Self:
        """Leave out the EoIs that the person may not judge."""
        return self.exclude(pk__in=Conflict.objects.active().filter(user=user).values("application"))

    def of_councils_of(self, user: User) -> Self:
        """Return the EoIs of the councils that the person acts for."""
        return self.filter(council__in=CouncilContact.objects.active().filter(user=user).values("council"))

    def awaiting_interview(self) -> Self:
        """Return the shortlisted EoIs that still need an interview booked, of calls that have offered slots."""
        from applications.models.interview import InterviewSlot  # interviews are of EoIs, so their models build on these

        return self.without_interview().filter(no_interview_reason="", call__in=InterviewSlot.objects.offered().values("call"))

    def without_interview(self) -> Self:
        """Return the shortlisted EoIs whose council has no interview that is booked or was held."""
        return self.shortlisted().exclude(interviews__status__in=LIVE_INTERVIEW)

    def with_missed_calls(self) -> Self:
        """Annotate `missed_calls`: how often nobody answered."""
        from applications.models.interview import Interview  # interviews are of EoIs, so their models build on these

        missed = Interview.objects.filter(application=OuterRef("pk"), status=InterviewStatus.NO_SHOW).order_by().values("application")
        return self.annotate(missed_calls=Coalesce(Subquery(missed.annotate(number=Count("pk")).values("number")), 0))

    def shortlisted(self) -> Self:
        """Return the EoIs that panels score."""
        return self.filter(status=ApplicationStatus.SHORTLISTED)

    def with_reviewers(self) -> Self:
        """Annotate `reviewers`: how many panel members score it, those apart who have a conflict with it."""
        from applications.models.panel import Review  # reviews are of EoIs, so their models build on these

        reviews = Review.objects.unconflicted().filter(assignment__application=OuterRef("pk")).order_by()
        number = reviews.values("assignment__application").annotate(number=Count("pk")).values("number")
        return self.annotate(reviewers=Coalesce(Subquery(number), 0))

    def live(self) -> Self:
        """Return what has not been withdrawn: a council has one of these in a call at most."""
        return self.exclude(status=ApplicationStatus.WITHDRAWN)

    def with_deadline(self) -> Self:
        """Annotate `deadline`: the moment before which this council must submit."""
        return self.annotate(deadline=deadline(closes_at="call__closes_at", call=OuterRef("call"), council=OuterRef("council")))

    def with_control(self) -> Self:
        """Annotate `control`: the council's political control on the call's closing day, as a Control value, never None."""
        on_closing_day = self.alias(closing_day=TruncDate("call__closes_at"))
        return on_closing_day.annotate(control=control_on(OuterRef("closing_day"), council="council", kind="council__kind"))

    def with_completeness(self) -> Self:
        """Annotate `sections_done`, `sections_total` and `completeness`, a Completeness value."""
        done = SectionProgress.objects.filter(application=OuterRef("pk"), completed=True).order_by().values("application")
        total = Section.objects.filter(call=OuterRef("call")).order_by().values("call")
        counted = self.annotate(
            sections_done=Coalesce(Subquery(done.annotate(number=Count("pk")).values("number")), 0),
            sections_total=Coalesce(Subquery(total.annotate(number=Count("pk")).values("number")), 0),
        )
        return counted.annotate(
            completeness=Case(
                When(sections_done=0, then=Value(Completeness.NONE.value)),
                When(sections_done__gte=F("sections_total"), then=Value(Completeness.ALL.value)),
                default=Value(Completeness.SOME.value),
            )
        )


class Application(models.Model):
    """One council's EoI. The initiative's columns repeat answers, written in the same transaction, so that lists can filter."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="applications")
    council = models.ForeignKey(Council, on_delete=models.PROTECT, related_name="applications")
    reference = models.CharField(max_length=20, unique=True)
    status = models.CharField(max_length=20, choices=ApplicationStatus.choices, default=ApplicationStatus.DRAFT)
    initiative_title = models.CharField(max_length=300, blank=True)
    initiative_summary = models.CharField(max_length=1000, blank=True)
    initiative_stage = models.CharField(max_length=200, blank=True)
    focus_areas = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    service_areas = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    submitted_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the answers as submitted.")
    terms_version = models.CharField(max_length=20, blank=True)
    privacy_version = models.CharField(max_length=20, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    interview_tries = models.PositiveSmallIntegerField(default=2, editable=False, help_text="How often we ring before we ask no more.")
    no_interview_reason = models.TextField(blank=True, editable=False, help_text="Why staff left it at calls that nobody answered.")
    assessors_wanted = models.PositiveSmallIntegerField(default=2, editable=False, help_text="Two, or three where two differ.")

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = "expression of interest"
        verbose_name_plural = "expressions of interest"
        ordering = ("reference",)
        permissions = (
            ("request_extension", "Can ask for more time for a council"),
            ("approve_extension", "Can approve more time"),
            ("export_application", "Can take expressions of interest out as a table"),
            ("assess_application", "Can assess expressions of interest in triage"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(status__in=ApplicationStatus.values), name="application_status_known"),
            models.UniqueConstraint(
                fields=["call", "council"],
                condition=~Q(status=ApplicationStatus.WITHDRAWN),
                name="one_live_application_per_council_and_call",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[ApplicationStatus.DRAFT, ApplicationStatus.WITHDRAWN])
                | Q(submitted_at__isnull=False, submitted_by__isnull=False, content_hash__regex="^[0-9a-f]{64}$"),
                name="submitted_application_has_receipt",
            ),
            models.CheckConstraint(
                condition=~Q(status=ApplicationStatus.DRAFT) | Q(submitted_at__isnull=True), name="draft_has_no_receipt"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.council}"

    @property
    def is_draft(self) -> bool:
        """Whether the council is still writing it, or missed the deadline with it."""
        return self.status == ApplicationStatus.DRAFT


class AnswerQuerySet(models.QuerySet["Answer"]):
    """Reading answers."""

    def visible_to(self, user: User) -> Self:
        """An answer is visible to whoever may see its EoI, and, unless it is hidden from the panel, to those who review it."""
        from applications.models.panel import Review  # reviews are of EoIs, so their models build on these

        reviewed = Review.objects.open_to(user).values("assignment__application")
        return self.filter(
            Q(application__in=Application.objects.visible_to(user)) | Q(application__in=reviewed, question__hidden_from_panel=False)
        )


class Answer(models.Model):
    """What a council wrote. `value` is text, a list of texts, an ISO date, or "yes" or "no"; a file's answer is its StoredFile's id."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    value = models.JSONField()

    objects = AnswerQuerySet.as_manager()
    named_with = ("application__council", "question")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["application", "question"], name="one_answer_per_question"),)

    def __str__(self) -> str:
        return f"{self.application}: {self.question}"


class SectionProgress(models.Model):
    """How far a section is. `revision` counts its saves; a save names the revision it started from."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="progress")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=0)
    completed = models.BooleanField(default=False)
    saved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "section progress"
        constraints = (models.UniqueConstraint(fields=["application", "section"], name="one_progress_per_section"),)

    def __str__(self) -> str:
        return f"{self.application_id}: {self.section_id} revision {self.revision}"


class SectionPresence(models.Model):
    """Who has a section open: told by the page every half minute."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="presence")
    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "section presence"
        constraints = (models.UniqueConstraint(fields=["application", "section", "user"], name="one_presence_per_person_and_section"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.application_id}: {self.section_id}"


class SubmissionAttempt(models.Model):
    """One press of the submit button. Only ever added: a trigger refuses anything else."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20, choices=AttemptOutcome.choices)
    deadline = models.DateTimeField(help_text="As it stood for this council at that moment.")
    form_version = models.CharField(max_length=64, help_text="SHA-256 of the questions as they stood.")
    missing = ArrayField(models.BigIntegerField(), default=list, help_text="Questions without an answer that will do.")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.application_id}: {self.outcome} at {self.at}"
