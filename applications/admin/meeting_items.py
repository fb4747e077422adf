"""One item of a panel's meeting at a time: its scores, who is out of the room, and what the panel makes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods, require_POST

from applications.forms.meetings import AgainForm, OutcomeForm
from applications.models import InterviewSheet, MeetingItem, PanelMeeting
from applications.services import meeting_items as items
from applications.services.meetings import MAY_RUN
from applications.states import ApplicationStatus
from applications.views.autosaving import answer_closed, answer_overtaken, answer_saved, typed_revision, who_saved
from upstream.accounts.models import User
from upstream.charts import STRIP_LEFT, STRIP_RIGHT, Dot, along_strip, strip
from upstream.http import whole_number
from upstream.office import ReadOnlyAdmin
from upstream.transitions import InvalidTransition

TICKS = (0, 25, 50, 75, 100)
# What is pressed because people move. It does not wait until what was typed can be read.
IN_THE_ROOM = {"out", "back", "chair"}


@dataclass(frozen=True)
class Strip:
    """The panel's scores as dots on a scale from 0 to 100, with the adjusted score and its interval."""

    dots: list[Dot]
    adjusted: int | None
    low: int | None
    high: int | None
    left: int = STRIP_LEFT
    right: int = STRIP_RIGHT
    ticks: tuple[tuple[int, int], ...] = tuple((tick, along_strip(tick)) for tick in TICKS)


def strip_of(before: dict[str, Any]) -> Strip:
    """Return the frozen scores as a chart."""
    adjusted, low, high = (along_strip(before[name]) if name in before else None for name in ("adjusted", "low", "high"))
    return Strip(strip(each["score"] for each in before["scores"]), adjusted, low, high)


class MeetingItemPages(ReadOnlyAdmin):
    """What the office's pages of meetings gain: the items, one at a time."""

    def get_urls(self) -> list[URLPattern]:
        """Give the pages their addresses."""
        return [
            self.address("<int:object_id>/item/<int:item_id>/", self.item, "item"),
            self.address("<int:object_id>/item/<int:item_id>/autosave/", self.autosave, "autosave"),
            self.address("<int:object_id>/item/<int:item_id>/again/", self.again, "again"),
            *super().get_urls(),
        ]

    def run_by(self, request: HttpRequest, object_id: int) -> tuple[PanelMeeting, User]:
        """Return the meeting and the person, who runs it."""
        person: User = request.user  # type: ignore[assignment]
        meeting: PanelMeeting = self.visible_or_404(request, str(object_id))
        if not person.has_perms(MAY_RUN):
            raise PermissionDenied
        return meeting, person

    def item_or_404(self, request: HttpRequest, object_id: int, item_id: int) -> tuple[MeetingItem, User]:
        """Return the item and the person, who runs the meeting and has no conflict with it."""
        meeting, person = self.run_by(request, object_id)
        found = MeetingItem.objects.visible_to(person).select_related(
            "application__council", "application__call", "chaired_by__user", "saved_by"
        )
        item = found.filter(meeting=meeting, pk=item_id).first()
        if item is None:
            raise Http404
        item.meeting = meeting
        return item, person

    def item_url(self, item: MeetingItem) -> str:
        """Return the address of an item's page."""
        return reverse(f"admin:{self.url_name('item')}", args=[item.meeting_id, item.pk])

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def item(self, request: HttpRequest, object_id: int, item_id: int) -> HttpResponse:
        """Show an item, keep what was written there, and do what the pressed button says."""
        item, person = self.item_or_404(request, object_id, item_id)
        if request.method != "POST":
            return self.show(request, item)
        if "revision" not in request.POST:
            return self.press(request, item, person)
        form = OutcomeForm(request.POST, item=item)
        form.is_valid()
        try:
            item = self.kept(request, item, form, person)
        except items.ItemConflict as conflict:
            item, _ = self.item_or_404(request, object_id, item_id)
            return self.show(
                request, item, form, conflict=saved_texts(conflict.item), who_saved=who_saved(item, item.saved_by, person), status=409
            )
        except items.ItemClosed:
            item, _ = self.item_or_404(request, object_id, item_id)
            return self.show(request, item, typed=[(field.label, field.value()) for field in form if field.value()], status=409)
        return self.press(request, item, person, form)

    def press(self, request: HttpRequest, item: MeetingItem, person: User, form: OutcomeForm | None = None) -> HttpResponse:
        """Do what the button says. What could not be saved as it was typed comes first, unless somebody leaves or comes back."""
        action, _, key = request.POST.get("action", "").partition(":")
        unread = form if form and form.errors else None
        if unread and action not in IN_THE_ROOM:
            return self.show(request, self.item_or_404(request, item.meeting_id, item.pk)[0], unread)
        try:
            said = pressed(action, key, request.POST.get("chair", ""), item, person)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        except ValidationError as error:
            item, _ = self.item_or_404(request, item.meeting_id, item.pk)
            if form and hasattr(error, "error_dict"):
                for name, problem in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, problem)
                return self.show(request, item, form)
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, said)
            if action == "next" and (following := self.beside(item, person)[1]):
                return redirect(self.item_url(following))
        if unread:
            return self.show(request, self.item_or_404(request, item.meeting_id, item.pk)[0], unread)
        return redirect(self.item_url(item))

    def kept(self, request: HttpRequest, item: MeetingItem, form: OutcomeForm, person: User) -> MeetingItem:
        """Save what was typed, as far as it could be read."""
        return items.save_item(item_id=item.pk, revision=typed_revision(request), outcome=form.outcome(), by=person)

    @method_decorator(require_POST)
    def autosave(self, request: HttpRequest, object_id: int, item_id: int) -> JsonResponse:
        """Save as somebody types, and answer as `autosave.js` reads it."""
        item, person = self.item_or_404(request, object_id, item_id)
        form = OutcomeForm(request.POST, item=item)
        form.is_valid()
        try:
            saved = self.kept(request, item, form, person)
        except items.ItemConflict as conflict:
            return answer_overtaken(conflict.item, conflict.item.saved_by, person)
        except items.ItemClosed:
            return answer_closed()
        return answer_saved(saved, form.unreadable())

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def again(self, request: HttpRequest, object_id: int, item_id: int) -> HttpResponse:
        """Ask why, then take a settled item up again."""
        item, person = self.item_or_404(request, object_id, item_id)
        form = AgainForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                items.reopen_item(item_id=item.pk, reason=form.cleaned_data["reason"], by=person)
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
            return redirect(self.item_url(item))
        consequence = "Whoever has a conflict of interest leaves the room again. The scores stay as they were frozen."
        act = {"label": "Take it up again", "consequence": consequence}
        context: dict[str, Any] = {"title": act["label"], "act": act, "record": item, "form": form, "back": self.item_url(item)}
        return self.page(request, "admin/act.html", **context)

    def beside(self, item: MeetingItem, person: User) -> tuple[MeetingItem | None, MeetingItem | None]:
        """Return the items before and after this one, of those that the person may see."""
        seen = list(MeetingItem.objects.visible_to(person).filter(meeting=item.meeting_id))
        place = seen.index(item)
        return seen[place - 1] if place else None, seen[place + 1] if place + 1 < len(seen) else None

    def show(
        self,
        request: HttpRequest,
        item: MeetingItem,
        form: OutcomeForm | None = None,
        *,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        """Render the page of an item."""
        person: User = request.user  # type: ignore[assignment]
        meeting, application = item.meeting, item.application
        is_open = meeting.is_running and item.is_open
        is_waiting = items.has_to_judge(person, [application.pk])
        room = items.in_room(item) if meeting.is_running else []
        names = {member.user_id: member for member in meeting.panel.members.select_related("user")}
        sheets = InterviewSheet.objects.visible_to(person).final().unconflicted().filter(interview__application=application)
        every = list(meeting.items.values_list("pk", "closed_at"))
        previous, following = self.beside(item, person)
        context = {
            "title": f"{application.reference} {application.council}",
            "meeting": meeting,
            "item": item,
            "application": application,
            "back": self.page_url(meeting),
            "place": [pk for pk, _ in every].index(item.pk) + 1,
            "total": len(every),
            "closed": sum(closed is not None for _, closed in every),
            "previous": self.item_url(previous) if previous else "",
            "following": self.item_url(following) if following else "",
            "is_open": is_open,
            "is_waiting": is_waiting,
            "can_open": meeting.is_running
            and not item.opened_at
            and application.status == ApplicationStatus.SHORTLISTED
            and not is_waiting,
            "other": None if is_open else meeting.items.filter(opened_at__isnull=False, closed_at__isnull=True).first(),
            "scores": [
                (names.get(each["user"], "Somebody who has left the panel"), each["score"]) for each in item.before.get("scores", [])
            ],
            "strip": strip_of(item.before) if item.before.get("scores") else None,
            "sheets": list(sheets.select_related("interviewer")),
            "exits": list(item.exits.select_related("member__user")),
            "room": room,
            "chair_is_in": any(member.is_chair for member in room),
            "must_leave": list(items.still_to_leave(item)) if meeting.is_running and not item.closed_at else [],
            "form": (form or OutcomeForm(item=item)) if is_open else None,
            **more,
        }
        return self.page(request, "admin/applications/meeting_item.html", code=status, **context)


def can_be_opened(item: MeetingItem) -> bool:
    """Return whether the item waits, of a meeting that runs and an EoI that is still in the running."""
    return item.meeting.is_running and not item.opened_at and item.application.status == ApplicationStatus.SHORTLISTED


def pressed(action: str, key: str, chair: str, item: MeetingItem, person: User) -> str:
    """Do what a button of an item's page says, and return what happened."""
    member, chosen = whole_number(key), whole_number(chair)
    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "open": (
            lambda: items.open_item(item_id=item.pk, chair_id=chosen or None, by=person),
            "The item is open. Its scores are frozen as they stand.",
        ),
        "out": (lambda: items.send_out(item_id=item.pk, member_id=member, by=person), "Noted: they have left the room."),
        "back": (lambda: items.let_back(item_id=item.pk, member_id=member, by=person), "Noted: they are back in the room."),
        "chair": (lambda: items.name_chair(item_id=item.pk, member_id=chosen, by=person), "Noted: somebody else chairs this item."),
        "next": (lambda: items.close_item(item_id=item.pk, by=person), "The item is settled. Everybody is back in the room."),
    }
    run, said = acts.get(action, (None, "Saved."))
    if run:
        run()
    return said


def saved_texts(item: MeetingItem) -> dict[str, str]:
    """Return what is saved, by the names of the form's fields, to stand beside what was typed."""
    score = item.moderated_score
    return {
        "recommendation": item.get_recommendation_display() or "Nothing selected",
        "score": "Not changed" if score is None else str(score),
        "reason": item.reason or "Nothing written",
    }
