"""What the assessors of one EoI made of it, side by side, and the decision that rests on it."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods, require_POST

from applications.admin.triage_pages import MAY_ASSESS, MAY_DECIDE, TriagePages
from applications.forms.triage import DecisionForm
from applications.models import Application, Assessment, Criterion, Decision
from applications.services.decisions import DecisionConflict, clear_decision, decide, in_conflict_now
from applications.services.scoring import Comparison, compared, in_triage
from applications.services.triage import ask_for_third, eligibility_facts, open_to
from applications.states import ApplicationStatus
from upstream.accounts.models import User
from upstream.http import get_visible_or_404
from upstream.transitions import InvalidTransition


class ComparePages(TriagePages):
    """What the office's pages of triage gain: the comparison."""

    def get_urls(self) -> list[URLPattern]:
        """Give each page its address."""
        by_id = "<int:application_id>/"
        return [
            self.address(f"compare/{by_id}", self.compare, "compare"),
            self.address(f"third/{by_id}", self.ask_third, "third"),
            self.address(f"clear/{by_id}", self.clear, "clear"),
            *super().get_urls(),
        ]

    @method_decorator(require_http_methods(["GET", "POST"]))
    def compare(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Show what the assessors made of an EoI, side by side, and decide."""
        person = self.refuse_without(request, MAY_ASSESS, MAY_DECIDE)
        seen = in_triage(person).select_related("call__cohort", "council").with_deadline()  # type: ignore[attr-defined]
        application = get_object_or_404(seen, pk=application_id)
        form, conflict = DecisionForm(request.POST if request.method == "POST" else None), False
        if request.method == "POST":
            self.refuse_without(request, MAY_DECIDE)
            try:
                if form.is_valid() and self.decided(request, application, form):
                    return redirect(self.to("board", application.call_id))
            except DecisionConflict:
                conflict = True
        [comparison] = compared(seen.filter(pk=application_id), Assessment.objects.visible_to(person))
        form.initial = start_of(comparison)
        decision = comparison.decision if person.has_perm("applications.view_decision") else None
        may_decide = person.has_perm(MAY_DECIDE)
        version = comparison.decision.version if comparison.decision else ""
        own = next((a for a in application.assessments.all() if a.assessor_id == person.pk), None)
        return self.page(
            request,
            "admin/applications/triage_compare.html",
            code=409 if conflict else 200,
            is_nav_sidebar_enabled=False,  # the work needs the width
            title=f"{application.reference} {application.council}",
            application=application,
            comparison=comparison,
            rows=list(rows_of(application.call.criteria.all(), comparison)),
            facts=eligibility_facts(application),
            decision=decision,
            in_conflict=list(in_conflict_now(decision)) if decision else [],
            form=form if may_decide and comparison.can_still_be_decided else None,
            conflict=conflict,
            theirs=as_held(decision, comparison) if conflict and decision else None,
            held_by=f"Held by {decision.decided_by}" if decision else "",
            # A page that was refused for another reason goes on knowing what it knew.
            seen=version if request.method == "GET" or conflict else request.POST.get("seen", ""),
            version=version,
            may_ask_third=may_decide and comparison.may_ask_third,
            own=own,
            may_take=person.has_perm(MAY_ASSESS) and open_to(person).filter(pk=application_id).exists(),
            may_reopen=own and own.completed_at and comparison.can_still_be_decided,
            board=self.to("board", application.call_id),
        )

    def decided(self, request: HttpRequest, application: Application, form: DecisionForm) -> bool:
        """Hold the decision and say so. Returns False when the form has to be shown again, or raises DecisionConflict."""
        person: User = request.user  # type: ignore[assignment]
        data = form.cleaned_data
        outcome = ApplicationStatus(data["outcome"])
        words = {"reason": data["reason"], "feedback": data["feedback"], "seen": request.POST.get("seen", "")}
        try:
            decision = decide(application_id=application.pk, outcome=outcome, by=person, **words)
        except InvalidTransition as refusal:
            form.add_error(None, str(refusal))
            return False
        except ValidationError as refusal:  # the shortlist was released since the page was opened
            form.add_error(None, refusal)
            return False
        number, wanted = decision.assessors.count(), application.assessors_wanted
        early = f", on {number} of {wanted} assessments" if number < wanted else ""
        messages.success(request, f"{application.reference}: {outcome.label.lower()}{early}. The council hears nothing before the release.")
        return True

    @method_decorator(require_POST)
    def ask_third(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Ask for a third assessor."""
        done = "The queue now serves it to a third assessor."
        return self.acted(request, application_id, ask_for_third, done)

    @method_decorator(require_POST)
    def clear(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Clear the held decision."""
        return self.acted(request, application_id, clear_decision, "The decision is cleared.", seen=request.POST.get("seen", ""))

    def acted(self, request: HttpRequest, application_id: int, service: Callable[..., object], done: str, **asked: str) -> HttpResponse:
        """Call the service as whoever decides, and say on the comparison what came of it."""
        person = self.refuse_without(request, MAY_DECIDE)
        application = get_visible_or_404(Application.objects, person, pk=application_id)
        try:
            service(application_id=application.pk, by=person, **asked)
            messages.success(request, done)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        except DecisionConflict:
            messages.error(request, "The decision has changed since you opened the page, so it was not cleared. It now stands as below.")
        return redirect(f"admin:{self.url_name('compare')}", application_id)


def rows_of(criteria: Iterable[Criterion], comparison: Comparison) -> Iterable[tuple[Criterion, list[Any]]]:
    """Yield each criterion with the score that each assessor gave it, None where they gave none."""
    given = [{row.criterion_id: row for row in judged.assessment.scores.all()} for judged in comparison.judged]
    for criterion in criteria:
        yield criterion, [scores.get(criterion.pk) for scores in given]


def start_of(comparison: Comparison) -> dict[str, Any]:
    """Return what the decision's form begins with: the held decision, or what the assessors share.

    Of a decision that has to be taken again only the feedback is kept.
    """
    if comparison.is_to_be_decided_again:
        return {"feedback": comparison.decision.feedback}  # type: ignore[union-attr]
    if comparison.decision:
        decision: Decision = comparison.decision
        return {"outcome": decision.outcome, "reason": decision.reason if comparison.judged else "", "feedback": decision.feedback}
    return {"outcome": comparison.proposed, "reason": f"The assessors agree: {comparison.in_words}."} if comparison.proposed else {}


def as_held(decision: Decision, comparison: Comparison) -> dict[str, str]:
    """Return a decision by the fields of its form. Its reason may name scores, so it is for those who may see them."""
    held = {"outcome": decision.get_outcome_display(), "reason": decision.reason, "feedback": decision.feedback or "Nothing"}
    return held if comparison.judged else {name: text for name, text in held.items() if name != "reason"}
