"""Uploads: sixty hostile files and ten honest ones, every one made here."""

import hashlib
import io
import struct
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from tests.factories import ApplicationFactory, ContactFactory, UserFactory
from upstream.audit.models import Entry
from upstream.documents import inspection
from upstream.documents.inspection import inspect
from upstream.documents.models import StoredFile
from upstream.documents.services import UnacceptableFile, check_upload, remove_file, store_upload

MAIN = inspection.DOCX_MAIN
TYPES = f'<Types><Override PartName="/word/document.xml" ContentType="{MAIN}"/></Types>'
WORDS = "<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>Barset</w:t></w:r></w:p></w:body></w:document>"
RELS = "word/_rels/document.xml.rels"


def picture(form="JPEG", size=(40, 30), **extra):
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, form, **extra)
    return file.getvalue()


def named(**entries):
    """A PDF dictionary: text values become names when they start with a slash."""

    def value(thing):
        if isinstance(thing, str):
            return NameObject(thing) if thing.startswith("/") else TextStringObject(thing)
        return thing

    return DictionaryObject({NameObject(f"/{key}"): value(thing) for key, thing in entries.items()})


def pdf(*, pages=1, change=lambda writer: None):
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=100, height=100)
    change(writer)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def with_root(**entries):
    return pdf(change=lambda writer: writer._root_object.update(named(**entries)))


def with_page(**entries):
    return pdf(change=lambda writer: writer.pages[0].update(named(**entries)))


def with_annotation(**entries):
    return with_page(Annots=ArrayObject([named(Type="/Annot", Rect=ArrayObject(), **entries)]))


def docx(*, types=TYPES, document=WORDS, method=zipfile.ZIP_DEFLATED, **parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("[Content_Types].xml", types)
        if document is not None:
            archive.writestr("word/document.xml", document)
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_relation(kind, mode="External"):
    return docx(**{RELS: f'<Relationships><Relationship Type="http://x/{kind}" Target="http://x/" TargetMode="{mode}"/></Relationships>'})


def with_field(words):
    return docx(document=f"<w:document xmlns:w='w'><w:instrText>{words}</w:instrText></w:document>")


def png_of_declared_size(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def encrypted_zip():
    content = bytearray(docx())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(signature)
        content[start + offset] |= 1
    return bytes(content)


def doubled_zip():
    file = io.BytesIO(docx())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("word/document.xml", WORDS)
    return file.getvalue()


JS = named(S="/JavaScript", JS="app.alert(1)")
HOSTILE = {
    # the name and the content disagree
    "page.html": lambda: b"<script>alert(1)</script>",
    "page.svg": lambda: b"<svg onload='alert(1)'/>",
    "program.exe": lambda: b"MZ\x90\x00",
    "none": pdf,
    "macro.docm": docx,
    "old.doc": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "program.pdf": lambda: b"MZ\x90\x00" * 100,
    "html.pdf": lambda: b"<html><script>alert(1)</script></html>",
    "late.pdf": lambda: b"<script></script>" + pdf(),
    "picture.pdf": picture,
    "pdf.png": pdf,
    "jpeg.png": picture,
    "png.jpg": lambda: picture("PNG"),
    "gif.jpg": lambda: picture("GIF"),
    "svg.png": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "zip.pdf": docx,
    "pdf.docx": pdf,
    "double.pdf.exe": pdf,
    "empty.pdf": lambda: b"",
    "big.pdf": lambda: pdf() + b"\0" * inspection.MAX_BYTES,
    # pictures
    "bomb.png": lambda: png_of_declared_size(60_000, 60_000),
    "short.png": lambda: picture("PNG")[:60],
    "header.png": lambda: b"\x89PNG\r\n\x1a\n",
    "header.jpg": lambda: b"\xff\xd8\xff\xe0",
    "short.jpg": lambda: picture()[:200],
    "php.jpg": lambda: b"\xff\xd8\xff<?php system($_GET[0]); ?>",
    # PDF
    "header.pdf": lambda: b"%PDF-1.7\n",
    "rubbish.pdf": lambda: b"%PDF-1.7\n" + b"\xde\xad" * 500,
    "locked.pdf": lambda: pdf(change=lambda writer: writer.encrypt("secret")),
    "owner.pdf": lambda: pdf(change=lambda writer: writer.encrypt("", "owner")),
    "nopages.pdf": lambda: pdf(pages=0),
    "long.pdf": lambda: pdf(pages=inspection.MAX_PAGES + 1),
    "script.pdf": lambda: with_root(Names=named(JavaScript=named(Names=ArrayObject([TextStringObject("x"), JS])))),
    "opening.pdf": lambda: with_root(OpenAction=JS),
    "disguised.pdf": lambda: with_root(OpenAction=JS).replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS ", b"/J#53 "),
    "launch.pdf": lambda: with_root(OpenAction=named(S="/Launch", F="cmd.exe")),
    "remote.pdf": lambda: with_root(OpenAction=named(S="/GoToR", F="//server/share")),
    "inner.pdf": lambda: with_root(OpenAction=named(S="/GoToE")),
    "submit.pdf": lambda: with_root(OpenAction=named(S="/SubmitForm", F="http://x/")),
    "import.pdf": lambda: with_root(OpenAction=named(S="/ImportData", F="x")),
    "attachment.pdf": lambda: pdf(change=lambda writer: writer.add_attachment("evil.exe", b"MZ")),
    "additional.pdf": lambda: with_page(AA=named(O=JS)),
    "pin.pdf": lambda: with_annotation(Subtype="/FileAttachment"),
    "rich.pdf": lambda: with_annotation(Subtype="/RichMedia"),
    "film.pdf": lambda: with_annotation(Subtype="/Movie"),
    "click.pdf": lambda: with_annotation(Subtype="/Link", A=JS),
    "form.pdf": lambda: with_root(AcroForm=named(XFA=ArrayObject())),
    # Word
    "header.docx": lambda: b"PK\x03\x04",
    "cut.docx": lambda: docx()[:-30],
    "sheet.docx": lambda: docx(document=None),
    "other.docx": lambda: docx(types="<Types/>"),
    "macro.docx": lambda: docx(**{"word/vbaProject.bin": b"\xd0\xcf"}),
    "type.docx": lambda: docx(types=TYPES.replace(MAIN, "application/vnd.ms-word.document.macroEnabled.main+xml")),
    "object.docx": lambda: docx(**{"word/embeddings/oleObject1.bin": b"\xd0\xcf"}),
    "control.docx": lambda: docx(**{"word/activeX/activeX1.xml": b"<x/>"}),
    "template.docx": lambda: with_relation("attachedTemplate"),
    "tracker.docx": lambda: with_relation("image"),
    "chunk.docx": lambda: with_relation("aFChunk", "Internal"),
    "dde.docx": lambda: with_field("DDEAUTO c:\\\\cmd.exe"),
    "split.docx": lambda: with_field("DD</w:instrText><w:instrText>EAUTO x"),
    "include.docx": lambda: with_field("INCLUDETEXT http://x/"),
    "entities.docx": lambda: docx(document='<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'),
    "utf16.docx": lambda: docx(document='<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x []><x/>'.encode("utf-16")),
    "broken.docx": lambda: docx(document="<w:document>"),
    "bomb.docx": lambda: docx(**{"word/media/a.bin": b"\0" * 20_000_000}),
    "many.docx": lambda: docx(**{f"word/{number}.xml": "<x/>" for number in range(inspection.MAX_ZIP_ENTRIES)}),
    "climb.docx": lambda: docx(**{"../../evil.xml": "<x/>"}),
    "absolute.docx": lambda: docx(**{"/etc/evil.xml": "<x/>"}),
    "secret.docx": encrypted_zip,
    "twice.docx": doubled_zip,
}
HONEST = {
    "plan.pdf": pdf,
    "PLAN.PDF": lambda: pdf(pages=20),
    "link.pdf": lambda: with_annotation(Subtype="/Link", A=named(S="/URI", URI="https://example.org")),
    "photo.jpg": picture,
    "photo.jpeg": lambda: picture(size=(2000, 1500)),
    "chart.png": lambda: picture("PNG"),
    "plan.docx": docx,
    "stored.docx": lambda: docx(method=zipfile.ZIP_STORED),
    "linked.docx": lambda: with_relation("hyperlink"),
    "numbers.docx": lambda: with_field("PAGE \\* MERGEFORMAT"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_message(name):
    with pytest.raises(UnacceptableFile, match=r"^The file|^What the file"):
        inspect(name, HOSTILE[name]())


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_is_taken(name):
    assert inspect(name, HONEST[name]())[0]


def test_the_corpus_is_as_large_as_promised():
    assert len(HOSTILE) >= 60


def test_a_photo_comes_out_upright_and_without_where_it_was_taken():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    content, _ = inspect("photo.jpg", picture(exif=exif, comment=b"taken at home"))
    kept = Image.open(io.BytesIO(content))
    assert kept.size == (30, 40)
    assert not kept.getexif()
    assert b"taken at home" not in content


def test_what_follows_a_picture_in_its_file_is_gone():
    content, _ = inspect("photo.jpg", picture() + b"<?php evil(); ?>")
    assert b"php" not in content


@pytest.fixture
def upload():
    return SimpleUploadedFile("../../My \u202eplan\n.pdf", pdf(), content_type="text/html")


@pytest.mark.django_db
def test_a_stored_file_has_a_name_that_gives_nothing_away_and_a_hash(upload, private_folder):
    application, by = ApplicationFactory(), UserFactory()
    file = store_upload(owner=application, kind="answer", upload=check_upload(upload), by=by)
    assert file.name == "My plan.pdf"
    assert file.content.name == f"files/{file.content.name[6:42]}.pdf"
    assert file.content_type == "application/pdf"
    stored = (private_folder / file.content.name).read_bytes()
    assert file.sha256 == hashlib.sha256(stored).hexdigest()
    assert PdfReader(io.BytesIO(stored)).pages
    assert Entry.objects.about(application).get().verb == "file.stored"


@pytest.mark.django_db
def test_only_who_may_see_the_owner_gets_the_file_and_only_to_save_it(upload, client):
    contact = ContactFactory()
    application = ApplicationFactory(council=contact.council)
    file = store_upload(owner=application, kind="answer", upload=check_upload(upload), by=contact.user)
    address = f"/documents/{file.pk}/"
    assert client.get(address).status_code == 302
    client.force_login(UserFactory())
    assert client.get(address).status_code == 404
    client.force_login(contact.user)
    response = client.get(address)
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
    assert response["Content-Disposition"] == 'attachment; filename="My plan.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_a_removed_file_is_gone_from_the_list_and_from_the_disk(upload, private_folder, django_capture_on_commit_callbacks):
    file = store_upload(owner=ApplicationFactory(), kind="answer", upload=check_upload(upload), by=UserFactory())
    path = private_folder / file.content.name
    with django_capture_on_commit_callbacks(execute=True):
        remove_file(file=file, by=UserFactory())
    assert not path.exists()
    assert not StoredFile.objects.exists()
