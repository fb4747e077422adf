"""Telling councils, all at once: one person prepares the letters, a worker makes their PDFs, another person releases them.

Each function locks the call first, and reads everything after the lock.
"""

import hashlib
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import cast

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.template.loader import get_template
from django.utils.text import get_text_list
from django.utils.timezone import localdate

from applications.models import Application, Call, Decision, Letter, Release
from applications.notifications import releases as notifications
from applications.services.places import free_places, make_offers
from applications.states import STAGE_OF, TRANSITIONS, WAITING, ApplicationStatus, Stage
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.services import record, record_each
from upstream.correspondence.services import render_subject_and_text, wake
from upstream.correspondence.states import Lane
from upstream.deadlines import LONDON, counted, in_words, is_working_day, long_date
from upstream.documents.models import StoredFile
from upstream.documents.services import CheckedUpload, remove_file, store_upload
from upstream.transitions import InvalidTransition, check_transition

log = structlog.get_logger(__name__)

MAKE_LETTER = "applications.tasks.make_letter"
LETTER = "letter"
MAY_RELEASE = "applications.release_decisions"
OWN = "You prepared this yourself, so somebody else has to release it."
SETTLED = "This release is settled. Reload the page to see how."
UNREAD = "Nobody has read the outcomes by group yet. Read them, and say so on their page."


def next_stage(call_id: int) -> Stage:
    """Return the stage that the call's next release is of: nothing is selected while an EoI waits for the shortlist."""
    statuses = set(Application.objects.filter(call=call_id, status__in=STAGE_OF).values_list("status", flat=True))
    return Stage.SELECTION if statuses and ApplicationStatus.SUBMITTED not in statuses else Stage.SHORTLIST


def undecided(call_id: int, stage: Stage) -> QuerySet[Application]:
    """Return the EoIs that wait for an answer and have no decision yet. They keep a release from being prepared."""
    waiting = Application.objects.filter(call=call_id, status=WAITING[stage][0])
    return waiting.exclude(Exists(Decision.objects.held().filter(application=OuterRef("pk"))))


def decided(call_id: int, stage: Stage) -> QuerySet[Decision]:
    """Return the held decisions about EoIs that still wait for an answer: what a release would tell."""
    held = Decision.objects.held().filter(stage=stage, application__call=call_id)
    return held.filter(application__status__in=WAITING[stage])


def to_decide_again(decisions: QuerySet[Decision], user: User) -> str:
    """Return which of the decisions a conflict of interest has overtaken, naming what the person may see, or nothing."""
    overtaken = decisions.overtaken()  # type: ignore[attr-defined]
    names = list(overtaken.visible_to(user).order_by("application__reference").values_list("application__reference", flat=True))
    if hidden := overtaken.count() - len(names):
        names.append(f"{hidden} that you may not see")
    why = "somebody who decided, or whose scores counted, has a conflict of interest now"
    return f"Somebody without a conflict has to decide again about {get_text_list(names, 'and')}: {why}." if names else ""


def what_is_missing(call: Call, stage: Stage, user: User) -> str:
    """Return why the stage's release cannot be prepared now, naming only what the person may see, or nothing."""
    if clock.now() < call.closes_at:
        return "The call is still open, so not every expression of interest can have been decided."
    if number := undecided(call.pk, stage).count():
        return f"{counted(number, 'expression')} of interest still wait{'s' if number == 1 else ''} for a decision."
    if not decided(call.pk, stage).exists():
        return "There is no decision that councils have not been told."
    if again := to_decide_again(decided(call.pk, stage), user):
        return again
    offers = decided(call.pk, stage).filter(outcome=ApplicationStatus.OFFERED).count()
    return what_stops_offers(call, offers)


def what_stops_offers(call: Call, number: int) -> str:
    """Return why so many places cannot be offered, or nothing."""
    if number and not call.agreement:
        return "The call has no member agreement for councils to sign. Write it on the call's page first."
    free = free_places(call)
    if number <= free:
        return ""
    return f"{counted(number, 'offer')} would be made, and {counted(free, 'place') or 'no place'} {'is' if free == 1 else 'are'} free."


def end_of(day: date) -> datetime:
    """Return the moment before which something is done on that day, UK time."""
    return datetime.combine(day + timedelta(days=1), time.min, LONDON)


def response_moment(day: date | None, dated_on: date) -> datetime:
    """Return until when offers may be answered. Raises ValidationError unless the day is a working day after the letters' own."""
    if day is None:
        raise ValidationError({"respond_on": "Enter the day by which councils must answer an offer"})
    if day <= localdate(clock.now()):
        raise ValidationError({"respond_on": "The response date must be in the future"})
    if day <= dated_on:
        raise ValidationError({"respond_on": "The response date must be after the day on which councils hear"})
    if not is_working_day(day, "england"):
        raise ValidationError({"respond_on": "The response date must be a working day in England"})
    return end_of(day)


@transaction.atomic
def prepare_release(*, call_id: int, by: User, dated_on: date | None = None, respond_on: date | None = None) -> Release:
    """Write a letter for every held decision of the next stage and have the PDFs made. From then on the decisions stand still.

    `dated_on` is the day on which councils are to hear, which the letters bear: today, or a later one. `respond_on` is the last day
    for an answer to the selection's offers. Raises ValidationError with what is missing, and InvalidTransition while another release
    of the call waits.
    """
    call = Call.objects.select_for_update(no_key=True, of=("self",)).select_related("cohort").get(pk=call_id)
    if call.releases.pending().exists():
        message = "A release of this call waits already. Release it or take it back first."
        raise InvalidTransition(message)
    list(Application.objects.filter(call=call, status__in=STAGE_OF).order_by("pk").select_for_update(no_key=True))
    stage = next_stage(call.pk)
    if missing := what_is_missing(call, stage, by):
        raise ValidationError(missing)
    now = clock.now()
    dated_on = dated_on or localdate(now)
    if dated_on < localdate(now):
        raise ValidationError({"dated_on": "The day must be today or in the future"})
    respond_by = response_moment(respond_on, dated_on) if stage == Stage.SELECTION else None
    release = Release.objects.create(call=call, stage=stage, dated_on=dated_on, prepared_by=by, prepared_at=now, respond_by=respond_by)
    decisions = list(decided(call.pk, stage).select_related("application__call__cohort", "application__council"))
    Decision.objects.filter(pk__in=[decision.pk for decision in decisions]).update(release=release)
    letters = Letter.objects.bulk_create([written_letter(decision, release) for decision in decisions])
    for letter in letters:
        transaction.on_commit(partial(wake, MAKE_LETTER, letter.pk, Lane.LETTERS))
    record(actor=by, verb="release.prepared", subject=release, decisions=[decision.pk for decision in decisions])
    return release


@transaction.atomic
def read_outcomes(*, release_id: int, by: User) -> Release:
    """Note that somebody has read what a selection does to each group. From its preparation on, nothing changes about that.

    Raises InvalidTransition once the release is settled.
    """
    release = lock_pending(release_id)
    release.outcomes_read_by, release.outcomes_read_at = by, clock.now()
    release.save(update_fields=["outcomes_read_by", "outcomes_read_at"])
    record(actor=by, verb="release.outcomes_read", subject=release)
    return release


def written_letter(decision: Decision, release: Release) -> Letter:
    """Return the letter about a decision, not saved yet."""
    path = f"documents/letter-{decision.outcome}.md"
    subject, text = render_subject_and_text(path, {"decision": decision, "application": decision.application, "release": release})
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
def release_decisions(*, release_id: int, by: User, due: bool = False) -> list[Application]:
    """Tell the councils: every status, letter and email in one act. Returns the EoIs that were withdrawn since, which drop out.

    `due`: only if its embargo still says so, as somebody may have called it off while this waited for the lock.

    Raises ValidationError for whoever prepared it, while letters are not ready, or when an EoI waits without a decision that
    stands; InvalidTransition once it is settled.
    """
    release = lock_pending(release_id)
    if due and (release.scheduled_by_id != by.pk or release.scheduled_for is None or release.scheduled_for > clock.now()):
        message = "This release was called off."
        raise InvalidTransition(message)
    going, gone = going_and_gone(release, by)
    refuse_unless_ready(release, going, by, clock.now())
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
    make_offers((letter.decision for letter in going if letter.decision.outcome == ApplicationStatus.OFFERED), release)
    for letter in going:
        notifications.decision_released(letter)
    told = [(letter.decision.application, {"letter": letter.sha256}) for letter in going]
    record_each(actor=by, verb="decision.released", acts=told)
    record(actor=by, verb="release.released", subject=release, dropped=[letter.decision.application_id for letter in gone])
    return [letter.decision.application for letter in gone]


@transaction.atomic
def schedule_release(*, release_id: int, at: datetime, by: User) -> Release:
    """Agree to a release as its second person, and have the sweep carry it out at a later moment.

    Raises what `release_decisions` raises, and ValidationError for a moment that is not to come.
    """
    release = lock_pending(release_id)
    going, _ = going_and_gone(release, by)
    if at <= clock.now():
        raise ValidationError({"at": "The time of the release must be in the future"})
    if localdate(at) != release.dated_on:
        message = f"The letters are dated {long_date(release.dated_on)}. Enter a time on that day, or take the release back"
        raise ValidationError({"at": message})
    refuse_unless_ready(release, going, by, at)
    release.scheduled_for = at
    release.scheduled_by = by
    release.save(update_fields=["scheduled_for", "scheduled_by"])
    record(actor=by, verb="release.scheduled", subject=release, for_time=at.isoformat())
    return release


@transaction.atomic
def call_off_release(*, release_id: int, by: User) -> Release:
    """Call off a release that waits for its moment: it stays prepared. Raises InvalidTransition unless one waits."""
    release = lock_pending(release_id)
    if release.scheduled_for is None:
        message = "This release does not wait for a moment. Reload the page to see how it stands."
        raise InvalidTransition(message)
    release.scheduled_for = release.scheduled_by = None
    release.save(update_fields=["scheduled_for", "scheduled_by"])
    record(actor=by, verb="release.called_off", subject=release)
    return release


def release_due() -> None:
    """Carry out the releases whose moment has come. What stops one is logged, shown to staff, and tried again by the next sweep."""
    due = Release.objects.pending().filter(scheduled_for__lte=clock.now()).select_related("scheduled_by").order_by("scheduled_for")
    for release in due:
        person = cast("User", release.scheduled_by)
        if not person.has_perm(MAY_RELEASE):
            log.warning("release-stopped", release=release.pk, why="Whoever set its moment may no longer release decisions.")
            continue
        try:
            release_decisions(release_id=release.pk, by=person, due=True)
        except (ValidationError, InvalidTransition) as refusal:
            log.warning("release-stopped", release=release.pk, why=str(refusal))


def going_and_gone(release: Release, by: User) -> tuple[list[Letter], list[Letter]]:
    """Lock the EoIs of a release; return the letters of those that still wait, and of those withdrawn since.

    Raises ValidationError for whoever prepared it.
    """
    if release.prepared_by_id == by.pk:
        raise ValidationError(OWN)
    list(Application.objects.filter(decisions__release=release).order_by("pk").select_for_update(no_key=True, of=("self",)))
    letters = Letter.objects.filter(decision__release=release).select_related(
        "decision__application__call", "decision__application__council"
    )
    everything = list(letters.order_by("decision__application__reference"))
    going = [letter for letter in everything if STAGE_OF.get(letter.decision.application.status) == release.stage]
    return going, [letter for letter in everything if letter not in going]


def refuse_unless_ready(release: Release, going: list[Letter], by: User, at: datetime) -> None:
    """Raise ValidationError unless the release could go out at that moment.

    Every EoI that waits is in it, with a decision that stands and its letter ready and of that day; somebody has read what a selection
    does to each group; its offers can still be answered, and there are places for them and an agreement to sign.
    """
    if number := undecided(release.call_id, Stage(release.stage)).count():
        message = (
            f"{counted(number, 'expression')} of interest came in since this was prepared. Take it back, decide, and prepare it again."
        )
        raise ValidationError(message)
    if again := to_decide_again(decided(release.call_id, Stage(release.stage)), by):
        message = f"{again} Take the release back first, and prepare it again afterwards."
        raise ValidationError(message)
    if unmade := sum(not letter.sha256 for letter in going):
        message = f"{counted(unmade, 'letter')} of {len(going)} not ready yet. Wait a minute and look again."
        raise ValidationError(message)
    if message := wrong_day(release, at):
        raise ValidationError(message)
    if release.stage == Stage.SELECTION and release.outcomes_read_at is None:
        raise ValidationError(UNREAD)
    if release.respond_by and release.respond_by <= at:
        message = f"Councils would have to answer before {in_words(release.respond_by)}. Take it back and prepare it with a later date."
        raise ValidationError(message)
    offers = sum(letter.decision.outcome == ApplicationStatus.OFFERED for letter in going)
    if message := what_stops_offers(release.call, offers):
        raise ValidationError(message)


def wrong_day(release: Release, at: datetime) -> str:
    """Return why the letters cannot go out at that moment, or nothing."""
    day = localdate(at)
    if release.dated_on > day:
        return f"The letters are dated {long_date(release.dated_on)}. Release them on that day."
    if release.dated_on < day:
        return f"The letters are dated {long_date(release.dated_on)}, which has passed. Take the release back and prepare it again."
    return ""


def lock_pending(release_id: int) -> Release:
    """Lock the call and return its release. Raises InvalidTransition unless it waits."""
    Call.objects.select_for_update(no_key=True, of=("self",)).get(releases=release_id)
    release = Release.objects.select_related("call__cohort", "prepared_by").get(pk=release_id)
    if release.released_at or release.cancelled_at:
        raise InvalidTransition(SETTLED)
    return release
