"""What every page needs."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from cohort.models import CouncilContact


def site(request: HttpRequest) -> dict[str, object]:
    """Return the site's own facts and, asked for only by pages that show the header, whom the person acts for."""
    return {
        "support_email": settings.SUPPORT_EMAIL,
        "is_demo": settings.DEMO,
        "council_names": SimpleLazyObject(lambda: council_names(request)),
    }


def council_names(request: HttpRequest) -> str:
    """Return the names of the councils that the person acts for."""
    contacts = CouncilContact.objects.active().filter(user=request.user.pk).select_related("council")
    return " and ".join(contact.council.name for contact in contacts)
