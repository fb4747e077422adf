"""Telephone interviews: the guide, the slots that staff offer, the bookings, and what each interviewer noted alone."""

from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Avg, Case, Count, Exists, F, OrderBy, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now, TruncDate

from applications.models.application import Application
from applications.models.call import Call
from applications.models.conflict import Conflict, JudgementQuerySet
from applications.states import LIVE_INTERVIEW, InterviewStatus
from upstream.accounts.models import User
from upstream.deadlines import MINUTE, bank_holidays, in_words

HIGHEST_INTERVIEW_SCORE = 5
# Councils book, move and cancel until this long before an interview.
NOTICE = timedelta(hours=24)
LONGEST_SLOT = timedelta(minutes=180)


def nearest_first(column: str, to_come: Q) -> list[OrderBy]:
    """Return the order of a list by the moments in a column: what is still to come, soonest first, then the rest, the latest first."""
    return [OrderBy(Case(When(to_come, then=F(column))), nulls_last=True), OrderBy(F(column), descending=True)]


class InterviewQuestion(models.Model):
    """A line of the guide: asked of everyone, in this order. Frozen, by a trigger too, once somebody has scored an answer."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="interview_questions")
    text = models.CharField(max_length=300)
    prompt = models.TextField(blank=True, help_text="What to ask on about.")
    anchors = ArrayField(
        models.CharField(max_length=300), size=HIGHEST_INTERVIEW_SCORE, help_text="What a score of 1, 2, 3, 4 and 5 means."
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        constraints = (models.CheckConstraint(condition=Q(anchors__len=HIGHEST_INTERVIEW_SCORE), name="interview_question_has_anchors"),)

    def __str__(self) -> str:
        return self.text


class InterviewSlotQuerySet(models.QuerySet["InterviewSlot"]):
    """Reading slots."""

    def visible_to(self, user: User) -> Self:
        """Only the office reads slots as such; councils are offered them through the booking page."""
        return self if user.has_perm("applications.view_interviewslot") else self.none()

    def offered(self) -> Self:
        """Return the slots that have not been withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def free(self) -> Self:
        """Return the slots that nobody holds."""
        return self.offered().exclude(interviews__status__in=LIVE_INTERVIEW)

    def of_people(self, *people: User) -> Self:
        """Return the slots in which any of the people interviews."""
        return self.filter(Q(interviewer__in=people) | Q(second_interviewer__in=people))

    def with_day(self) -> Self:
        """Annotate `day`, in the UK."""
        return self.annotate(day=TruncDate("starts_at"))

    def with_standing(self, now: datetime) -> Self:
        """Annotate `standing`: free, taken, past (and not taken) or withdrawn."""
        taken = Exists(Interview.objects.live().filter(slot=OuterRef("pk")))
        return self.annotate(
            standing=Case(
                When(withdrawn_at__isnull=False, then=Value("withdrawn")),
                When(taken, then=Value("taken")),
                When(starts_at__lte=now, then=Value("past")),
                default=Value("free"),
            )
        )

    def open_to(self, application: Application, now: datetime, notice: timedelta = NOTICE) -> Self:
        """Return the slots that this council may book now, with as much `notice`. `application` needs its council.

        Not on a bank holiday of its nation, and not with an interviewer who has, or may have, a conflict of interest with it.
        """
        conflicted = Conflict.objects.unassignable().filter(application=application).values("user")
        return (
            self.free()
            .with_day()
            .filter(call=application.call_id, starts_at__gt=now + notice)
            .exclude(day__in=bank_holidays(application.council.nation))
            .exclude(Q(interviewer__in=conflicted) | Q(second_interviewer__in=conflicted))
        )


class InterviewSlot(models.Model):
    """A time at which two interviewers can ring one council."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="interview_slots")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=45, validators=[MinValueValidator(10), MaxValueValidator(LONGEST_SLOT // MINUTE)])
    interviewer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    second_interviewer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InterviewSlotQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "pk")
        constraints = (
            models.CheckConstraint(condition=~Q(interviewer=F("second_interviewer")), name="slot_has_two_interviewers"),
            models.UniqueConstraint(
                fields=["interviewer", "starts_at"], condition=Q(withdrawn_at__isnull=True), name="interviewer_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["second_interviewer", "starts_at"], condition=Q(withdrawn_at__isnull=True), name="second_interviewer_once_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return in_words(self.starts_at)

    @property
    def ends_at(self) -> datetime:
        """When it ends."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def changeable_until(self) -> datetime:
        """The moment from which the council can no longer book, move or cancel it by itself."""
        return self.starts_at - NOTICE

    @property
    def interviewers(self) -> tuple[User, User]:
        """The two people who ring."""
        return self.interviewer, self.second_interviewer


class InterviewQuerySet(models.QuerySet["Interview"]):
    """Reading interviews."""

    def visible_to(self, user: User) -> Self:
        """Whoever conducts interviews sees those of the EoIs that they may see; a council's people see their own."""
        visible = self.filter(application__in=Application.objects.visible_to(user))
        if user.has_perm("applications.conduct_interview"):
            return visible
        return visible.filter(application__in=Application.objects.of_councils_of(user))

    def live(self) -> Self:
        """Return those that are booked or have been held."""
        return self.filter(status__in=LIVE_INTERVIEW)

    def with_day(self) -> Self:
        """Annotate `day`, in the UK."""
        return self.annotate(day=TruncDate("slot__starts_at"))

    def with_conflicts(self) -> Self:
        """Annotate `first_conflicted` and `second_conflicted`: whether that interviewer has a conflict of interest with the council."""
        conflicts = Conflict.objects.active().filter(application=OuterRef("application"))
        return self.annotate(
            first_conflicted=Exists(conflicts.filter(user=OuterRef("slot__interviewer"))),
            second_conflicted=Exists(conflicts.filter(user=OuterRef("slot__second_interviewer"))),
        )

    def to_give_away(self) -> Self:
        """Return those not yet started that an interviewer must not conduct, with `with_conflicts`."""
        to_come = self.filter(status=InterviewStatus.BOOKED, started_at__isnull=True)
        return to_come.with_conflicts().filter(Q(first_conflicted=True) | Q(second_conflicted=True))

    def with_mean_for(self, user: User) -> Self:
        """Annotate `mean`: of the scores that count and that this person may read, of 1 to 5, or None."""
        sheets = InterviewSheet.objects.visible_to(user).final().unconflicted()
        scores = InterviewScore.objects.filter(sheet__in=sheets, sheet__interview=OuterRef("pk"), score__isnull=False).order_by()
        return self.annotate(mean=Subquery(scores.values("sheet__interview").annotate(mean=Avg("score")).values("mean")))

    def with_sheets(self) -> Self:
        """Annotate `sheets_submitted`, of the two."""
        submitted = InterviewSheet.objects.current().filter(interview=OuterRef("pk"), submitted_at__isnull=False)
        number = submitted.order_by().values("interview").annotate(number=Count("pk")).values("number")
        return self.annotate(sheets_submitted=Coalesce(Subquery(number), 0))


class Interview(models.Model):
    """A booking. Moving it changes its slot and counts `sequence` up, so that calendars follow.

    `sequence` goes on counting over all the bookings of an EoI, as to a calendar they are one event.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="interviews")
    slot = models.ForeignKey(InterviewSlot, on_delete=models.PROTECT, related_name="interviews")
    status = models.CharField(max_length=20, choices=InterviewStatus.choices, default=InterviewStatus.BOOKED)
    contact_name = models.CharField("who to ask for", max_length=150)
    phone = models.CharField("number to ring", max_length=30)
    booked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    booked_at = models.DateTimeField(help_text="Or moved to where it stands now.")
    staff_reason = models.TextField(blank=True, help_text="Why staff booked, moved or cancelled it for the council, if they said so.")
    sequence = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = InterviewQuerySet.as_manager()

    class Meta:
        ordering = ("slot__starts_at", "pk")
        permissions = (("conduct_interview", "Can interview councils"),)
        constraints = (
            models.CheckConstraint(condition=Q(status__in=InterviewStatus.values), name="interview_status_known"),
            models.UniqueConstraint(fields=["slot"], condition=Q(status__in=LIVE_INTERVIEW), name="one_interview_per_slot"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(status__in=LIVE_INTERVIEW), name="one_live_interview_per_application"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(started_at__isnull=False, ended_at__gte=F("started_at")),
                name="interview_ends_after_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application} at {self.slot}"

    @property
    def is_booked(self) -> bool:
        """Whether it is still to be held."""
        return self.status == InterviewStatus.BOOKED

    @property
    def minutes_taken(self) -> int | None:
        """How long it took, in whole minutes, once it has ended."""
        return round(self.duration / MINUTE) if self.duration is not None else None

    @property
    def duration(self) -> timedelta | None:
        """How long it took, once it has ended."""
        return self.ended_at - self.started_at if self.started_at and self.ended_at else None


class InterviewSheetQuerySet(JudgementQuerySet["InterviewSheet"]):
    """Reading what interviewers noted."""

    application_path, author_path = "interview__application", "interviewer"

    def visible_to(self, user: User) -> Self:
        """Interviewers see their own sheet, and the other's once theirs is submitted. Whoever decides sees the submitted ones."""
        if not user.has_perm("applications.conduct_interview"):
            return self.none()
        seen = self.filter(interview__application__in=Application.objects.visible_to(user))
        own = seen.filter(interviewer=user)
        others = seen.filter(submitted_at__isnull=False).exclude(interview__in=own.filter(submitted_at__isnull=True).values("interview"))
        if not user.has_perm("applications.decide_application"):
            others = others.filter(interview__in=own.values("interview"))
        return self.filter(Q(pk__in=own.values("pk")) | Q(pk__in=others.values("pk")))

    def unsubmitted_of(self, user: User) -> Self:
        """Return the person's own sheets that are still open, of interviews that stand."""
        return self.current().filter(interviewer=user, submitted_at__isnull=True, interview__status__in=LIVE_INTERVIEW)

    def current(self) -> Self:
        """Leave out the sheets of those who noted something and were then relieved."""
        slot = "interview__slot"
        return self.filter(Q(interviewer=F(f"{slot}__interviewer")) | Q(interviewer=F(f"{slot}__second_interviewer")))

    def due(self, now: datetime) -> Self:
        """Return the sheets that are still open although their interview's time has come."""
        come = self.current().filter(interview__slot__starts_at__lte=now, interview__status__in=LIVE_INTERVIEW)
        return come.filter(submitted_at__isnull=True)

    def final(self) -> Self:
        """Return the submitted sheets of interviews held. Their scores count but for a conflict of interest."""
        return self.current().filter(submitted_at__isnull=False, interview__status=InterviewStatus.HELD)


class InterviewSheet(models.Model):
    """What one interviewer noted and scored, alone. `revision` counts its saves; a save names the revision it started from."""

    interview = models.ForeignKey(Interview, on_delete=models.CASCADE, related_name="sheets")
    interviewer = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    summary = models.TextField(blank=True)

    objects = InterviewSheetQuerySet.as_manager()

    class Meta:
        ordering = ("interview", "pk")
        constraints = (models.UniqueConstraint(fields=["interview", "interviewer"], name="one_sheet_per_interviewer"),)

    def __str__(self) -> str:
        return f"{self.interview_id} by {self.interviewer_id}"

    @property
    def state(self) -> str:
        """How far it is, in words."""
        if self.submitted_at:
            return "Sheet submitted"
        return "Sheet not finished" if self.saved_at else "Sheet not started"


class InterviewScore(models.Model):
    """A score of 1 to 5 for one question of the guide, and what was said. Empty while it is being written."""

    sheet = models.ForeignKey(InterviewSheet, on_delete=models.CASCADE, related_name="scores")
    question = models.ForeignKey(InterviewQuestion, on_delete=models.PROTECT, related_name="scores")
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ("question__position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["sheet", "question"], name="one_interview_score_per_question"),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=1, score__lte=HIGHEST_INTERVIEW_SCORE), name="interview_score_in_range"
            ),
        )

    def __str__(self) -> str:
        return f"{self.question_id}: {self.score}"
