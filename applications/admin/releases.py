"""Releases in the office: preparing the letters, reading them as councils will, and telling everybody at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.timezone import localdate
from django.views.decorators.http import require_http_methods, require_safe

from applications.admin.choosing import last_closed, opened_calls
from applications.admin.filters import CallFilter
from applications.admin.triage_pages import MAY_DECIDE
from applications.forms.decisions import EmbargoForm
from applications.forms.releases import PrepareForm, PrepareSelectionForm
from applications.models import Application, Decision, Letter, Release
from applications.services.places import free_places
from applications.services.releases import (
    OWN,
    SETTLED,
    UNREAD,
    call_off_release,
    decided,
    end_of,
    next_stage,
    prepare_release,
    release_decisions,
    schedule_release,
    take_back_release,
    undecided,
    what_is_missing,
    wrong_day,
)
from applications.states import OUTCOMES, ApplicationStatus, Stage
from cohort.models import CouncilContact
from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus
from upstream.deadlines import in_words
from upstream.documents.models import StoredFile
from upstream.http import get_visible_or_404
from upstream.office import Act, ReadOnlyAdmin, day, moment
from upstream.transitions import InvalidTransition

MAY_RELEASE = "applications.release_decisions"
NOT_READY = "Not every letter is ready yet. Wait a minute and look again."


@dataclass
class Sent:
    """A letter with its PDF, the messages that brought it, and how many people act for its council."""

    letter: Letter
    file: StoredFile | None
    people: int
    emails: list[OutboundEmail] = field(default_factory=list)

    @property
    def application(self) -> Application:
        """The EoI that it is about."""
        return self.letter.decision.application

    @property
    def to_chase(self) -> bool:
        """Whether the council may not have got it: nobody to write to, or no message that went or will go."""
        trouble = {EmailStatus.FAILED, EmailStatus.UNKNOWN}
        return not self.people or any(email.status in trouble for email in self.emails)


def is_pending(release: Release, _user: Any) -> bool:
    """Return whether the release waits."""
    return release.released_at is None and release.cancelled_at is None


def is_unread(release: Release) -> bool:
    """Return whether somebody still has to read what the selection does to each group."""
    return release.stage == Stage.SELECTION and release.outcomes_read_at is None


def why_not_now(release: Release, letters: QuerySet[Letter], person: User) -> str:
    """Return why this person cannot be asked whether to release it, or nothing. What else the service refuses, it says on the press."""
    if not is_pending(release, person):
        return SETTLED
    if release.prepared_by_id == person.pk:
        return OWN
    if is_unread(release):
        return UNREAD
    return NOT_READY if letters.unmade().exists() else ""  # type: ignore[attr-defined]


def is_after_promise(release: Release) -> bool:
    """Return whether councils may answer its offers for longer than their confirmation was promised."""
    return bool(release.respond_by and release.respond_by > end_of(release.call.cohort.confirmations_due_on))


def waits_for_moment(release: Release, user: Any) -> bool:
    """Return whether it is under an embargo."""
    return is_pending(release, user) and release.scheduled_for is not None


def call_off(release: Release, user: User) -> str:
    """Call off the release at its moment."""
    call_off_release(release_id=release.pk, by=user)
    return "The release is called off. It stays prepared."


def take_back(release: Release, user: User) -> str:
    """Take the release back."""
    take_back_release(release_id=release.pk, by=user)
    return "The release is taken back. The decisions can change again."


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """The list of releases, and the page of each. Letters about an EoI that a person has a conflict with are only counted."""

    list_display = (
        "__str__",
        day("dated_on", "Letters dated"),
        "prepared_by",
        moment("prepared_at", "Prepared"),
        "released_by",
        moment("released_at", "Released"),
        moment("cancelled_at", "Taken back"),
        moment("scheduled_for", "Set for"),
    )
    empty_list = "No release has been prepared yet. Prepare one once every expression of interest has been decided."
    list_filter = (CallFilter,)
    list_select_related = ("call__cohort", "prepared_by", "released_by", "scheduled_by")
    change_list_template = "admin/applications/release_list.html"
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="cancel",
            label="Take it back",
            permission=MAY_DECIDE,
            run=take_back,
            consequence="The letters are deleted and the decisions can change again. No council has heard anything.",
            offered=is_pending,
            danger=True,
        ),
        Act(
            name="call-off",
            label="Call off the release at its moment",
            permission=MAY_RELEASE,
            run=call_off,
            consequence="It stays prepared, and happens only when somebody releases it or sets another moment.",
            offered=waits_for_moment,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Give each page its address."""
        return [
            self.address("prepare/", self.prepare, "prepare"),
            self.address("letter/<int:letter_id>/", self.letter, "letter"),
            self.address("<path:object_id>/release/", self.release, "release"),
            *super().get_urls(),
        ]

    @method_decorator(require_http_methods(["GET", "POST"]))
    def prepare(self, request: HttpRequest) -> HttpResponse:
        """Show what is missing, or how many letters of each kind will be written; then write them."""
        person: User = request.user  # type: ignore[assignment]
        if not (person.has_perm(MAY_DECIDE) and self.has_view_permission(request)):
            raise PermissionDenied
        calls = opened_calls()
        call = last_closed(request, calls)
        stage = next_stage(call.pk) if call else Stage.SHORTLIST
        form_class = PrepareSelectionForm if stage == Stage.SELECTION else PrepareForm
        form = form_class(request.POST if request.method == "POST" else None, initial={"dated_on": localdate(clock.now())})
        if request.method == "POST" and call and form.is_valid():
            try:
                release = prepare_release(call_id=call.pk, by=person, **form.cleaned_data)
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                messages.success(request, "The letters are written, and their PDFs are being made. Somebody else has to release them.")
                return redirect(self.page_url(release))
        waiting = undecided(call.pk, stage) if call else Application.objects.none()
        names = list(waiting.filter(pk__in=Application.objects.visible_to(person)).select_related("council"))
        held = decided(call.pk, stage) if call else Decision.objects.none()
        overtaken = held.overtaken()  # type: ignore[attr-defined]
        outcomes = list(held.values_list("outcome", flat=True))
        silent = held.filter(outcome=ApplicationStatus.NOT_SELECTED, feedback="", application__in=Application.objects.visible_to(person))
        return self.page(
            request,
            "admin/applications/release_prepare.html",
            title=f"Prepare the release of the {stage.label.lower()}",
            call=call,
            calls=calls,
            form=form,
            pending=call.releases.pending().first() if call else None,
            missing=what_is_missing(call, stage, person) if call else "",
            names=names,
            again=overtaken.visible_to(person).select_related("application__council"),
            hidden=waiting.count() - len(names),
            outcomes=[(outcome.label, outcomes.count(outcome)) for outcome in OUTCOMES_IN_ORDER if outcome in outcomes],
            total=len(outcomes),
            stage=stage,
            silent=list(silent.select_related("application__council")),
            free=free_places(call) if call else 0,
        )

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a release: its letters by outcome, what is ready, and how each message fares."""
        del form_url, extra_context
        release = self.visible_or_404(request, object_id)
        person: User = request.user  # type: ignore[assignment]
        sent = letters_of(release, person)
        everything = Letter.objects.filter(decision__release=release)
        total = everything.count()
        ready = total - everything.unmade().count()
        pending = is_pending(release, person)
        may_release = pending and person.has_perm(MAY_RELEASE) and release.prepared_by_id != person.pk
        return self.page(
            request,
            "admin/applications/release.html",
            title=str(release),
            release=release,
            pending=pending,
            too_late=is_after_promise(release),
            total=total,
            ready=ready,
            hidden=total - len(sent),
            groups=grouped(sent),
            chase=[each for each in sent if each.to_chase],
            delivery=sorted(Counter(email.get_status_display() for each in sent for email in each.emails).items()),
            prepared_by_me=pending and release.prepared_by_id == person.pk,
            may_release=may_release,
            is_ready=ready == total,
            wrong_day=wrong_day(release, clock.now()),
            is_early=release.dated_on > localdate(clock.now()),
            is_unread=is_unread(release),
            overdue=pending and release.scheduled_for and release.scheduled_for <= clock.now(),
            offered_acts=self.offered_acts(request, release),
        )

    @method_decorator(require_http_methods(["GET", "POST"]))
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, with the number and the names of each outcome, then tell the councils."""
        release = self.visible_or_404(request, object_id)
        person: User = request.user  # type: ignore[assignment]
        if not person.has_perm(MAY_RELEASE):
            raise PermissionDenied
        embargo = EmbargoForm(request.POST if request.POST.get("when") == "later" else None)
        if request.method == "POST" and embargo.is_bound:
            if self.scheduled(request, release, embargo):
                return redirect(self.page_url(release))
        elif request.method == "POST":
            self.released(request, release)
            return redirect(self.page_url(release))
        letters = Letter.objects.filter(decision__release=release)
        if why := why_not_now(release, letters, person):
            messages.error(request, why)
            return redirect(self.page_url(release))
        sent, total = letters_of(release, person), letters.count()
        return self.page(
            request,
            "admin/applications/release_confirm.html",
            title="Release the decisions",
            release=release,
            groups=grouped(sent),
            total=total,
            people=sum(each.people for each in sent),
            hidden=total - len(sent),
            back=self.page_url(release),
            form=embargo,
            too_late=is_after_promise(release),
            wrong_day=wrong_day(release, clock.now()),
        )

    def released(self, request: HttpRequest, release: Release) -> None:
        """Tell the councils, and say so, or why not."""
        person: User = request.user  # type: ignore[assignment]
        try:
            gone = release_decisions(release_id=release.pk, by=person)
        except (InvalidTransition, ValidationError) as refusal:
            messages.error(request, refusal.messages[0] if isinstance(refusal, ValidationError) else str(refusal))
            return
        messages.success(request, "Released. Councils see their outcome now, and their letters are on their way.")
        seen = set(Application.objects.visible_to(person).filter(pk__in=[each.pk for each in gone]))
        for application in gone:
            name = str(application) if application in seen else "An expression of interest"
            messages.warning(request, f"{name} was withdrawn since, so it dropped out.")

    def scheduled(self, request: HttpRequest, release: Release, form: EmbargoForm) -> bool:
        """Set the moment of the release and say so. Returns False when the form has to be shown again."""
        if not form.is_valid():
            return False
        person: User = request.user  # type: ignore[assignment]
        at = form.cleaned_data["at"]
        try:
            schedule_release(release_id=release.pk, at=at, by=person)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return False
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
            return True
        messages.success(request, f"The release happens by itself at {in_words(at)}. Until then it can be called off.")
        return True

    @method_decorator(require_safe)
    def letter(self, request: HttpRequest, letter_id: int) -> HttpResponse:
        """Show a letter as its council will read it."""
        person: User = request.user  # type: ignore[assignment]
        letters = Letter.objects.select_related("decision__application__council", "decision__release__call")
        letter = get_visible_or_404(letters, person, pk=letter_id)
        return self.page(
            request,
            "admin/applications/release_letter.html",
            title=f"Letter to {letter.decision.application.council.official_name}",
            letter=letter,
            file=StoredFile.objects.owned_by(letter).first(),
            release=letter.decision.release,
        )


OUTCOMES_IN_ORDER = [outcome for outcomes in OUTCOMES.values() for outcome in outcomes]


def letters_of(release: Release, user: User) -> list[Sent]:
    """Return the letters of a release that the person may see, in the order of their references, in seven queries."""
    parts = ("decision__application__council",)
    seen = Letter.objects.visible_to(user).filter(decision__in=Decision.objects.filter(release=release)).select_related(*parts)
    letters = list(seen.order_by("decision__application__reference"))
    keys = [letter.pk for letter in letters]
    files = {file.owner_id: file for file in StoredFile.objects.for_owners(Letter, keys)}
    emails: dict[int | None, list[OutboundEmail]] = defaultdict(list)
    for email in OutboundEmail.objects.visible_to(user).about_each(Letter, keys).defer("text", "html").order_by("pk"):
        emails[email.about_id].append(email)
    councils = [letter.decision.application.council_id for letter in letters]
    people: dict[int, int] = defaultdict(int)
    for council in CouncilContact.objects.active().filter(council__in=councils).values_list("council", flat=True):
        people[council] += 1
    return [Sent(each, files.get(each.pk), people[each.decision.application.council_id], emails[each.pk]) for each in letters]


def grouped(sent: Iterable[Sent]) -> list[tuple[ApplicationStatus, list[Sent]]]:
    """Return the letters by outcome, in the order of the outcomes."""
    sent = list(sent)
    groups = [(outcome, [each for each in sent if each.letter.decision.outcome == outcome]) for outcome in OUTCOMES_IN_ORDER]
    return [(outcome, letters) for outcome, letters in groups if letters]
