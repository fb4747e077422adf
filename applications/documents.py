"""The EoI as a document."""

from typing import cast

from applications.models import Application
from applications.services.answers import answered_sections
from upstream.correspondence.models import OutboundEmail
from upstream.documents.pdf import render_pdf


def render_eoi_pdf(application: Application) -> bytes:
    """Return the EoI as it stands, with its receipt once submitted."""
    return render_pdf("documents/eoi.html", {"application": application, "sections": answered_sections(application)})


def receipt_attachment(email: OutboundEmail) -> tuple[str, bytes, str]:
    """Return the file for a receipt: name, content and type. Made when the mail is sent, so that submitting is quick."""
    application = Application.objects.select_related("call__cohort", "council", "submitted_by").get(pk=cast("int", email.about_id))
    return f"{application.reference}.pdf", render_eoi_pdf(application), "application/pdf"
