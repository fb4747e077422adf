"""Files that people upload and documents that we issue, in private storage."""

import uuid
from collections.abc import Iterable
from pathlib import PurePath

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from upstream.accounts.models import User

# In storage.
FOLDER = "files"


def generated_name(_file: "StoredFile", filename: str) -> str:
    """Return a name that gives nothing away; only the known ending is kept."""
    return f"{FOLDER}/{uuid.uuid4()}{PurePath(filename).suffix.lower()}"


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    """Reading files."""

    def visible_to(self, user: User) -> "StoredFileQuerySet":
        """A file is visible to whoever may see the record that owns it."""
        visible = Q(pk__in=[])
        for owner_type in ContentType.objects.filter(pk__in=StoredFile.objects.values("owner_type").distinct()):
            owners = owner_type.model_class()._default_manager.visible_to(user)  # type: ignore[union-attr]
            visible |= Q(owner_type=owner_type, owner_id__in=owners.values("pk"))
        return self.filter(visible)

    def for_owners(self, model: type[models.Model], owner_ids: Iterable[int]) -> "StoredFileQuerySet":
        """Return the files of several records of one kind."""
        return self.filter(owner_type=ContentType.objects.get_for_model(model), owner_id__in=owner_ids)

    def owned_by(self, owner: models.Model) -> "StoredFileQuerySet":
        """Return the files of one record."""
        return self.filter(owner_type=ContentType.objects.get_for_model(owner), owner_id=owner.pk)


class StoredFile(models.Model):
    """One file. `owner`'s model must have `objects.visible_to(user)`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner_type = models.ForeignKey(ContentType, on_delete=models.PROTECT)
    owner_id = models.BigIntegerField()
    owner = GenericForeignKey("owner_type", "owner_id")
    kind = models.CharField(max_length=60)
    name = models.CharField(max_length=200, help_text="The name it was uploaded under.")
    content = models.FileField(upload_to=generated_name)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT)
    uploaded_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        ordering = ("uploaded_at",)
        indexes = (models.Index(fields=["owner_type", "owner_id"]),)

    def __str__(self) -> str:
        return self.name
