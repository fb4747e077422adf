"""Letters pairwise: with councils that each have a name, a reference and feedback of their own, nobody finds another's anywhere."""

import io
import itertools

import pytest
from django.core import mail
from django.urls import reverse
from pypdf import PdfReader

from applications import tasks
from applications.models import Letter
from applications.services.releases import prepare_release, read_outcomes, release_decisions
from applications.states import ApplicationStatus as S
from cohort.models import Cohort
from tests.applications.test_offers import RESPOND_ON, call, hold, other, staff  # noqa: F401  (fixtures)
from tests.factories import ContactFactory, CouncilFactory
from tests.factories.judging import ShortlistedFactory
from upstream.correspondence.delivery import deliver
from upstream.correspondence.models import OutboundEmail
from upstream.documents.models import StoredFile

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
NAMES = ("Ambridge", "Barchester", "Casterbridge", "Dunwich", "Erewhon", "Framley")
NAMES += ("Gormenghast", "Hogsmeade", "Ilium", "Jalna", "Kippletringan", "Llareggub")
OUTCOMES = (S.OFFERED, S.RESERVE, S.NOT_SELECTED)


@pytest.fixture
def councils(call, staff, other):  # noqa: F811
    """Return the EoIs of twelve councils that have been told, four of each outcome."""
    Cohort.objects.update(places=4)
    made = []
    for place, name in enumerate(NAMES):
        contact = ContactFactory(council=CouncilFactory(name=name, official_name=f"{name} Council"))
        eoi = ShortlistedFactory(call=call, council=contact.council, created_by=contact.user, reference=f"L-{place:02}")
        outcome = OUTCOMES[place % 3]
        hold(eoi, outcome, staff, rank=place + 1 if outcome == S.RESERVE else None, feedback=f"What we say of {name.lower()}.")
        made.append(eoi)
    release = prepare_release(call_id=call.pk, by=staff, respond_on=RESPOND_ON)
    for letter in Letter.objects.all():
        tasks.make_letter(letter.pk)
    read_outcomes(release_id=release.pk, by=other)
    release_decisions(release_id=release.pk, by=other)
    for email in OutboundEmail.objects.all():
        deliver(email.pk)
    return made


def pdf_text(content):
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def everything_for(eoi, client):
    """Return what the council has been told, by where: its letter, its file, its email with what is attached, and its pages."""
    letter = Letter.objects.get(decision__application=eoi)
    [message] = [each for each in mail.outbox if each.to == [eoi.created_by.email]]
    [(name, attached, _)] = message.attachments
    html, _ = message.alternatives[0]
    client.force_login(eoi.created_by)
    download = client.get(reverse("documents:download", args=[file_of(eoi).pk]))
    pages = [reverse("home"), reverse("applications:eoi", args=[eoi.reference])]
    return {
        "letter": letter.subject + letter.text,
        "file": pdf_text(b"".join(download)),
        "email": message.subject + message.body + html,
        "attachment": name + pdf_text(attached),
        **{page: client.get(page).content.decode() for page in pages},
    }


def file_of(eoi):
    return StoredFile.objects.owned_by(Letter.objects.get(decision__application=eoi)).get()


def words_of(eoi):
    return eoi.council.name, eoi.reference, f"What we say of {eoi.council.name.lower()}."


def test_nobody_finds_another_councils_name_reference_or_feedback(councils, client):
    said = {eoi: {place: " ".join(text.split()) for place, text in everything_for(eoi, client).items()} for eoi in councils}
    for eoi, places in said.items():
        assert [place for place, text in places.items() if eoi.council.name not in text] == []
        assert all(words_of(eoi)[2] in text for place, text in places.items() if place != reverse("home"))
    pairs = list(itertools.permutations(councils, 2))
    found = [
        (eoi, place, word) for eoi, strange in pairs for place, text in said[eoi].items() for word in words_of(strange) if word in text
    ]
    print(f"\n{len(pairs)} pairs, {len(said[councils[0]])} places each")
    assert found == []


def test_nobody_opens_what_is_another_councils(councils, client):
    opened = []
    for eoi, strange in itertools.product(councils, repeat=2):
        client.force_login(eoi.created_by)
        pages = [reverse(f"applications:{name}", args=[strange.reference]) for name in ("eoi", "offer")]
        for address in [reverse("documents:download", args=[file_of(strange).pk]), *(pages if eoi != strange else pages[:1])]:
            response = client.get(address)
            if response.streaming:
                list(response)  # which closes the file
            opened += [(eoi, strange)] * (response.status_code != 404)
    assert opened == [(eoi, eoi) for eoi in councils for _ in range(2)]  # one's own file and page
