import gzip
import re

import pytest
from django.conf import settings
from django.core.management import call_command

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
