"""The outbox and the reminder ledger. A message is a row before it is sent."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from upstream.accounts.models import User
from upstream.correspondence.states import EmailStatus, Lane
from upstream.visibility import unseen_by


class OutboundEmailQuerySet(models.QuerySet["OutboundEmail"]):
    """The vocabulary for reading the outbox."""

    def visible_to(self, user: User) -> "OutboundEmailQuerySet":
        """Staff who may see the outbox see every message but those about what they may not see; everybody else sees none."""
        if not user.has_perm("correspondence.view_outboundemail"):
            return self.none()
        hidden = Q(pk__in=[])
        for model, unseen in unseen_by(user):
            hidden |= Q(about_type=ContentType.objects.get_for_model(model), about_id__in=unseen.values("pk"))
        return self.exclude(hidden)

    def about(self, subject: models.Model) -> "OutboundEmailQuerySet":
        """Return the messages about one record."""
        return self.filter(about_type=ContentType.objects.get_for_model(subject), about_id=subject.pk)

    def about_each(self, model: type[models.Model], subject_ids: Iterable[int]) -> "OutboundEmailQuerySet":
        """Return the messages about several records of one kind."""
        return self.filter(about_type=ContentType.objects.get_for_model(model), about_id__in=subject_ids)

    def due(self, now: datetime) -> "OutboundEmailQuerySet":
        """Return what delivery should take up: queued and past its wait, or taken up by a worker that is gone."""
        return self.filter(Q(status=EmailStatus.QUEUED, send_after__lte=now) | Q(status=EmailStatus.SENDING, leased_until__lte=now))

    def needing_a_person(self) -> "OutboundEmailQuerySet":
        """Return what will not go out unless somebody looks at it."""
        return self.filter(status__in=[EmailStatus.FAILED, EmailStatus.UNKNOWN])


class OutboundEmail(models.Model):
    """One message to one person."""

    key = models.CharField(max_length=200, unique=True, help_text="What this message is; the same key is never queued twice.")
    kind = models.CharField(max_length=60)
    lane = models.CharField(max_length=20, choices=Lane.choices, default=Lane.REMINDERS)
    recipient = models.EmailField()
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField()
    attachment = models.CharField(max_length=60, blank=True, help_text="A name in settings.EMAIL_ATTACHMENTS, made at sending.")
    status = models.CharField(max_length=20, choices=EmailStatus.choices, default=EmailStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    send_after = models.DateTimeField(db_default=Now())
    use_by = models.DateTimeField(null=True, blank=True, help_text="Never sent after this moment.")
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    about_type = models.ForeignKey(ContentType, null=True, on_delete=models.PROTECT)
    about_id = models.BigIntegerField(null=True)
    about = GenericForeignKey("about_type", "about_id")

    objects = OutboundEmailQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=["status", "send_after"]),
            models.Index(fields=["about_type", "about_id"]),
        )
        constraints = (
            models.CheckConstraint(condition=Q(status__in=EmailStatus.values), name="email_status_known"),
            models.CheckConstraint(
                condition=~Q(status=EmailStatus.SENDING) | Q(leased_until__isnull=False), name="email_sending_has_lease"
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject} ({self.recipient})"

    @property
    def message_id(self) -> str:
        """The Message-ID header: the same at every attempt, so that a mail program can see a repeat."""
        return f"<upstream-{self.pk}@{settings.SITE_URL.split('//')[1].split(':')[0]}>"


class ReminderSentQuerySet(models.QuerySet["ReminderSent"]):
    """Reading the ledger."""

    def visible_to(self, user: User) -> "ReminderSentQuerySet":
        """Return those whose message the person may see."""
        return self.filter(Q(email=None) | Q(email__in=OutboundEmail.objects.visible_to(user)))


class ReminderSent(models.Model):
    """The ledger: whoever inserts the row queues the email, in the same transaction."""

    rule = models.CharField(max_length=60)
    subject = models.CharField(max_length=100, help_text="Which record, for example applications.application:12")
    recipient = models.EmailField()
    occurrence = models.CharField(max_length=60)
    email = models.ForeignKey(
        OutboundEmail, null=True, on_delete=models.PROTECT, related_name="reminders", help_text="Made right after this row."
    )
    at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ReminderSentQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "reminders sent"
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(F("rule"), F("subject"), F("recipient"), F("occurrence"), name="reminder_sent_once"),)

    def __str__(self) -> str:
        return f"{self.rule} {self.occurrence} to {self.recipient}"
