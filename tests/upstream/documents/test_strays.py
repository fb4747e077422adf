"""Files that a rolled-back upload leaves behind."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from tests.factories import ApplicationFactory, UserFactory
from tests.upstream.documents.test_uploads import picture
from upstream import clock
from upstream.celery import app
from upstream.documents.models import StoredFile
from upstream.documents.services import check_upload, remove_strays, store_upload

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def store():
    upload = SimpleUploadedFile("photo.png", picture("PNG"))
    return store_upload(owner=ApplicationFactory(), kind="answer", upload=check_upload(upload), by=UserFactory())


@pytest.fixture
def kept():
    return store()


@pytest.fixture
def stray():
    """Where an upload lies whose transaction was rolled back."""
    with transaction.atomic():
        file = store()
        transaction.set_rollback(True)
    assert not StoredFile.objects.filter(pk=file.pk).exists()
    return file.content


def test_the_next_day_a_stray_is_gone_and_what_a_row_names_is_there(kept, stray, move_clock):
    move_clock(clock.now() + DAY + MINUTE)
    assert remove_strays() == 1
    assert not stray.storage.exists(stray.name)
    assert kept.content.read()
    kept.content.close()
    assert remove_strays() == 0


def test_on_the_same_day_it_stays_as_its_row_may_not_be_committed_yet(kept, stray, move_clock):
    move_clock(clock.now() + DAY - MINUTE)
    assert remove_strays() == 0
    assert stray.storage.exists(stray.name)


def test_an_empty_database_removes_nothing(stray, move_clock):
    move_clock(clock.now() + DAY + MINUTE)
    assert remove_strays() == 0
    assert stray.storage.exists(stray.name)


def test_a_store_without_files_is_swept(private_folder):
    assert not private_folder.exists()
    assert remove_strays() == 0


def test_the_sweep_is_on_the_timetable(kept, stray, move_clock):
    move_clock(clock.now() + DAY + MINUTE)
    app.loader.import_default_modules()  # as a worker does
    app.tasks[settings.CELERY_BEAT_SCHEDULE["remove-stray-files"]["task"]]()
    assert not stray.storage.exists(stray.name)
