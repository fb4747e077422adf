"""The one way a file leaves the site."""

import uuid
from typing import cast

from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from upstream.documents.models import StoredFile
from upstream.http import UserRequest, get_visible_or_404


@require_safe
def download(request: HttpRequest, pk: uuid.UUID) -> FileResponse:
    """Hand a file to somebody who may see its owner: to be saved, never opened in the page."""
    file = get_visible_or_404(StoredFile.objects, cast("UserRequest", request).user, pk=pk)
    response = FileResponse(file.content.open("rb"), as_attachment=True, filename=file.name, content_type=file.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
