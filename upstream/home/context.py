"""What every page needs."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:  # noqa: ARG001  (Django's signature)
    """Return the site's own facts."""
    return {"support_email": settings.SUPPORT_EMAIL, "is_demo": settings.DEMO}
