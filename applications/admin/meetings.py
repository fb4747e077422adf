"""The panel's meetings in the office: planned, opened, ended, and their minutes."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.admin.meeting_items import MeetingItemPages
from applications.documents import minutes_name, render_minutes_pdf
from applications.forms.meetings import EndForm, PlanForm, PresentForm, WhenForm
from applications.models import MeetingItem, PanelMeeting
from applications.services import meetings
from applications.services.meeting_items import arrive, has_to_judge
from applications.services.meeting_order import outlooks
from applications.services.minutes import minutes_for
from applications.states import ApplicationStatus, Outlook
from upstream.accounts.models import User
from upstream.deadlines import counted, in_words
from upstream.documents.pdf import pdf_response
from upstream.http import whole_number
from upstream.office import Act, tag
from upstream.transitions import InvalidTransition

TONES = {"Planned": "yellow", "Under way": "green", "Ended": "grey"}


def standing(meeting: PanelMeeting) -> str:
    """Return where a meeting stands, in words."""
    return "Ended" if meeting.ended_at else "Under way" if meeting.opened_at else "Planned"


def reschedule(meeting: PanelMeeting, user: User, **when: Any) -> str:
    """Change when and where it is."""
    meetings.reschedule_meeting(meeting_id=meeting.pk, by=user, **when)
    return "Changed. Nobody is told: let the members know."


def order_anew(meeting: PanelMeeting, user: User) -> str:
    """Draw up the order again."""
    meetings.order_anew(meeting_id=meeting.pk, by=user)
    return "The running order follows the scores as they are now."


def send(meeting: PanelMeeting, user: User) -> str:
    """Email the minutes."""
    members = meetings.send_minutes(meeting_id=meeting.pk, by=user)
    return f"The minutes are on their way to {counted(len(members), 'member')}."


def is_planned(meeting: PanelMeeting, _user: Any) -> bool:
    """Return whether it has not been opened."""
    return meeting.opened_at is None


def can_be_sent(meeting: PanelMeeting, _user: Any) -> bool:
    """Return whether the minutes have not been sent yet."""
    return meeting.ended_at is not None and meeting.minutes_sent_at is None


@admin.register(PanelMeeting)
class PanelMeetingAdmin(MeetingItemPages):
    """The list of meetings, and the page of each."""

    list_display = ("name", "when", "place", "standing_tag")
    list_select_related = ("panel__call__cohort",)
    empty_list = "No meeting is planned yet. Plan one once the panel has scored."
    change_list_template = "admin/applications/meeting_list.html"
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="reschedule",
            label="Change when and where",
            permission="applications.change_panelmeeting",
            run=reschedule,
            form=WhenForm,
            offered=is_planned,
        ),
        Act(
            name="anew",
            label="Draw up the order again",
            permission="applications.change_panelmeeting",
            run=order_anew,
            consequence="What has been scored, shortlisted or withdrawn since is taken into account. What you moved by hand goes back.",
            offered=is_planned,
        ),
        Act(
            name="send",
            label="Email the minutes",
            permission="applications.change_panelmeeting",
            run=send,
            consequence="Every member who was present gets them as a PDF, without the expressions of interest that they have a conflict "
            "of interest with. They are sent once, and this cannot be undone.",
            offered=can_be_sent,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Give each page its address."""
        return [
            self.address("plan/", self.plan, "plan"),
            self.address("<int:object_id>/open/", self.open, "open"),
            self.address("<int:object_id>/move/", self.move, "move"),
            self.address("<int:object_id>/arrive/", self.arrive, "arrive"),
            self.address("<int:object_id>/note/", self.note, "note"),
            self.address("<int:object_id>/end/", self.end, "end"),
            self.address("<int:object_id>/minutes/", self.minutes, "minutes"),
            *super().get_urls(),
        ]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def plan(self, request: HttpRequest) -> HttpResponse:
        """Plan a meeting."""
        person: User = request.user  # type: ignore[assignment]
        if not (self.has_view_permission(request) and person.has_perm(meetings.MAY_PLAN)):
            raise PermissionDenied
        form = PlanForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            planned = form.cleaned_data
            try:
                meeting = meetings.plan_meeting(
                    panel_id=planned["panel"].pk, starts_at=planned["starts_at"], place=planned["place"], by=person
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, "The meeting is planned. Look through the running order below. Nobody has been told yet.")
                return redirect(self.page_url(meeting))
        return self.page(request, "admin/applications/meeting_plan.html", title="Plan a meeting", form=form)

    @method_decorator(require_safe)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the meeting: its running order, what has come of it so far, and what to do next."""
        del form_url, extra_context
        return self.overview(request, self.visible_or_404(request, object_id))

    def overview(self, request: HttpRequest, meeting: PanelMeeting, *, typed: str | None = None, status: int = 200) -> HttpResponse:
        """Render the meeting's page; `typed` is a note that could not be saved."""
        person: User = request.user  # type: ignore[assignment]
        read = minutes_for(meeting, person)
        planned = meeting.opened_at is None
        # The order follows from everybody's scores.
        is_hidden = planned and has_to_judge(person, [item.application_id for item in read.items])
        found = outlooks(meeting.panel.call, [item.application for item in read.items], person) if planned and not is_hidden else {}
        everything = list(meeting.items.values_list("closed_at", "opened_at", "application__status"))
        waiting = [item for item in read.items if not item.opened_at]
        there = {member.pk for member in read.present}
        return self.page(
            request,
            "admin/applications/meeting.html",
            code=status,
            title=str(meeting),
            meeting=meeting,
            standing=self.standing_tag(meeting),
            minutes=read,
            rows=[(item, Outlook(found[item.application_id]) if item.application_id in found else None) for item in read.items],
            is_hidden=is_hidden,
            waiting=waiting,
            closed=sum(closed is not None for closed, *_ in everything),
            total=len(everything),
            left=sum(closed is None and status == ApplicationStatus.SHORTLISTED for closed, _, status in everything),
            next=next((item for item in read.items if item.is_open), None)
            or next((item for item in waiting if item.application.status == ApplicationStatus.SHORTLISTED), None),
            may_run=person.has_perms(meetings.MAY_RUN),
            latecomers=[member for member in meetings.can_attend(meeting.panel) if member.pk not in there] if meeting.is_running else [],
            note=meeting.note if typed is None else typed,
            typed=typed,
            offered_acts=self.offered_acts(request, meeting),
        )

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def open(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask who is present, then open the meeting."""
        meeting, person = self.run_by(request, object_id)
        members = meetings.can_attend(meeting.panel)
        form = PresentForm(request.POST if request.method == "POST" else None, members=members)
        if request.method == "POST" and form.is_valid():
            try:
                meetings.open_meeting(meeting_id=meeting.pk, present=[each.pk for each in form.cleaned_data["present"]], by=person)
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
                return redirect(self.page_url(meeting))
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, "The meeting is open.")
                return redirect(self.page_url(meeting))
        act = {
            "label": "Open the meeting",
            "consequence": "Those who come later are added as they arrive. The running order can still change.",
        }
        return self.asked(request, meeting, act, form)

    @method_decorator(require_POST)
    def move(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Move an item up or down, as the pressed button says."""
        meeting, person = self.run_by(request, object_id)
        pk, _, places = request.POST.get("move", "").partition(":")
        item = MeetingItem.objects.visible_to(person).filter(meeting=meeting, pk=whole_number(pk)).first()
        if item and places in {"-1", "1", "-1000"}:
            try:
                meetings.move_item(item_id=item.pk, places=int(places), by=person)
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
        return redirect(f"{self.page_url(meeting)}#item-{whole_number(pk)}")

    @method_decorator(require_POST)
    def arrive(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Note that a member has come late."""
        meeting, person = self.run_by(request, object_id)
        try:
            member = arrive(meeting_id=meeting.pk, member_id=whole_number(request.POST.get("member", "")), by=person)
            messages.success(request, f"{member} is present from now on.")
        except (InvalidTransition, ValidationError) as refusal:
            messages.error(request, " ".join(getattr(refusal, "messages", [str(refusal)])))
        return redirect(self.page_url(meeting))

    @method_decorator(require_POST)
    def note(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Keep what the meeting notes apart from its items."""
        meeting, person = self.run_by(request, object_id)
        typed, seen = (request.POST.get(name, "").replace("\r\n", "\n").replace("\x00", "").strip() for name in ("note", "seen"))
        try:
            meetings.save_note(meeting_id=meeting.pk, note=typed, seen=seen, by=person)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        except ValidationError as refusal:
            meeting.refresh_from_db()
            messages.error(request, refusal.messages[0])
            return self.overview(request, meeting, typed=typed, status=409)
        else:
            messages.success(request, "The note is saved.")
        return redirect(self.page_url(meeting))

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def end(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask, then end the meeting for good."""
        meeting, person = self.run_by(request, object_id)
        left = meeting.items.outstanding().count()
        form = EndForm(request.POST if request.method == "POST" else None)
        if not left:
            del form.fields["not_reached"]
        if request.method == "POST" and form.is_valid():
            try:
                meetings.end_meeting(meeting_id=meeting.pk, not_reached=form.cleaned_data.get("not_reached", "").strip(), by=person)
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
                return redirect(self.page_url(meeting))
            except ValidationError as error:
                form.add_error(None, error if form.fields or not hasattr(error, "error_dict") else error.messages)
            else:
                messages.success(request, "The meeting has ended. Its minutes can be downloaded and sent.")
                return redirect(self.page_url(meeting))
        settled = f"{counted(left, 'item')} {'is' if left == 1 else 'are'} not settled. " if left else "Every item is settled. "
        act = {"label": "End the meeting", "consequence": f"{settled}After this nothing of the meeting changes.", "danger": True}
        return self.asked(request, meeting, act, form)

    @method_decorator(require_safe)
    def minutes(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand over the minutes, without what the person has a conflict of interest with."""
        meeting, person = self.run_by(request, object_id)
        if not meeting.ended_at:
            messages.error(request, "There are minutes once the meeting has ended.")
            return redirect(self.page_url(meeting))
        return pdf_response(minutes_name(meeting), render_minutes_pdf(meeting, person))

    def asked(self, request: HttpRequest, meeting: PanelMeeting, act: dict[str, Any], form: Any) -> HttpResponse:
        """Render a page that asks before something is done."""
        context = {"title": act["label"], "act": act, "record": meeting, "form": form, "back": self.page_url(meeting)}
        return self.page(request, "admin/act.html", **context)

    @admin.display(description="Meeting", ordering="panel")
    def name(self, meeting: PanelMeeting) -> str:
        """Which panel meets."""
        return str(meeting)

    @admin.display(description="When", ordering="starts_at")
    def when(self, meeting: PanelMeeting) -> str:
        """The moment in words."""
        return capfirst(in_words(meeting.starts_at))

    @admin.display(description="Standing")
    def standing_tag(self, meeting: PanelMeeting) -> SafeString:
        """Where it stands."""
        word = standing(meeting)
        return tag(word, TONES[word])
