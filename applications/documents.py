"""The EoI, the letters about it and the minutes of the panel as documents."""

import hashlib
from typing import cast

from applications.models import Application, Letter, Offer, PanelMeeting
from applications.services.answers import answered_sections
from applications.services.minutes import minutes_for
from upstream.accounts.models import User
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


def render_minutes_pdf(meeting: PanelMeeting, reader: User) -> bytes:
    """Return the minutes of a meeting as one person may read them."""
    return render_pdf("documents/minutes.html", {"meeting": meeting, "minutes": minutes_for(meeting, reader)})


def minutes_attachment(email: OutboundEmail) -> tuple[str, bytes, str]:
    """Return the minutes for whoever a message goes to, by the conflicts of interest that they have when it is sent."""
    meeting = PanelMeeting.objects.select_related("panel__call").get(pk=cast("int", email.about_id))
    reader = User.objects.get(email=email.recipient, panel_seats__in=meeting.present.all())
    return minutes_name(meeting), render_minutes_pdf(meeting, reader), "application/pdf"


def minutes_name(meeting: PanelMeeting) -> str:
    """Return the file's name."""
    return f"minutes-{meeting.panel.call.slug}-{meeting.pk}.pdf"


def render_agreement_pdf(offer: Offer) -> bytes:
    """Return the member agreement as offered, with its signature once signed. Its text never changes."""
    return render_pdf("documents/agreement.html", {"offer": offer, "application": offer.application})


def agreement_attachment(email: OutboundEmail) -> tuple[str, bytes, str]:
    """Return the signed agreement for a message about an EoI: name, content and type."""
    related = ("application__call__cohort", "application__council", "answered_by")
    offer = Offer.objects.select_related(*related).get(application=cast("int", email.about_id))
    return f"{offer.application.reference} member agreement.pdf", render_agreement_pdf(offer), "application/pdf"
