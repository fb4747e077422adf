import gzip
import re
from io import BytesIO

import pytest
from django.conf import settings
from django.core.management import call_command
from pypdf import PdfReader

from upstream.documents.pdf import render_pdf

DIST = settings.BASE_DIR / "static/dist"
SCRIPTS = [settings.BASE_DIR / "static/js/app.js", *(DIST / "govuk").rglob("*.js")]

pytestmark = pytest.mark.skipif(not (DIST / "app.css").exists(), reason="run `make assets` first")


def compressed(*files):
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


def test_every_asset_can_be_served_under_a_hashed_name(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    assert (tmp_path / "staticfiles.json").exists()
    assert list((tmp_path / "dist").glob("app.*.css"))


def test_styles_stay_under_20_and_scripts_under_15_kilobytes():
    assert compressed(DIST / "app.css") < 20 * 1024
    assert compressed(*SCRIPTS) < 15 * 1024


def test_every_module_that_a_script_imports_is_there():
    imported = [(script, path) for script in SCRIPTS for path in re.findall(r"from '([^']+)'", script.read_text())]
    assert imported
    assert [path for script, path in imported if not (script.parent / path).resolve().exists()] == []


def test_nothing_of_another_brand_is_in_the_styles():
    assert not re.search("GDS Transport|crest|crown", (DIST / "app.css").read_text())


def test_a_welsh_name_is_drawn_in_a_document_with_its_own_letters(settings, tmp_path):
    (tmp_path / "letter.html").write_text('{% extends "documents/base.html" %}{% block content %}<h1>Cyngor Tŷ</h1>{% endblock %}')
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path]}]
    page = PdfReader(BytesIO(render_pdf("letter.html", {}))).pages[0]
    fonts = {str(font["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}
    assert any("Extended" in font for font in fonts)
    assert "Cyngor Tŷ" in page.extract_text()
