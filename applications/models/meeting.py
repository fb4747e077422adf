"""The panel's meeting: who is there, what is discussed in which order, who is out of the room, and what came of it."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.timezone import localdate

from applications.models.application import Application
from applications.models.panel import Panel, PanelMember
from applications.states import Recommendation
from upstream.accounts.models import User
from upstream.deadlines import long_date


class PanelMeetingQuerySet(models.QuerySet["PanelMeeting"]):
    """Reading meetings."""

    def visible_to(self, user: User) -> Self:
        """Only the office sees meetings; members sit in them, and the minutes are sent to them."""
        return self if user.has_perm("applications.view_panelmeeting") else self.none()

    def running(self) -> Self:
        """Return those that have been opened and have not ended."""
        return self.filter(opened_at__isnull=False, ended_at__isnull=True)


class PanelMeeting(models.Model):
    """A meeting of a panel. Once it has ended, nothing of it changes."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="meetings")
    starts_at = models.DateTimeField("planned start")
    place = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    present = models.ManyToManyField(PanelMember, related_name="+", blank=True)
    note = models.TextField(blank=True, help_text="General business. Goes into the minutes.")
    not_reached = models.TextField(blank=True, help_text="Why the meeting ended before every item was settled.")
    minutes_sent_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")

    objects = PanelMeetingQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(ended_at__isnull=True) | Q(opened_at__isnull=False), name="ended_meeting_was_opened"),
            models.UniqueConstraint(
                fields=["panel"], condition=Q(opened_at__isnull=False, ended_at__isnull=True), name="one_open_meeting_per_panel"
            ),
        )

    def __str__(self) -> str:
        return f"Meeting of the {self.panel} on {long_date(localdate(self.starts_at))}"

    @property
    def is_running(self) -> bool:
        """Whether it has been opened and has not ended."""
        return self.opened_at is not None and self.ended_at is None


class MeetingItemQuerySet(models.QuerySet["MeetingItem"]):
    """Reading items."""

    def visible_to(self, user: User) -> Self:
        """Only the office sees items, and of no EoI that the person has a conflict with."""
        if not user.has_perm("applications.view_panelmeeting"):
            return self.none()
        return self.filter(application__in=Application.objects.visible_to(user))

    def without_conflict_of(self, user: User) -> Self:
        """Leave out the items that a person may not hear of: for the minutes, which members get too."""
        return self.filter(application__in=Application.objects.without_conflict_of(user))

    def being_discussed(self) -> Self:
        """Return those that are open, of meetings that run: one of each at most."""
        return self.filter(opened_at__isnull=False, closed_at__isnull=True, meeting__ended_at__isnull=True)

    def outstanding(self) -> Self:
        """Return those that are not settled, of EoIs that are still in the running."""
        return self.filter(closed_at__isnull=True, application__in=Application.objects.shortlisted())


class MeetingItem(models.Model):
    """One EoI in the running order. `before` keeps the scores as they stood when the item was opened."""

    meeting = models.ForeignKey(PanelMeeting, on_delete=models.CASCADE, related_name="items")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="meeting_items")
    position = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(default=dict, blank=True)
    recommendation = models.CharField(max_length=20, choices=Recommendation.choices, blank=True)
    moderated_score = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True, help_text="Out of 100, where it changed.")
    reason = models.TextField(blank=True)
    chaired_by = models.ForeignKey(PanelMember, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reopened_reason = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_by = models.ForeignKey("accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = MeetingItemQuerySet.as_manager()

    class Meta:
        ordering = ("meeting", "position", "pk")
        constraints = (
            models.UniqueConstraint(fields=["meeting", "application"], name="one_item_per_meeting_and_application"),
            models.UniqueConstraint(
                fields=["meeting"], condition=Q(opened_at__isnull=False, closed_at__isnull=True), name="one_open_item_per_meeting"
            ),
            models.CheckConstraint(
                condition=Q(moderated_score__isnull=True) | Q(moderated_score__gte=0, moderated_score__lte=100),
                name="moderated_score_in_range",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | (~Q(recommendation="") & ~Q(reason="")), name="closed_item_has_outcome_and_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.application}"

    @property
    def is_open(self) -> bool:
        """Whether it is being discussed."""
        return self.opened_at is not None and self.closed_at is None

    @property
    def score_before(self) -> float | None:
        """The adjusted score as the item was opened with it, or the raw mean where scores were not adjusted."""
        adjusted: float | None = self.before.get("adjusted")
        return self.before.get("raw") if adjusted is None else adjusted


class MeetingExit(models.Model):
    """A person out of the room while an item is discussed: for a conflict of interest, or because they were asked to leave."""

    item = models.ForeignKey(MeetingItem, on_delete=models.CASCADE, related_name="exits")
    member = models.ForeignKey(PanelMember, on_delete=models.PROTECT, related_name="+")
    is_conflict = models.BooleanField(default=False)
    left_at = models.DateTimeField(db_default=Now(), editable=False)
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("item", "left_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=["item", "member"], condition=Q(returned_at__isnull=True), name="out_of_the_room_once"),
            models.CheckConstraint(condition=Q(returned_at__isnull=True) | Q(returned_at__gte=F("left_at")), name="returns_after_leaving"),
        )

    def __str__(self) -> str:
        return f"{self.member} out for {self.item}"
