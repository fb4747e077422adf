"""Tagged PDF (PDF/UA-1) from templates, with nothing fetched from anywhere but our own static files."""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse
from django.template.loader import render_to_string
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse


class AssetMissing(Exception):
    """A template names something that is not one of our static files. The message says what."""


class StaticFetcher(URLFetcher):  # type: ignore[misc]
    """Serves our own static files from the disk, and nothing else: no network, no other file, no data address."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:  # noqa: ARG002  (WeasyPrint's signature)
        """Return the file behind an address below STATIC_URL. Raises LookupError for every other address."""
        ours = f"{settings.SITE_URL}{settings.STATIC_URL}"
        if not url.startswith(ours):
            raise LookupError(url)
        file = find_static(unquote(urlsplit(url.removeprefix(ours)).path))
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": kind})


def find_static(name: str) -> Path:
    """Return where a static file lies, collected or not. Raises LookupError when there is none of this name."""
    if staticfiles_storage.exists(name):
        return Path(staticfiles_storage.path(name))
    found = finders.find(name)
    if not found:
        raise LookupError(name)
    return Path(found)


def render_pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """Return a template as PDF. Pictures, fonts and style sheets in it are our static files, addressed with {% static %}.

    Raises AssetMissing for any other address, so that a document never goes out with a hole in it.
    """
    html = render_to_string(template, {"support_email": settings.SUPPORT_EMAIL, "site_url": settings.SITE_URL, **context})
    document = HTML(string=html, base_url=f"{settings.SITE_URL}/", url_fetcher=StaticFetcher(fail_on_errors=True))
    try:
        return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))
    except FatalURLFetchingError as error:  # derives from BaseException, so `except Exception` elsewhere would let it through
        raise AssetMissing(str(error)) from error


def pdf_response(name: str, pdf: bytes) -> HttpResponse:
    """Return the answer that hands over a PDF to be saved."""
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})
