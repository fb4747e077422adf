"""Who did what, when. Entries are only ever added: a trigger refuses anything else, and each hash covers the last."""

import hashlib
import json
from datetime import UTC
from typing import Any

from django.db import models

from upstream.accounts.models import User
from upstream.visibility import unseen_by


class EntryQuerySet(models.QuerySet["Entry"]):
    """Reading the trail."""

    def visible_to(self, user: User) -> "EntryQuerySet":
        """Whoever may read the trail reads all of it but what is about what they may not see; everybody else reads none."""
        if not user.has_perm("audit.view_entry"):
            return self.none()
        hidden = models.Q(pk__in=[])
        for model, unseen in unseen_by(user):
            hidden |= models.Q(subject_type=model._meta.label_lower, subject_id__in=unseen.values("pk"))
        return self.exclude(hidden)

    def about(self, subject: models.Model) -> "EntryQuerySet":
        """Return the entries about one record, oldest first."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk).order_by("pk")

    def about_each(self, model: type[models.Model], subject_ids: models.QuerySet[Any]) -> "EntryQuerySet":
        """Return the entries about several records of one kind, oldest first."""
        return self.filter(subject_type=model._meta.label_lower, subject_id__in=subject_ids).order_by("pk")


class Entry(models.Model):
    """One act. Holds ids, not names, so that erasing a person leaves the trail whole."""

    at = models.DateTimeField()
    actor_id = models.BigIntegerField("person", null=True, help_text="Empty when the system did it.")
    verb = models.CharField(max_length=100)
    subject_type = models.CharField(max_length=100)
    subject_id = models.BigIntegerField()
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        ordering = ("-pk",)
        indexes = (models.Index(fields=["subject_type", "subject_id"]),)

    def __str__(self) -> str:
        return f"Audit entry {self.pk}"

    def content(self) -> dict[str, Any]:
        """Return everything the hash covers."""
        return {
            "at": self.at.astimezone(UTC).isoformat(),
            "actor": self.actor_id,
            "verb": self.verb,
            "subject": [self.subject_type, self.subject_id],
            "data": self.data,
            "previous": self.previous_hash,
        }

    def compute_hash(self) -> str:
        """Return the SHA-256 of the content as canonical JSON, in hex."""
        text = json.dumps(self.content(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
