"""Taking files in and letting them go."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath
from typing import Any, cast

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction

from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.documents.inspection import MAX_BYTES, TOO_LARGE, UnacceptableFile, inspect
from upstream.documents.models import FOLDER, StoredFile
from upstream.documents.scanning import refuse_malware

__all__ = ["CheckedUpload", "UnacceptableFile", "check_upload", "remove_file", "remove_strays", "store_upload"]

MAX_NAME = 100
MAX_SUFFIX = 10


@dataclass(frozen=True)
class CheckedUpload:
    """A file that has been looked into, as it will be kept."""

    name: str
    content: bytes
    content_type: str


def check_upload(upload: "UploadedFile[Any]") -> CheckedUpload:
    """Look into an uploaded PDF, PNG, JPEG or Word document. Pictures are written anew, without what cameras hide in them.

    Raises UnacceptableFile with a message for the person. May take seconds, for which others would wait: do it before any lock.
    """
    if (upload.size or 0) > MAX_BYTES:
        raise UnacceptableFile(TOO_LARGE)
    name = shown_name(upload.name or "")
    content, content_type = inspect(name, upload.read(MAX_BYTES + 1))
    refuse_malware(content)
    return CheckedUpload(name, content, content_type)


@transaction.atomic
def store_upload(*, owner: models.Model, kind: str, upload: CheckedUpload, by: User | None) -> StoredFile:
    """Keep an upload that has been looked into, or, `by` nobody, what we made ourselves. Lock `owner` first where its state matters."""
    stored = StoredFile(
        owner=owner,
        kind=kind,
        name=upload.name,
        content_type=upload.content_type,
        size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(),
        uploaded_by=by,
    )
    stored.content.save(upload.name, ContentFile(upload.content), save=False)
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


def remove_strays() -> int:
    """Remove what lies in storage and no StoredFile names, such as an upload whose transaction was rolled back. Returns how many.

    What is younger than a day may belong to a transaction that has not committed yet.
    """
    storage = StoredFile._meta.get_field("content").storage
    lying = {f"{FOLDER}/{name}" for name in storage.listdir(FOLDER)[1]} if storage.exists(FOLDER) else set()
    # The rows are read last: whatever has a row by now is no stray.
    named = set(StoredFile.objects.values_list("content", flat=True))
    if not named:
        return 0  # a database that names no file at all is more likely the wrong one, or not restored yet
    day_ago = clock.now() - timedelta(days=1)
    removed = 0
    for name in lying - named:
        with suppress(FileNotFoundError):  # somebody removed it just now
            if storage.get_modified_time(name) < day_ago:
                storage.delete(name)
                removed += 1
    return removed


def shown_name(name: str) -> str:
    """Return the name to show: no folders, no control or direction characters, not too long, its ending kept."""
    plain = PurePath("".join(filter(str.isprintable, name.replace("\\", "/").rpartition("/")[2])).strip() or "file")
    return f"{plain.stem[:MAX_NAME]}{plain.suffix[:MAX_SUFFIX]}"
