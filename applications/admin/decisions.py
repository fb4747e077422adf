"""The selection in the office: where each shortlisted EoI stands, deciding by hand, and promoting a reserve."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from applications.admin.choosing import call_at_selection, opened_calls
from applications.admin.triage_pages import MAY_DECIDE
from applications.forms.decisions import PromotionForm, SelectionForm
from applications.models import Application, Call, Decision, Offer
from applications.services.decisions import DecisionConflict, clear_decision, decide, ranks_taken
from applications.services.offers import obstacle, promote_reserve
from applications.services.places import free_places, free_to_promote
from applications.services.workbench.promotion import Effect, Outlook, outlook
from applications.states import OUTCOMES, ApplicationStatus, Stage
from upstream.accounts.models import User
from upstream.charts import tiles
from upstream.http import get_visible_or_404
from upstream.office import ReadOnlyAdmin
from upstream.transitions import InvalidTransition

# Every status of an EoI that was on the shortlist and has not been withdrawn.
SHORTLISTED_ONCE = (
    ApplicationStatus.SHORTLISTED,
    *OUTCOMES[Stage.SELECTION],
    ApplicationStatus.ACCEPTED,
    ApplicationStatus.DECLINED,
    ApplicationStatus.LAPSED,
)
PER_PAGE = 100


@dataclass(frozen=True)
class Line:
    """An EoI with its decision of the selection, if there is one."""

    application: Application
    decision: Decision | None

    @property
    def waits(self) -> bool:
        """Whether it still waits for its outcome."""
        return self.application.status == ApplicationStatus.SHORTLISTED

    @property
    def is_held(self) -> bool:
        """Whether a decision waits for a release."""
        return self.decision is not None and self.decision.released_at is None

    @property
    def is_reserve(self) -> bool:
        """Whether it is a reserve with no other decision held."""
        told = self.decision is None or self.decision.released_at is not None
        return self.application.status == ApplicationStatus.RESERVE and told

    @property
    def can_be_decided(self) -> bool:
        """Whether its decision can be made or changed by hand."""
        return self.waits and not (self.is_held and self.decision.release_id)  # type: ignore[union-attr]


def line_of(application: Application) -> Line:
    """Return an EoI with its latest decision of the selection. Needs `in_selection`."""
    decisions = application.of_selection  # type: ignore[attr-defined]
    return Line(application, decisions[0] if decisions else None)


def in_selection(person: User) -> QuerySet[Application]:
    """Return the EoIs that were shortlisted, of those that the person may see, with what was decided about them."""
    decisions = Decision.objects.filter(stage=Stage.SELECTION).select_related("decided_by").order_by("-pk")
    seen = Application.objects.visible_to(person).filter(status__in=SHORTLISTED_ONCE).select_related("council", "call__cohort")
    return seen.prefetch_related(Prefetch("decisions", queryset=decisions, to_attr="of_selection"))


@admin.register(Decision)
class SelectionAdmin(ReadOnlyAdmin):
    """The pages of the selection. A conflict of interest hides an EoI from all of them."""

    def get_urls(self) -> list[URLPattern]:
        """Give each page its address."""
        return [
            self.address("decide/<int:application_id>/", self.decide, "decide"),
            self.address("clear/<int:application_id>/", self.clear, "clear"),
            self.address("promote/<int:application_id>/", self.promote, "promote"),
            *super().get_urls(),
        ]

    def decider(self, request: HttpRequest) -> User:
        """Return the person. Raises PermissionDenied unless they decide."""
        person: User = request.user  # type: ignore[assignment]
        if not person.has_perm(MAY_DECIDE):
            raise PermissionDenied
        return person

    def board(self, call_id: int) -> str:
        """Return the address of the list of a call."""
        return f"{reverse('admin:applications_decision_changelist')}?call={call_id}"

    @method_decorator(require_GET)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the places, and where each shortlisted EoI stands: those to decide first, then reserves by their rank."""
        del extra_context
        person: User = request.user  # type: ignore[assignment]
        if not self.has_view_permission(request):
            raise PermissionDenied
        calls = opened_calls()
        call = call_at_selection(request, calls)
        lines = [line_of(each) for each in in_selection(person).filter(call=call).order_by("reference")] if call else []
        order = list(SHORTLISTED_ONCE)
        lines.sort(key=lambda line: (order.index(ApplicationStatus(line.application.status)), rank_of(line), line.application.reference))
        return self.page(
            request,
            "admin/applications/decision_list.html",
            title="The selection",
            call=call,
            calls=calls,
            page_obj=Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
            tiles=tiles_of(call, lines) if call else [],
            can_promote=call is not None and person.has_perm(MAY_DECIDE) and free_to_promote(call) > 0,
            may_decide=person.has_perm(MAY_DECIDE),
            may_prepare=person.has_perm(MAY_DECIDE) and any(line.is_held for line in lines),
            pending=next((line.decision.release_id for line in lines if line.is_held and line.decision), None),
        )

    @method_decorator(require_http_methods(["GET", "POST"]))
    def decide(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Decide about a shortlisted EoI by hand."""
        person = self.decider(request)
        application = get_visible_or_404(Application.objects.select_related("call", "council"), person, pk=application_id)
        decision = application.decisions.held().filter(stage=Stage.SELECTION).first()
        form = SelectionForm(
            request.POST if request.method == "POST" else None,
            criteria=application.call.criteria.all(),
            decision=decision,
            taken=ranks_taken(application),
        )
        version = decision.version if decision else ""
        # A page that was refused for another reason goes on knowing what it knew.
        known = request.POST.get("seen", "") if request.method == "POST" else version
        try:
            if request.method == "POST" and form.is_valid() and self.decided(request, application, form):
                return redirect(self.board(application.call_id))
        except DecisionConflict:
            form.add_error(
                None, "Somebody else decided while you had this page open. Nothing was overwritten. Hold yours if you still want to"
            )
            known = version
        return self.page(
            request,
            "admin/applications/decision.html",
            seen=known,
            version=version,
            title=str(application),
            application=application,
            decision=decision,
            form=form if Line(application, decision).can_be_decided else None,
            board=self.board(application.call_id),
        )

    def decided(self, request: HttpRequest, application: Application, form: SelectionForm) -> bool:
        """Hold the decision and say so. Returns False when the form has to be shown again, or raises DecisionConflict."""
        person: User = request.user  # type: ignore[assignment]
        names = ("reason", "feedback", "reserve_rank")
        outcome = ApplicationStatus(form.cleaned_data["outcome"])
        try:
            words = {name: form.cleaned_data[name] for name in names} | {"seen": request.POST.get("seen", "")}
            decide(application_id=application.pk, outcome=outcome, by=person, **words)
        except (InvalidTransition, ValidationError) as refusal:
            form.add_error(None, str(refusal) if isinstance(refusal, InvalidTransition) else refusal)
            return False
        messages.success(request, f"{application.reference}: {outcome.label.lower()}. The council hears nothing before the release.")
        return True

    @method_decorator(require_POST)
    def clear(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Clear the held decision."""
        person = self.decider(request)
        application = get_visible_or_404(Application.objects, person, pk=application_id)
        try:
            clear_decision(application_id=application.pk, seen=request.POST.get("seen", ""), by=person)
            messages.success(request, "The decision is cleared.")
        except DecisionConflict:
            messages.error(request, "Somebody else changed the decision while you had the page open. Nothing was cleared.")
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        return redirect(self.board(application.call_id))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def promote(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Ask, then hold the decision to offer a reserve a free place."""
        person = self.decider(request)
        application = get_visible_or_404(Application.objects.select_related("call__cohort", "council"), person, pk=application_id)
        form = PromotionForm(request.POST if request.method == "POST" else None)
        back = self.board(application.call_id)
        if request.method == "POST" and form.is_valid():
            try:
                promote_reserve(application_id=application.pk, reason=form.cleaned_data["reason"], by=person)
                messages.success(request, f"The offer to {application} is held. Prepare its release next.")
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
            return redirect(back)
        if why_not := obstacle(application, application.call):
            messages.error(request, why_not)
            return redirect(back)
        free = free_to_promote(application.call)
        found = outlook(application.call, person)
        effect = found.effect_of(application.pk) if found else None
        with_it = found.field.numbers(found.stay | {application.pk}) if found else {}
        return self.page(
            request,
            "admin/applications/decision_promote.html",
            title="Promote a reserve",
            application=application,
            free=free,
            form=form,
            outlook=found,
            left=self.names(person, found.left) if found else [],
            effect=effect,
            tiles=tiles({group: number for (name, group), number in with_it.items() if name == "region"}),
            reserves=self.reserves(person, application.call_id, found) if found else [],
            back=back,
        )

    def names(self, person: User, keys: Collection[int]) -> list[str]:
        """Return the councils of some EoIs, of those that the person may see."""
        seen = Application.objects.visible_to(person).filter(pk__in=keys)
        return list(seen.order_by("council__name").values_list("council__name", flat=True))

    def reserves(self, person: User, call_id: int, found: Outlook) -> list[tuple[Line, Effect]]:
        """Return the reserves in the order of their ranks, each with what promoting it would do."""
        effects = {effect.candidate.application: effect for effect in found.effects}
        lines = [line_of(each) for each in in_selection(person).filter(call=call_id, pk__in=effects)]
        return [(line, effects[line.application.pk]) for line in sorted(lines, key=rank_of)]


def rank_of(line: Line) -> int:
    """Return a reserve's rank, for the order of the list."""
    return (line.decision.reserve_rank if line.decision else None) or 0


def tiles_of(call: Call, lines: list[Line]) -> list[tuple[int, str]]:
    """Return the figures above the list. Places and offers count every EoI, the decisions those that the person may see."""
    held = [line.decision for line in lines if line.decision and line.decision.released_at is None]
    return [
        (call.cohort.places, "places at most"),
        (call.cohort.places_taken, "taken by members"),
        (Offer.objects.open().filter(application__call=call).count(), "offered and not answered"),
        (free_places(call), "free to offer"),
        (sum(decision.outcome == ApplicationStatus.OFFERED for decision in held), "offers held for the next release"),
        (sum(line.waits and line.decision is None for line in lines), "still to decide"),
    ]
