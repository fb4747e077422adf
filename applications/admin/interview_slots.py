"""The times offered for interviews, in the office: one by one or a series, previewed before it is made."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from applications.admin.filters import CallFilter
from applications.admin.interview_filters import InterviewerFilter, SlotDayFilter, SlotStandingFilter
from applications.forms.interviews import SeriesForm, SlotForm
from applications.models import Interview, InterviewSlot
from applications.models.interview import nearest_first
from applications.services.interview_slots import Plan, offer_series, offer_slot, plan_series, withdraw_slot
from upstream.accounts.models import User
from upstream.deadlines import counted, in_words
from upstream.office import Act, ReadOnlyAdmin, moment, tag

MAY_OFFER = "applications.add_interviewslot"
WITHDRAWN_AT = moment("withdrawn_at", "Withdrawn", "No")
STANDINGS = dict(SlotStandingFilter.labels)
TONES = {"free": "", "taken": "green"}


def withdraw(slot: InterviewSlot, user: User) -> str:
    """Withdraw a slot."""
    withdraw_slot(slot_id=slot.pk, by=user)
    return f"{capfirst(in_words(slot.starts_at))} is no longer offered."


def is_free(slot: InterviewSlot, _user: Any) -> bool:
    """Return whether the slot could be withdrawn."""
    return InterviewSlot.objects.free().filter(pk=slot.pk).exists()


@admin.register(InterviewSlot)
class InterviewSlotAdmin(ReadOnlyAdmin):
    """The list of slots, and the pages that make them."""

    list_display = ("when", "standing_tag", "council", "interviewers", "call")
    list_filter = (CallFilter, SlotDayFilter, SlotStandingFilter, InterviewerFilter)
    list_select_related = ("interviewer", "second_interviewer", "call")
    fields = ("when", "minutes", "standing_tag", "council", "interviewer", "second_interviewer", "call", WITHDRAWN_AT)
    readonly_fields = ("when", "standing_tag", "council", WITHDRAWN_AT)
    empty_list = "Times that you offer to shortlisted councils appear here. Start with a series."
    show_full_result_count = False
    change_list_template = "admin/applications/interview_slot_list.html"
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="withdraw",
            label="Withdraw this time",
            permission="applications.change_interviewslot",
            run=withdraw,
            consequence="Councils can no longer book it. This cannot be undone, but you can offer the time again.",
            offered=is_free,
            danger=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what the list shows and filters by, with the interviews that this person may see."""
        interviews = Interview.objects.visible_to(request.user).live().select_related("application__council")  # type: ignore[arg-type]
        slots = super().get_queryset(request).with_day().with_standing(timezone.now())  # type: ignore[attr-defined]
        return slots.prefetch_related(Prefetch("interviews", interviews, to_attr="seen"))  # type: ignore[no-any-return]

    def get_ordering(self, request: HttpRequest) -> list[Any]:  # noqa: ARG002  (Django's signature)
        """Put what is to come first."""
        return nearest_first("starts_at", Q(starts_at__gt=timezone.now()))

    def get_urls(self) -> list[URLPattern]:
        """Give the pages that make slots their addresses."""
        own = [self.address("offer/", self.offer, "offer"), self.address("series/", self.series, "series")]
        return own + super().get_urls()

    def offer(self, request: HttpRequest) -> HttpResponse:
        """Offer one slot."""
        if not request.user.has_perm(MAY_OFFER):
            raise PermissionDenied
        form = SlotForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                slot = offer_slot(by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, f"{capfirst(in_words(slot.starts_at))} is offered.")
                return redirect(f"admin:{self.url_name('changelist')}")
        return self.page(request, "admin/applications/interview_slot.html", title="Offer a time", form=form)

    def series(self, request: HttpRequest) -> HttpResponse:
        """Describe a series, look at what it comes to, and make it."""
        if not request.user.has_perm(MAY_OFFER):
            raise PermissionDenied
        form = SeriesForm(request.POST if request.method == "POST" else None)
        plan: Plan | None = None
        if request.method == "POST" and form.is_valid():
            try:
                if request.POST.get("action") == "make":
                    made = offer_series(series=form.series(), by=request.user)  # type: ignore[arg-type]
                    skipped = f" {counted(len(made.skipped), 'time')} skipped." if made.skipped else ""
                    messages.success(request, f"{counted(len(made.starts), 'time')} offered.{skipped}")
                    return redirect(f"admin:{self.url_name('changelist')}")
                plan = plan_series(form.series())
            except ValidationError as error:
                form.add_error(None, error)
        return self.page(request, "admin/applications/interview_series.html", title="Offer a series of times", form=form, plan=plan)

    @admin.display(description="When", ordering="starts_at")
    def when(self, slot: InterviewSlot) -> str:
        """The moment in words."""
        return capfirst(in_words(slot.starts_at))

    @admin.display(description="Standing", ordering="standing")
    def standing_tag(self, slot: InterviewSlot) -> SafeString:
        """Whether a council has it."""
        standing: str = slot.standing  # type: ignore[attr-defined]
        return tag(STANDINGS[standing], TONES.get(standing, "grey"))

    @admin.display(description="Interviewers")
    def interviewers(self, slot: InterviewSlot) -> str:
        """Who rings."""
        return " and ".join(map(str, slot.interviewers))

    @admin.display(description="Council")
    def council(self, slot: InterviewSlot) -> str:
        """Which council has it, if the person may know."""
        return ", ".join(str(interview.application.council) for interview in slot.seen)  # type: ignore[attr-defined]
