"""A file is looked into while colleagues work on."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from applications.models import Application
from applications.services.eoi import attach_file
from applications.states import QuestionKind
from tests.conftest import Clamd
from tests.factories import QuestionFactory
from tests.races.conftest import whole_eois
from tests.upstream.documents.test_uploads import picture

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_nobody_waits_for_the_scanner(clamd, monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    application = whole_eois(1)[0]
    question = QuestionFactory(section=application.call.sections.get(), kind=QuestionKind.FILE)
    scan, free = Clamd.scan, []

    def look_at_the_locks(handler):
        with transaction.atomic():
            free.extend(Application.objects.select_for_update(skip_locked=True))
        connection.close()
        return scan(handler)

    monkeypatch.setattr(Clamd, "scan", look_at_the_locks)
    upload = SimpleUploadedFile("letter.png", picture("PNG"))
    attach_file(application_id=application.pk, question=question, upload=upload, revision=1, by=application.created_by)
    assert free == [application]
