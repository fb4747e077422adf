"""Judging an uploaded file before it is kept: its ending, its content and what hides in it must all be what they say."""

import io
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from xml.parsers import expat

from PIL import Image, ImageOps
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_PAGES = 200
MAX_PDF_OBJECTS = 50_000
MAX_ZIP_ENTRIES = 2_000
MAX_UNZIPPED = 100 * 1024 * 1024
MAX_RATIO = 100
# Below this a high ratio does no harm: short documents repeat themselves a lot.
SMALL = 5 * 1024 * 1024
# A picture is written anew while its quality hardly suffers.
JPEG_QUALITY = 90

TOO_LARGE = "The file must be smaller than 10MB"
EMPTY = "The file is empty. Choose another"
WRONG_KIND = "The file must be a PDF, PNG, JPG or Word document (.docx)"
MISMATCH = "What the file holds is not what its name says. Save it again in the right format"
DAMAGED = "The file cannot be opened. Save it again and upload the new copy"
PROTECTED = "The file is protected by a password. Upload a copy without one"
TOO_BIG_INSIDE = "The file holds too much to be opened safely. Upload a smaller version"
ACTIVE = "The file holds scripts, macros or other files. Upload a copy without them"

# Keys and action types that make a PDF do something or carry something. A link to a website is fine.
ACTIVE_PDF_KEYS = {"/JavaScript", "/JS", "/EmbeddedFiles", "/EmbeddedFile", "/EF", "/AA", "/RichMedia", "/XFA", "/Rendition"}
ACTIVE_PDF_ACTIONS = {"/JavaScript", "/Launch", "/GoToE", "/GoToR", "/SubmitForm", "/ImportData", "/Rendition", "/RichMediaExecute"}
ACTIVE_PDF_ANNOTATIONS = {"/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}
DOCX_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
ACTIVE_DOCX_PARTS = ("vbaproject", "vbadata", "macroenabled", "activex", "embeddings/", "oleobject")
ACTIVE_FIELD = re.compile(r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|IMPORT|RD|MACROBUTTON|DATABASE)\b", re.IGNORECASE)


class UnacceptableFile(Exception):
    """The file cannot be taken. The message is for the person who uploaded it."""


def inspect(name: str, content: bytes) -> tuple[bytes, str]:
    """Return what to keep and its content type. Raises UnacceptableFile."""
    if len(content) > MAX_BYTES:
        raise UnacceptableFile(TOO_LARGE)
    if not content:
        raise UnacceptableFile(EMPTY)
    kind = KINDS.get(PurePath(name).suffix.lower())
    if kind is None:
        raise UnacceptableFile(WRONG_KIND)
    content_type, signature, clean = kind
    if not content.startswith(signature):
        raise UnacceptableFile(MISMATCH)
    try:
        return clean(content), content_type
    except UnacceptableFile:
        raise
    except Exception as error:  # the libraries raise all sorts of things on hostile input
        raise UnacceptableFile(DAMAGED) from error


def clean_image(content: bytes, form: str) -> bytes:
    """Return the picture alone, upright, without metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.open(io.BytesIO(content), formats=[form]).verify()
        image = Image.open(io.BytesIO(content), formats=[form])
        if image.width * image.height > MAX_PIXELS:
            raise UnacceptableFile(TOO_BIG_INSIDE)
        image.load()
    upright = ImageOps.exif_transpose(image)
    if form == "JPEG" and upright.mode not in {"L", "RGB"}:
        upright = upright.convert("RGB")
    if form == "PNG" and upright.mode not in {"1", "L", "LA", "RGB", "RGBA"}:
        upright = upright.convert("RGBA")
    # A new picture made of the pixels: no comment, profile or location can come along.
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    kept = io.BytesIO()
    bare.save(kept, form, **({"quality": JPEG_QUALITY} if form == "JPEG" else {}))
    return kept.getvalue()


def clean_png(content: bytes) -> bytes:
    """Return a PNG without metadata."""
    return clean_image(content, "PNG")


def clean_jpeg(content: bytes) -> bytes:
    """Return a JPEG without metadata."""
    return clean_image(content, "JPEG")


def check_pdf(content: bytes) -> bytes:
    """Return the PDF as it is, once every object in it has been looked at."""
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise UnacceptableFile(PROTECTED)
    if not 0 < len(reader.pages) <= MAX_PAGES:
        raise UnacceptableFile(TOO_BIG_INSIDE if reader.pages else DAMAGED)
    numbers = [(number, generation) for generation, table in reader.xref.items() for number in table]
    numbers += [(number, 0) for number in reader.xref_objStm]
    if len(numbers) > MAX_PDF_OBJECTS:
        raise UnacceptableFile(TOO_BIG_INSIDE)
    check_pdf_object(reader.trailer)
    for number, generation in numbers:
        if number and not reader.xref_free_entry.get(generation, {}).get(number, False):
            check_pdf_object(reader.get_object(IndirectObject(number, generation, reader)))
    return content


def check_pdf_object(thing: Any) -> None:
    """Refuse an object that acts or carries a file. References are not followed: each object gets its own look."""
    waiting = [thing]
    while waiting:
        current = waiting.pop()
        if isinstance(current, DictionaryObject):
            if is_active(current):
                raise UnacceptableFile(ACTIVE)
            waiting += dict.values(current)
        elif isinstance(current, ArrayObject):
            waiting += list.__iter__(current)


def is_active(thing: DictionaryObject) -> bool:
    """Return whether a dictionary of a PDF runs something, opens something else or carries a file."""
    return bool(
        ACTIVE_PDF_KEYS & set(thing)
        or dict.get(thing, "/S") in ACTIVE_PDF_ACTIONS
        or dict.get(thing, "/Subtype") in ACTIVE_PDF_ANNOTATIONS
        or (isinstance(thing, StreamObject) and dict.get(thing, "/Type") == "/EmbeddedFile")
    )


def check_docx(content: bytes) -> bytes:
    """Return the Word document as it is, once every part of it has been looked at."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        check_zip(parts, len(content))
        names = {part.filename for part in parts}
        if not {"[Content_Types].xml", "word/document.xml"} <= names:
            raise UnacceptableFile(MISMATCH)
        kinds = archive.read("[Content_Types].xml").decode().lower()
        if any(active in text for text in (kinds, *map(str.lower, names)) for active in ACTIVE_DOCX_PARTS):
            raise UnacceptableFile(ACTIVE)
        if DOCX_MAIN not in kinds:
            raise UnacceptableFile(MISMATCH)
        for part in parts:
            # Reading a part also checks that it is as long as it says and has not been damaged.
            part_content = archive.read(part)
            if part.filename.lower().endswith((".xml", ".rels")):
                check_docx_part(part_content)
    return content


def check_zip(parts: list[zipfile.ZipInfo], packed: int) -> None:
    """Refuse an archive that unpacks to too much, is protected, or has names that lead outside it."""
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_ZIP_ENTRIES or unpacked > MAX_UNZIPPED or unpacked > max(MAX_RATIO * packed, SMALL):
        raise UnacceptableFile(TOO_BIG_INSIDE)
    if any(part.flag_bits & 1 for part in parts):
        raise UnacceptableFile(PROTECTED)
    names = [part.filename for part in parts]
    if len(set(names)) != len(names) or any(name.startswith("/") or ".." in name or "\\" in name for name in names):
        raise UnacceptableFile(DAMAGED)


def check_docx_part(content: bytes) -> None:
    """Refuse a part that declares entities, draws something in from outside, or holds a field that runs something."""
    instructions: list[str] = []
    inside: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        inside.append(name)
        is_link = attributes.get("Type", "").endswith("/hyperlink")
        if name.endswith("Relationship") and (
            attributes.get("Type", "").endswith("/aFChunk") or (attributes.get("TargetMode") == "External" and not is_link)
        ):
            raise UnacceptableFile(ACTIVE)
        instructions.extend(value for key, value in attributes.items() if key.endswith("instr"))

    def text(words: str) -> None:
        if inside and inside[-1].endswith("instrText"):
            instructions.append(words)

    def doctype(*_: object) -> None:
        raise UnacceptableFile(ACTIVE)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: inside.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(content, True)  # noqa: FBT003  (expat's "this is the last part")
    if ACTIVE_FIELD.search("".join(instructions)):
        raise UnacceptableFile(ACTIVE)


KINDS: dict[str, tuple[str, bytes, Callable[[bytes], bytes]]] = {
    ".pdf": ("application/pdf", b"%PDF-", check_pdf),
    ".png": ("image/png", b"\x89PNG\r\n\x1a\n", clean_png),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff", clean_jpeg),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff", clean_jpeg),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04", check_docx),
}
