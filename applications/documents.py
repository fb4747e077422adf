"""The EoI and the letters about it as documents."""

import hashlib
from typing import cast

from applications.models import Application, Letter, Offer
from applications.services.answers import answered_sections
from upstream.correspondence.models import OutboundEmail
from upstream.documents.models import StoredFile
from upstream.documents.pdf import render_pdf


def render_eoi_pdf(application: Application) -> bytes:
    """Return the EoI as it stands, with its receipt once submitted."""
    return render_pdf("documents/eoi.html", {"application": application, "sections": answered_sections(application)})


def receipt_attachment(email: OutboundEmail) -> tuple[str, bytes, str]:
    """Return the file for a receipt: name, content and type. Made when the mail is sent, so that submitting is quick."""
    application = Application.objects.select_related("call__cohort", "council", "submitted_by").get(pk=cast("int", email.about_id))
    return f"{application.reference}.pdf", render_eoi_pdf(application), "application/pdf"


class LetterChanged(Exception):
    """The stored file is not the letter that was released. It must not go out."""


def render_letter_pdf(letter: Letter) -> bytes:
    """Return a letter as PDF. Made once, while its release is prepared; from then on the stored file is the letter."""
    return render_pdf("documents/letter.html", {"letter": letter, "application": letter.decision.application})


def letter_attachment(email: OutboundEmail) -> tuple[str, bytes, str]:
    """Return the stored file of the letter that a message brings: name, content and type. Raises LetterChanged."""
    letter = Letter.objects.get(pk=cast("int", email.about_id))
    file = StoredFile.objects.owned_by(letter).get()
    with file.content.open("rb") as stored:
        content = stored.read()
    if hashlib.sha256(content).hexdigest() != letter.sha256:
        raise LetterChanged(file.pk)
    return file.name, content, file.content_type


def render_agreement_pdf(offer: Offer) -> bytes:
    """Return the member agreement as offered, with its signature once signed. Its text never changes."""
    return render_pdf("documents/agreement.html", {"offer": offer, "application": offer.application})


def agreement_attachment(email: OutboundEmail) -> tuple[str, bytes, str]:
    """Return the signed agreement for a message about an EoI: name, content and type."""
    related = ("application__call__cohort", "application__council", "answered_by")
    offer = Offer.objects.select_related(*related).get(application=cast("int", email.about_id))
    return f"{offer.application.reference} member agreement.pdf", render_agreement_pdf(offer), "application/pdf"
