"""Two editors save one section at the same time, two hundred times in every order that comes about."""

import itertools
import time

import pytest

from applications.models import Answer
from applications.services import eoi
from applications.services.eoi import RevisionConflict, save_section
from tests.factories import ContactFactory
from tests.races.conftest import SEED, at_once, whole_eois

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
INTERLEAVINGS = 200


def write_by_turns(application, section, text, person, pauses, log):
    """Save new words again and again; on a conflict look at what is saved first, as the page does.

    Each acknowledged save goes to the log: its revision, the revision it started from, and the words.
    """
    seen = 1
    for number, pause in enumerate(pauses):
        time.sleep(pause)
        words = f"{person.full_name} {number}"
        try:
            progress = save_section(
                application_id=application.pk, section=section, revision=seen, values={text.pk: words}, completed=None, by=person
            )
        except RevisionConflict as conflict:
            seen = conflict.progress.revision
            log.append(("refused", seen, None, words))
        else:
            log.append(("saved", progress.revision, seen, words))
            seen = progress.revision


def interleave(dice):
    """Let two editors race and return the log and how many saves silently took the place of one their author had not seen."""
    application = whole_eois(1)[0]
    section = application.call.sections.get()
    text = section.questions.get()
    log = []
    pauses = [[dice.uniform(0, 0.01) for _ in range(INTERLEAVINGS // 2)] for _ in range(2)]
    editors = [contact.user for contact in ContactFactory.create_batch(2, council=application.council)]
    tasks = [
        lambda person=person, own=own: write_by_turns(application, section, text, person, own, log)
        for person, own in zip(editors, pauses, strict=True)
    ]
    assert at_once(tasks) == [None, None]
    saved = sorted(entry[1:] for entry in log if entry[0] == "saved")
    overwritten = sum(revision - 1 != started_from for revision, started_from, _ in saved)
    last = Answer.objects.get(application=application, question=text).value
    return saved, len(log) - len(saved), overwritten, last


def test_no_save_takes_the_place_of_one_that_its_author_had_not_seen(dice):
    saved, refused, overwritten, last = interleave(dice)
    print(f"\nsaving: {len(saved)} saved, {refused} refused, {overwritten} silently overwritten, seed {SEED}")
    assert len(saved) + refused == INTERLEAVINGS
    assert overwritten == 0
    assert refused
    # Each acknowledged save is a revision of its own, one after another, and the last one is what is stored.
    assert [revision for revision, _, _ in saved] == list(itertools.islice(itertools.count(2), len(saved)))
    assert saved[-1][2] == last


def test_without_the_revision_check_saves_would_be_overwritten(dice, monkeypatch):
    class Unchecked(int):
        """A revision that fits every page."""

        __hash__ = int.__hash__

        def __ne__(self, other):
            return False

    checked = eoi.save_section
    monkeypatch.setitem(globals(), "save_section", lambda revision, **rest: checked(revision=Unchecked(revision), **rest))
    saved, refused, overwritten, _ = interleave(dice)
    print(f"\nsaving without the revision check: {len(saved)} saved, {refused} refused, {overwritten} silently overwritten")
    assert overwritten
