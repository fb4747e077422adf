"""What Celery wakes up. Each may run twice, late or not at all: the rows are the truth."""

from celery import shared_task

from applications.documents import render_letter_pdf
from applications.models import Letter
from applications.services.conflicts import propose_to_staff
from applications.services.offers import lapse_offers
from applications.services.releases import MAKE_LETTER, keep_letter, release_due
from upstream.correspondence.services import wake
from upstream.correspondence.states import Lane
from upstream.correspondence.tasks import SWEEP_SECONDS


@shared_task
def make_letter(letter_id: int) -> None:
    """Make one letter's PDF. Laying it out takes a second or so, so it is done before anything is locked."""
    parts = ("decision__application__call", "decision__application__council", "decision__release")
    letter = Letter.objects.unmade().select_related(*parts).filter(pk=letter_id).first()
    if letter:
        keep_letter(letter_id=letter.pk, content=render_letter_pdf(letter))


@shared_task
def sweep_conflicts() -> None:
    """Put before the office's people whatever councils they seem to belong to, of those whose EoIs are being judged."""
    propose_to_staff()


@shared_task
def sweep_letters() -> None:
    """Wake a worker for every letter whose wake-up was missed."""
    for letter_id in Letter.objects.unmade().values_list("pk", flat=True):
        wake(MAKE_LETTER, letter_id, Lane.LETTERS, expires=SWEEP_SECONDS)


@shared_task
def sweep_releases() -> None:
    """Carry out releases whose embargo has ended."""
    release_due()


@shared_task
def sweep_offers() -> None:
    """Close the offers that nobody answered in time."""
    lapse_offers()
