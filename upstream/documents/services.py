"""Taking files in and letting them go."""

import hashlib
from pathlib import PurePath
from typing import Any, cast

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction

from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.documents.inspection import MAX_BYTES, TOO_LARGE, UnacceptableFile, inspect
from upstream.documents.models import StoredFile
from upstream.documents.scanning import refuse_malware

__all__ = ["UnacceptableFile", "remove_file", "store_upload"]

MAX_NAME = 100
MAX_SUFFIX = 10


@transaction.atomic
def store_upload(*, owner: models.Model, kind: str, upload: "UploadedFile[Any]", by: User) -> StoredFile:
    """Keep an uploaded PDF, PNG, JPEG or Word document. Pictures are written anew, without what cameras hide in them.

    Raises UnacceptableFile with a message for the person. Lock `owner` first where its state matters.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise UnacceptableFile(TOO_LARGE)
    name = shown_name(upload.name or "")
    content, content_type = inspect(name, upload.read(MAX_BYTES + 1))
    refuse_malware(content)
    stored = StoredFile(
        owner=owner,
        kind=kind,
        name=name,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=by,
    )
    stored.content.save(name, ContentFile(content), save=False)
    stored.save(force_insert=True)
    record(actor=by, verb="file.stored", subject=owner, file=str(stored.pk), sha256=stored.sha256, kind=kind)
    return stored


@transaction.atomic
def remove_file(*, file: StoredFile, by: User) -> None:
    """Forget a file. What lies in storage goes once the transaction has committed."""
    storage, name = file.content.storage, str(file.content.name)
    record(actor=by, verb="file.removed", subject=cast("models.Model", file.owner), file=str(file.pk), sha256=file.sha256, kind=file.kind)
    file.delete()
    transaction.on_commit(lambda: storage.delete(name), robust=True)


def shown_name(name: str) -> str:
    """Return the name to show: no folders, no control or direction characters, not too long, its ending kept."""
    plain = PurePath("".join(filter(str.isprintable, name.replace("\\", "/").rpartition("/")[2])).strip() or "file")
    return f"{plain.stem[:MAX_NAME]}{plain.suffix[:MAX_SUFFIX]}"
