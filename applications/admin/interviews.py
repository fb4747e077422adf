"""Interviews in the office: the list by day, who has yet to book, and the desk at which somebody rings."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.admin.exporting import ExportingAdmin
from applications.admin.interview_acts import ACTS, SWAPS
from applications.admin.interview_filters import (
    InterviewCallFilter,
    InterviewDayFilter,
    InterviewsInterviewerFilter,
    InterviewStatusFilter,
    SheetFilter,
)
from applications.forms.interviews import SheetForm
from applications.models import Application, Interview, InterviewQuestion, InterviewSheet
from applications.models.interview import LONGEST_SLOT, nearest_first
from applications.services.export import export_interviews
from applications.services.interview_sheets import (
    SheetClosed,
    SheetConflict,
    lines_of,
    problems,
    save_sheet,
    start_timer,
    stop_timer,
    submit_sheet,
)
from applications.states import LIVE_INTERVIEW, InterviewStatus
from applications.views.autosaving import answer_closed, answer_overtaken, answer_saved, typed_revision, who_saved
from upstream import clock
from upstream.accounts.models import User
from upstream.deadlines import in_words
from upstream.documents.spreadsheets import Cell
from upstream.office import tag
from upstream.transitions import InvalidTransition

SUMMARY = "summary"
TONES = {InterviewStatus.BOOKED: "", InterviewStatus.HELD: "green", InterviewStatus.NO_SHOW: "yellow", InterviewStatus.CANCELLED: "grey"}
SHEETS = ("Neither is in", "1 of 2 is in", "Both are in")
SHEET_TONES = {"Sheet submitted": "green", "Sheet not finished": "yellow", "Sheet not started": "grey"}


@admin.register(Interview)
class InterviewAdmin(ExportingAdmin):
    """The list of interviews, and the desk."""

    export_title = "Interviews"
    list_display = ("when", "council", "status_tag", "interviewers", "sheets", "minutes", "mean")
    list_filter = (InterviewCallFilter, InterviewDayFilter, InterviewStatusFilter, InterviewsInterviewerFilter, SheetFilter)
    list_select_related = ("application__council", "application__call", "slot__interviewer", "slot__second_interviewer")
    search_fields = ("application__reference", "application__council__name", "application__council__official_name", "contact_name")
    search_help_text = "Reference, council or who to ask for"
    empty_list = "Interviews appear here once councils have booked them. Offer times first, then shortlisted councils can book."
    show_full_result_count = False
    change_list_template = "admin/applications/interview_list.html"
    acts = ACTS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the list shows and filters by."""
        interviews = super().get_queryset(request).with_day().with_sheets().with_conflicts().with_mean_for(request.user)  # type: ignore[attr-defined]
        return interviews.select_related(*self.list_select_related)  # type: ignore[no-any-return]

    def get_ordering(self, request: HttpRequest) -> list[Any]:  # noqa: ARG002  (Django's signature)
        """Put what is to come first, an interview that is being held among it."""
        return nearest_first("slot__starts_at", Q(status=InterviewStatus.BOOKED, slot__starts_at__gt=clock.now() - LONGEST_SLOT))

    def get_urls(self) -> list[URLPattern]:
        """Give the pages beside the desk their addresses."""
        own = [
            self.address("unbooked/", require_safe(self.unbooked), "unbooked"),
            self.address("<path:object_id>/autosave/", require_POST(self.autosave), "autosave"),
            self.address("<path:object_id>/submit/", require_http_methods(["GET", "HEAD", "POST"])(self.submit), "submit"),
        ]
        return own + super().get_urls()

    def unbooked(self, request: HttpRequest) -> HttpResponse:
        """List the shortlisted councils that have no interview, and those that are left without one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        seen = Application.objects.visible_to(request.user).select_related("council", "call")  # type: ignore[arg-type]
        waiting = seen.awaiting_interview().with_missed_calls().annotate(last_at=Max("interviews__slot__starts_at"))
        context: dict[str, Any] = {"applications": waiting, "left": seen.without_interview().exclude(no_interview_reason="")}
        return self.page(request, "admin/applications/interview_unbooked.html", title="Who has not booked yet", **context)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the desk, in place of Django's form, and keep what its two interviewers note."""
        del form_url, extra_context
        interview = self.visible_or_404(request, object_id)
        sheet = own_sheet(interview, request.user)  # type: ignore[arg-type]
        if request.method != "POST":
            return self.desk(request, interview, sheet)
        if sheet is None:
            raise PermissionDenied
        # The timer's button stands alone once the sheet is submitted.
        return self.keep(request, interview, sheet) if "revision" in request.POST else self.press(request, interview)

    def keep(self, request: HttpRequest, interview: Interview, sheet: InterviewSheet) -> HttpResponse:
        """Save the sheet whichever button was pressed, then do what the button says."""
        person: User = request.user  # type: ignore[assignment]
        form = SheetForm(request.POST, questions=guide(interview), sheet=sheet)
        form.is_valid()
        try:
            sheet = save(interview, form, request, person)
        except SheetConflict as conflict:
            overtaken = {"conflict": who_saved(conflict.sheet, person, person), "saved_lines": lines_of(conflict.sheet)}
            return self.desk(request, interview, conflict.sheet, form, status=409, **overtaken)
        except SheetClosed:
            typed = [(field.label, value) for field in form for value in request.POST.getlist(field.html_name) if value]
            return self.desk(request, interview, own_sheet(interview, person), typed=typed, status=409)
        if request.POST.get("action") != "submit":
            return self.press(request, interview, form)
        for pk, problem in problems(sheet).items():
            form.add_error(f"score{pk}" if pk else None, problem)
        return self.desk(request, interview, sheet, form) if form.errors else redirect(f"admin:{self.url_name('submit')}", interview.pk)

    def submit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show an interviewer their own sheet once more, then lock it."""
        interview = self.visible_or_404(request, object_id)
        person: User = request.user  # type: ignore[assignment]
        sheet = own_sheet(interview, person)
        if sheet is None:
            raise PermissionDenied
        if request.method == "POST":
            try:
                submit_sheet(interview_id=interview.pk, by=person)
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
            except ValidationError as error:
                for message in error.messages:
                    messages.error(request, message)
            else:
                messages.success(request, "Your sheet is submitted and locked.")
        if request.method == "POST" or sheet.submitted_at or interview.status not in LIVE_INTERVIEW:
            return redirect(self.page_url(interview))
        lines = lines_of(sheet)
        rows = [(question, lines.get(question.pk)) for question in guide(interview)]
        found = list(problems(sheet).values())
        context = {"interview": interview, "sheet": sheet, "rows": rows, "problems": found, "back": self.page_url(interview)}
        return self.page(request, "admin/applications/interview_submit.html", title="Check your sheet", **context)

    def press(self, request: HttpRequest, interview: Interview, form: SheetForm | None = None) -> HttpResponse:
        """Do what the button says."""
        person: User = request.user  # type: ignore[assignment]
        try:
            message = pressed(request.POST.get("action", ""), interview, person)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        else:
            if form and form.errors:
                return self.desk(request, interview, own_sheet(interview, person), form)
            messages.success(request, message)
        return redirect(self.page_url(interview))

    def autosave(self, request: HttpRequest, object_id: str) -> JsonResponse:
        """Save as somebody types. The page's script says what the answers mean."""
        interview = self.visible_or_404(request, object_id)
        person: User = request.user  # type: ignore[assignment]
        sheet = own_sheet(interview, person)
        if sheet is None or sheet.submitted_at:
            return answer_closed()
        form = SheetForm(request.POST, questions=guide(interview), sheet=sheet)
        form.is_valid()
        try:
            saved = save(interview, form, request, person)
        except SheetConflict as conflict:
            return answer_overtaken(conflict.sheet, person, person)
        except SheetClosed:
            return answer_closed()
        return answer_saved(saved, form.unreadable())

    def desk(
        self,
        request: HttpRequest,
        interview: Interview,
        sheet: InterviewSheet | None,
        form: SheetForm | None = None,
        *,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        """Render the desk: the number to ring, the guide, one's own sheet, and the others' once one's own is in."""
        person: User = request.user  # type: ignore[assignment]
        questions = guide(interview)
        if sheet is None or sheet.submitted_at or interview.status not in LIVE_INTERVIEW:
            form = None
        elif form is None:
            form = SheetForm(questions=questions, sheet=sheet)
        context = {
            "title": f"Interview with {interview.application.council}",
            "interview": interview,
            "application": interview.application,
            "slot": interview.slot,
            "status": self.status_tag(interview),
            "sheet": sheet,
            "form": form,
            "questions": questions,
            "standings": standings(interview),
            "compared": compared(interview, person, questions),
            "can_start": interview.is_booked and (not interview.started_at or interview.ended_at),
            "can_stop": interview.is_booked and interview.started_at and not interview.ended_at,
            "offered_acts": self.offered_acts(request, interview),
            "conflicted": conflicted_of(interview),
            "now": clock.now(),
            **more,
        }
        return self.page(request, "admin/applications/interview_desk.html", code=status, **context)

    def table_of(self, shown: QuerySet[Any], file_format: str, by: User) -> Iterable[Iterable[Cell]]:
        """Return the submitted sheets that the person may read, of the interviews that the list shows."""
        sheets = InterviewSheet.objects.visible_to(by).filter(submitted_at__isnull=False, interview__in=shown.order_by().values("pk"))
        return export_interviews(sheets=sheets, file_format=file_format, by=by)

    @admin.display(description="When", ordering="slot__starts_at")
    def when(self, interview: Interview) -> str:
        """The moment in words."""
        return capfirst(in_words(interview.slot.starts_at))

    @admin.display(description="Council", ordering="application__council__name")
    def council(self, interview: Interview) -> str:
        """Whom they ring."""
        return str(interview.application.council)

    @admin.display(description="Status", ordering="status")
    def status_tag(self, interview: Interview) -> SafeString:
        """Where it stands."""
        return tag(interview.get_status_display(), TONES[InterviewStatus(interview.status)])

    @admin.display(description="Interviewers")
    def interviewers(self, interview: Interview) -> str:
        """Who rings, and whether one of them must not."""
        names = " and ".join(map(str, interview.slot.interviewers))
        return format_html("{} {}", names, tag("Conflict of interest", "red")) if conflicted_of(interview) else names

    @admin.display(description="Sheets", ordering="sheets_submitted")
    def sheets(self, interview: Interview) -> str:
        """How many of the two sheets are in, once the interview's time has come."""
        if interview.status not in LIVE_INTERVIEW or interview.slot.starts_at > clock.now():
            return ""
        return SHEETS[interview.sheets_submitted]  # type: ignore[attr-defined]

    @admin.display(description="Minutes")
    def minutes(self, interview: Interview) -> int | None:
        """How long it took."""
        return interview.minutes_taken

    @admin.display(description="Mean of 5", ordering="mean")
    def mean(self, interview: Interview) -> str:
        """The mean score that the person may know."""
        found: float | None = interview.mean  # type: ignore[attr-defined]
        return "" if found is None else f"{found:.1f}"


def conflicted_of(interview: Interview) -> list[tuple[User, str]]:
    """Return the interviewers of one still to be held who must not conduct it, each with the act that replaces them."""
    seats = zip((interview.first_conflicted, interview.second_conflicted), interview.slot.interviewers, SWAPS, strict=True)  # type: ignore[attr-defined]
    return [(person, f"admin:applications_interview_{swap}") for conflicted, person, swap in seats if conflicted and interview.is_booked]


def standings(interview: Interview) -> list[tuple[User, SafeString]]:
    """Return the two who ring, each with how far their sheet is, as long as there is an interview."""
    if interview.status not in LIVE_INTERVIEW:
        return [(person, SafeString("")) for person in interview.slot.interviewers]
    sheets = InterviewSheet.objects.current().filter(interview=interview).select_related("interviewer")
    return [(sheet.interviewer, tag(sheet.state, SHEET_TONES[sheet.state])) for sheet in sheets]


def guide(interview: Interview) -> list[InterviewQuestion]:
    """Return the questions in order."""
    return list(InterviewQuestion.objects.filter(call=interview.application.call_id))


def own_sheet(interview: Interview, person: User) -> InterviewSheet | None:
    """Return the person's sheet, if they are one of the two who ring."""
    return InterviewSheet.objects.current().filter(interview=interview, interviewer=person).prefetch_related("scores").first()


def save(interview: Interview, form: SheetForm, request: HttpRequest, person: User) -> InterviewSheet:
    """Keep what was typed, as far as it could be read."""
    summary = form.cleaned_data.get(SUMMARY, form.initial[SUMMARY])
    return save_sheet(interview_id=interview.pk, revision=typed_revision(request), lines=form.lines(), summary=summary, by=person)


def pressed(action: str, interview: Interview, person: User) -> str:
    """Do what a button of the desk says, and return what happened."""
    match action:
        case "start":
            start_timer(interview_id=interview.pk, by=person)
            return "The timer runs."
        case "stop":
            stop_timer(interview_id=interview.pk, by=person)
            return "The timer has stopped."
    return "Your sheet is saved."


def compared(interview: Interview, person: User, questions: list[InterviewQuestion]) -> dict[str, Any] | None:
    """Return the submitted sheets that the person may read, side by side: who, then each question with their lines."""
    visible = InterviewSheet.objects.visible_to(person).filter(interview=interview, submitted_at__isnull=False)
    sheets = list(visible.select_related("interviewer").prefetch_related("scores"))
    if not sheets:
        return None
    lines = [lines_of(sheet) for sheet in sheets]
    return {"sheets": sheets, "rows": [(question, [each.get(question.pk) for each in lines]) for question in questions]}
