"""Telling councils, all at once: one person prepares the letters, a worker makes their PDFs, another person releases them.

Each function locks the call first, and reads everything after the lock.
"""

import hashlib
from datetime import date
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.template.loader import get_template
from django.utils.text import get_text_list
from django.utils.timezone import localdate

from applications.models import Application, Call, Decision, Letter, Release
from applications.notifications import releases as notifications
from applications.states import TRANSITIONS, ApplicationStatus, Stage
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.correspondence.services import render_subject_and_text, wake
from upstream.correspondence.states import Lane
from upstream.deadlines import counted, long_date
from upstream.documents.models import StoredFile
from upstream.documents.services import CheckedUpload, remove_file, store_upload
from upstream.transitions import InvalidTransition, check_transition

MAKE_LETTER = "applications.tasks.make_letter"
LETTER = "letter"


def undecided(call_id: int) -> QuerySet[Application]:
    """Return the EoIs that wait for an answer and have no decision yet. They keep a release from being prepared."""
    waiting = Application.objects.filter(call=call_id, status=ApplicationStatus.SUBMITTED)
    return waiting.exclude(Exists(Decision.objects.held().filter(application=OuterRef("pk"))))


def decided(call_id: int) -> QuerySet[Decision]:
    """Return the held decisions about EoIs that still wait for an answer: what a release would tell."""
    held = Decision.objects.held().filter(stage=Stage.SHORTLIST, application__call=call_id)
    return held.filter(application__status=ApplicationStatus.SUBMITTED)


def to_decide_again(decisions: QuerySet[Decision], user: User) -> str:
    """Return which of the decisions a conflict of interest has overtaken, naming what the person may see, or nothing."""
    overtaken = decisions.overtaken()  # type: ignore[attr-defined]
    names = list(overtaken.visible_to(user).order_by("application__reference").values_list("application__reference", flat=True))
    if hidden := overtaken.count() - len(names):
        names.append(f"{hidden} that you may not see")
    why = "somebody who decided, or whose scores counted, has a conflict of interest now"
    return f"Somebody without a conflict has to decide again about {get_text_list(names, 'and')}: {why}." if names else ""


def what_is_missing(call: Call, user: User) -> str:
    """Return why the shortlist's release cannot be prepared now, naming only what the person may see, or nothing."""
    if clock.now() < call.closes_at:
        return "The call is still open, so not every expression of interest can have been decided."
    if number := undecided(call.pk).count():
        return f"{counted(number, 'expression')} of interest still wait{'s' if number == 1 else ''} for a decision."
    if not decided(call.pk).exists():
        return "There is no decision that councils have not been told."
    return to_decide_again(decided(call.pk), user)


@transaction.atomic
def prepare_release(*, call_id: int, by: User, dated_on: date | None = None) -> Release:
    """Write a letter for every held decision of the shortlist and have the PDFs made. From then on the decisions stand still.

    `dated_on` is the day on which councils are to hear, which the letters bear: today, or a later one. Raises ValidationError with
    what is missing, and InvalidTransition while another release of the call waits.
    """
    call = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("cohort").get(pk=call_id)
    if call.releases.pending().exists():
        message = "A release of this call waits already. Release it or take it back first."
        raise InvalidTransition(message)
    list(Application.objects.filter(call=call, status=ApplicationStatus.SUBMITTED).order_by("pk").select_for_update(no_key=True))
    if missing := what_is_missing(call, by):
        raise ValidationError(missing)
    now = clock.now()
    if dated_on and dated_on < localdate(now):
        raise ValidationError({"dated_on": "The day must be today or in the future"})
    release = Release.objects.create(call=call, stage=Stage.SHORTLIST, dated_on=dated_on or localdate(now), prepared_by=by, prepared_at=now)
    decisions = list(decided(call.pk).select_related("application__call__cohort", "application__council"))
    Decision.objects.filter(pk__in=[decision.pk for decision in decisions]).update(release=release)
    letters = Letter.objects.bulk_create([written_letter(decision) for decision in decisions])
    for letter in letters:
        transaction.on_commit(partial(wake, MAKE_LETTER, letter.pk, Lane.LETTERS))
    record(actor=by, verb="release.prepared", subject=release, decisions=[decision.pk for decision in decisions])
    return release


def written_letter(decision: Decision) -> Letter:
    """Return the letter about a decision, not saved yet."""
    path = f"documents/letter-{decision.outcome}.md"
    subject, text = render_subject_and_text(path, {"decision": decision, "application": decision.application})
    source: str = get_template(path).template.source  # type: ignore[attr-defined]
    return Letter(decision=decision, subject=subject, text=text, template_version=hashlib.sha256(source.encode()).hexdigest())


@transaction.atomic
def keep_letter(*, letter_id: int, content: bytes) -> None:
    """Keep a letter's PDF as its file. Does nothing where it is kept already, or where the release has been taken back."""
    letter = Letter.objects.unmade().select_for_update(no_key=True, of=("self",)).filter(pk=letter_id).first()
    if letter is None:
        return
    made = CheckedUpload(f"{letter.decision.application.reference} letter.pdf", content, "application/pdf")
    file = store_upload(owner=letter, kind=LETTER, upload=made, by=None)
    Letter.objects.filter(pk=letter.pk).update(sha256=file.sha256)


@transaction.atomic
def take_back_release(*, release_id: int, by: User) -> Release:
    """Undo the preparation: the decisions may change again, and the letters are gone. Raises InvalidTransition once it is settled."""
    release = lock_pending(release_id)
    for letter in Letter.objects.filter(decision__release=release).select_for_update(of=("self",)):
        drop(letter, by=by)
    release.cancelled_at = clock.now()
    release.save(update_fields=["cancelled_at"])
    record(actor=by, verb="release.taken_back", subject=release)
    return release


def drop(letter: Letter, *, by: User) -> None:
    """Take a decision out of its release, and its letter away."""
    for file in StoredFile.objects.owned_by(letter):
        remove_file(file=file, by=by)
    decision = letter.decision
    letter.delete()
    decision.release = None
    decision.save(update_fields=["release"])


@transaction.atomic
def release_decisions(*, release_id: int, by: User) -> list[Application]:
    """Tell the councils: every status, letter and email in one act. Returns the EoIs that were withdrawn since, which drop out.

    Raises ValidationError for whoever prepared it, while letters are not ready, or when an EoI waits without a decision that
    stands; InvalidTransition once it is settled.
    """
    release = lock_pending(release_id)
    if release.prepared_by_id == by.pk:
        message = "You prepared this yourself, so somebody else has to release it."
        raise ValidationError(message)
    list(Application.objects.filter(decisions__release=release).order_by("pk").select_for_update(no_key=True, of=("self",)))
    letters = Letter.objects.filter(decision__release=release).select_related(
        "decision__application__call", "decision__application__council"
    )
    everything = list(letters.order_by("decision__application__reference"))
    going = [letter for letter in everything if letter.decision.application.status == ApplicationStatus.SUBMITTED]
    gone = [letter for letter in everything if letter not in going]
    refuse_unless_ready(release, going, by)
    for letter in gone:
        drop(letter, by=by)
    now = clock.now()
    for letter in going:
        application = letter.decision.application
        check_transition(application.status, ApplicationStatus(letter.decision.outcome), TRANSITIONS)
        application.status = letter.decision.outcome
    Application.objects.bulk_update([letter.decision.application for letter in going], ["status"])
    Decision.objects.filter(pk__in=[letter.decision_id for letter in going]).update(released_at=now)
    release.released_by = by
    release.released_at = now
    release.save(update_fields=["released_by", "released_at"])
    for letter in going:
        notifications.decision_released(letter)
    for letter in going:
        record(actor=by, verb="decision.released", subject=letter.decision.application, letter=letter.sha256)
    record(actor=by, verb="release.released", subject=release, dropped=[letter.decision.application_id for letter in gone])
    return [letter.decision.application for letter in gone]


def refuse_unless_ready(release: Release, going: list[Letter], by: User) -> None:
    """Raise ValidationError unless every EoI that waits is in the release, its decision stands, and its letter is ready and of today."""
    if number := undecided(release.call_id).count():
        message = (
            f"{counted(number, 'expression')} of interest came in since this was prepared. Take it back, decide, and prepare it again."
        )
        raise ValidationError(message)
    if again := to_decide_again(decided(release.call_id), by):
        message = f"{again} Take the release back first, and prepare it again afterwards."
        raise ValidationError(message)
    if unmade := sum(not letter.sha256 for letter in going):
        message = f"{counted(unmade, 'letter')} of {len(going)} not ready yet. Wait a minute and look again."
        raise ValidationError(message)
    if message := wrong_day(release):
        raise ValidationError(message)


def wrong_day(release: Release) -> str:
    """Return why the letters cannot go out today, or nothing."""
    today = localdate(clock.now())
    if release.dated_on > today:
        return f"The letters are dated {long_date(release.dated_on)}. Release them on that day."
    if release.dated_on < today:
        return f"The letters are dated {long_date(release.dated_on)}, which has passed. Take the release back and prepare it again."
    return ""


def lock_pending(release_id: int) -> Release:
    """Lock the call and return its release. Raises InvalidTransition unless it waits."""
    Call.objects.select_for_update(no_key=True, of=("self",)).get(releases=release_id)
    release = Release.objects.select_related("call__cohort", "prepared_by").get(pk=release_id)
    if release.released_at or release.cancelled_at:
        message = "This release is settled. Reload the page to see how."
        raise InvalidTransition(message)
    return release
