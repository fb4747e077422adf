"""The malware scanner, spoken to over real sockets."""

import socketserver

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.conftest import Clamd, running
from tests.factories import ApplicationFactory, UserFactory
from tests.upstream.documents.test_uploads import docx, picture
from upstream.documents import scanning
from upstream.documents.models import StoredFile
from upstream.documents.services import UnacceptableFile, check_upload, store_upload

pytestmark = pytest.mark.django_db
HARMLESS = docx()
HARMFUL = docx(**{"word/note.txt": "MALWARE"}, method=0)


def store(content, name="letter.docx"):
    checked = check_upload(SimpleUploadedFile(name, content))
    return store_upload(owner=ApplicationFactory(), kind="answer", upload=checked, by=UserFactory())


def assert_refused(content, sentence, folder):
    with pytest.raises(UnacceptableFile, match=f"^{sentence}$"):
        store(content)
    assert not StoredFile.objects.exists()
    assert not list(folder.rglob("*.*"))


def test_a_clean_file_is_kept(clamd):
    assert store(HARMLESS).size == len(HARMLESS)
    assert clamd.scanned == [HARMLESS]


def test_what_is_scanned_is_what_is_kept(clamd):
    stored = store(picture(), "photo.jpg")
    assert clamd.scanned == [stored.content.read()]
    stored.content.close()


def test_malware_is_refused_and_not_kept(clamd, private_folder):
    assert_refused(HARMFUL, scanning.MALWARE, private_folder)


@pytest.mark.parametrize("answer", ["INSTREAM size limit exceeded. ERROR", "", "stream: OK for now"])
def test_any_other_answer_refuses_the_file(clamd, private_folder, answer):
    clamd.always_says = answer
    assert_refused(HARMLESS, scanning.UNCHECKED, private_folder)


def test_a_scanner_that_is_down_refuses_every_file(settings, private_folder):
    settings.CLAMD = ("127.0.0.1", 1)
    assert_refused(HARMLESS, scanning.UNCHECKED, private_folder)
    assert scanning.is_silent()


def test_a_scanner_that_hangs_refuses_the_file_after_a_while(clamd, monkeypatch, private_folder):
    monkeypatch.setattr(scanning, "SCAN_SECONDS", 0.1)
    monkeypatch.setattr(Clamd, "handle", lambda handler: handler.rfile.read())
    assert_refused(HARMLESS, scanning.UNCHECKED, private_folder)


def test_a_scanner_can_listen_on_a_socket_of_this_machine(settings, tmp_path):
    settings.CLAMD = str(tmp_path / "clamd")
    assert scanning.is_silent()
    with running(socketserver.ThreadingUnixStreamServer(settings.CLAMD, Clamd)) as server:
        store(HARMLESS)
        assert server.scanned == [HARMLESS]
        assert not scanning.is_silent()


def test_without_a_scanner_files_are_kept_unscanned(settings):
    settings.CLAMD = None
    assert store(HARMFUL)
    assert not scanning.is_silent()
