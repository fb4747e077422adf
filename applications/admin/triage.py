"""Triage in the office: the queue, the page to assess on, the comparison, and the board on which the shortlist forms."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from applications.admin.choosing import chosen_call, opened_calls
from applications.admin.exporting import FORMATS
from applications.forms.triage import AssessmentForm, DecisionForm, PutBackForm
from applications.models import Application, Assessment, Call, Conflict, Criterion, Decision
from applications.services.answers import Answered, answered_sections
from applications.services.decisions import DecisionConflict, accept_shared_outcomes, clear_decision, decide, in_conflict_now
from applications.services.scoring import Comparison, compared, in_triage
from applications.services.triage import (
    AssessmentConflict,
    ask_for_third,
    claim,
    complete_assessment,
    eligibility_facts,
    go_on,
    open_to,
    put_back,
    reopen_assessment,
    save_assessment,
)
from applications.services.triage_export import export_triage
from applications.states import OUTCOMES, ApplicationStatus, Stage
from applications.views.sections import typed_revision
from cohort.states import Control, CouncilKind, Region
from upstream.accounts.models import User
from upstream.charts import parts, tiles
from upstream.deadlines import LONDON, counted, time_in_words
from upstream.http import get_visible_or_404
from upstream.office import Act, ReadOnlyAdmin
from upstream.transitions import InvalidTransition

MAY_ASSESS = "applications.assess_application"
MAY_DECIDE = "applications.decide_application"
# How many lines the queue shows of what others do; the board has them all.
SHOWN = 10


@dataclass(frozen=True)
class Card:
    """A criterion with the answers that are judged by it, and the two fields to judge with."""

    criterion: Criterion
    answers: list[Answered]
    score: Any
    reason: Any


@dataclass(frozen=True)
class Filter:
    """A filter of the board: its name in the address, its label, and its choices."""

    name: str
    label: str
    choices: list[tuple[str, str]]
    chosen: str


STANDINGS = (("open", "Being assessed"), ("agrees", "Assessors agree"), ("differs", "Assessors differ"))
DECISIONS = (
    ("none", "No decision"),
    ("again", "To be decided again"),
    *((outcome.value, outcome.label) for outcome in OUTCOMES[Stage.SHORTLIST]),
)


def standing_of(comparison: Comparison) -> str:
    """Return where the assessors of an EoI are, as the board filters it."""
    if not comparison.is_complete:
        return "open"
    return "agrees" if comparison.agrees else "differs"


def decision_of(comparison: Comparison) -> str:
    """Return what is decided about an EoI, as the board filters it."""
    if comparison.is_to_be_decided_again:
        return "again"
    return comparison.decision.outcome if comparison.decision else "none"


def facts_to_filter(comparison: Comparison) -> dict[str, str]:
    """Return what the board filters an EoI by."""
    application: Any = comparison.application
    return {
        "standing": standing_of(comparison),
        "decision": decision_of(comparison),
        "region": application.council.region,
        "control": application.control,
        "kind": application.council.kind,
    }


def reopen(assessment: Assessment, user: User) -> str:
    """Take one's own assessment up again."""
    reopen_assessment(assessment_id=assessment.pk, by=user)
    return "The assessment is open again. It counts once you complete it."


def is_own_and_complete(assessment: Assessment, user: User) -> bool:
    """Return whether the person could take it up again."""
    return assessment.assessor_id == user.pk and assessment.completed_at is not None


@admin.register(Assessment)
class TriageAdmin(ReadOnlyAdmin):
    """The pages of triage. What a person sees on each comes from `visible_to`, so that a conflict of interest hides the EoI everywhere."""

    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="reopen",
            label="Open my assessment again",
            permission=MAY_ASSESS,
            run=reopen,
            consequence="Until you complete it again it does not count, and you do not see the others'.",
            offered=is_own_and_complete,
        ),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  (Django's signature)
        """Let in whoever assesses or decides."""
        return request.user.has_perm(MAY_ASSESS) or request.user.has_perm(MAY_DECIDE)

    def get_urls(self) -> list[URLPattern]:
        """Give each page its address."""
        by_id = "<int:application_id>/"
        return [
            self.address("next/", self.take_next, "next"),
            self.address(f"take/{by_id}", self.take, "take"),
            self.address("board/", self.board, "board"),
            self.address("accept/", self.accept, "accept"),
            self.address("export/<str:file_format>/", self.export, "export"),
            self.address(f"compare/{by_id}", self.compare, "compare"),
            self.address(f"third/{by_id}", self.ask_third, "third"),
            self.address(f"clear/{by_id}", self.clear, "clear"),
            self.address("<int:object_id>/autosave/", self.autosave, "autosave"),
            self.address("<int:object_id>/return/", self.put_back, "return"),
            *super().get_urls(),
        ]

    def refuse_without(self, request: HttpRequest, *permissions: str) -> User:
        """Return the person. Raises PermissionDenied unless they have one of the permissions."""
        person: User = request.user  # type: ignore[assignment]
        if not any(person.has_perm(permission) for permission in permissions):
            raise PermissionDenied
        return person

    def to(self, page: str, call: Call | int | None = None) -> str:
        """Return the address of a page, of a call where there is one."""
        address = reverse(f"admin:{self.url_name(page)}")
        pk = call.pk if isinstance(call, Call) else call
        return f"{address}?call={pk}" if pk else address

    def compared_in(self, call: Call, user: User) -> list[Comparison]:
        """Return the EoIs of a call with what this person may see of their assessments."""
        mine = in_triage(user).filter(call=call).with_control().select_related("council")  # type: ignore[attr-defined]
        return compared(mine, Assessment.objects.visible_to(user))

    @method_decorator(require_GET)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the queue: what is left for me, what I have started, what waits for a second, what differs."""
        del extra_context
        person = self.refuse_without(request, MAY_ASSESS, MAY_DECIDE)
        calls = opened_calls()
        call = chosen_call(request, calls)
        if call is None:
            return self.page(request, "admin/applications/triage_queue.html", title="Triage", call=None)
        found = self.compared_in(call, person)
        waiting = [comparison for comparison in found if comparison.application.status == ApplicationStatus.SUBMITTED]
        undecided = [comparison for comparison in waiting if not comparison.decision]
        may_assess = person.has_perm(MAY_ASSESS)
        left = list(open_to(person).filter(call=call).select_related("council")) if may_assess else []
        claims = Assessment.objects.taken_up(person).filter(application__call=call).select_related("application__council", "assessor")
        claimed = list(claims.order_by("claimed_at"))
        return self.page(
            request,
            "admin/applications/triage_queue.html",
            title="Triage",
            call=call,
            calls=calls,
            total=len(found),
            shown=f":{SHOWN}",
            tiles=[
                (sum(each.is_complete for each in found), f"of {len(found)} assessed by all who are wanted", ""),
                (sum(each.agrees for each in undecided), "agreed and not decided", "&standing=agrees&decision=none"),
                (sum(each.differs for each in undecided), "differing and not decided", "&standing=differs&decision=none"),
                (sum(each.decision is not None for each in found), "decided", ""),
            ],
            left=left,
            seconds=[application for application in left if application.finished],  # type: ignore[attr-defined]
            started=[assessment for assessment in claimed if assessment.assessor_id == person.pk],
            others=[assessment for assessment in claimed if assessment.assessor_id != person.pk],
            differing=[comparison for comparison in undecided if comparison.differs],
            to_answer=Conflict.objects.proposed().filter(user=person, application__call=call).select_related("application__council"),
            may_assess=may_assess,
            may_decide=person.has_perm(MAY_DECIDE),
            board=self.to("board", call),
            next=self.to("next", call),
        )

    @method_decorator(require_POST)
    def take_next(self, request: HttpRequest) -> HttpResponse:
        """Go on with what the person has started, or take up the next EoI."""
        person = self.refuse_without(request, MAY_ASSESS)
        call = chosen_call(request, opened_calls())
        return self.serve_next(request, call.pk, person) if call else redirect(self.to("changelist"))

    def serve_next(self, request: HttpRequest, call_id: int, person: User) -> HttpResponse:
        """Lead to the EoI that the person has started, or to the next one, or say that nothing is left."""
        assessment = go_on(call_id=call_id, by=person)
        if assessment:
            return redirect(self.page_url(assessment))
        messages.info(request, "Nothing is left for you to assess. What others have to finish appears below.")
        return redirect(self.to("changelist", call_id))

    @method_decorator(require_POST)
    def take(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Take up this EoI."""
        person = self.refuse_without(request, MAY_ASSESS)
        application = get_visible_or_404(Application.objects, person, pk=application_id)
        try:
            return redirect(self.page_url(claim(application_id=application.pk, by=person)))
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
            return redirect(self.to("changelist", application.call_id))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page to assess on, or keep what was written there. What is finished, or another's, is read on the comparison."""
        del form_url, extra_context
        assessment = self.visible_or_404(request, object_id)
        person: User = request.user  # type: ignore[assignment]
        finished = assessment.completed_at or assessment.assessor_id != person.pk
        if finished or assessment.application.status != ApplicationStatus.SUBMITTED:
            if request.method == "POST":
                messages.error(request, "This assessment can no longer be changed, so what you sent was not saved.")
            return redirect(reverse(f"admin:{self.url_name('compare')}", args=[assessment.application_id]))
        application = Application.objects.select_related("call__cohort", "council").with_deadline().get(pk=assessment.application_id)
        if request.method == "GET":
            form = self.form_for(assessment, application)
            return self.assess(request, assessment, application, form)
        form = self.form_for(assessment, application, request.POST)
        form.is_valid()
        draft = form.draft()
        try:
            assessment = save_assessment(assessment_id=assessment.pk, revision=typed_revision(request), draft=draft, by=person)  # type: ignore[arg-type]
            if form.is_valid() and request.POST.get("action") != "later":
                complete_assessment(assessment_id=assessment.pk, by=person)
                messages.success(request, f"Your assessment of {application.reference} is complete.")
                return self.serve_next(request, application.call_id, person)
        except AssessmentConflict as conflict:
            return self.assess(request, conflict.assessment, application, form, conflict=form.saved_otherwise())
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        except ValidationError as missing:
            form.add_error(None, missing)
        if form.errors:
            return self.assess(request, assessment, application, form)
        return redirect(self.to("changelist", application.call_id))

    def form_for(self, assessment: Assessment, application: Application, data: Any = None) -> AssessmentForm:
        """Return the form of an assessment."""
        return AssessmentForm(data, assessment=assessment, criteria=application.call.criteria.all())

    def assess(
        self,
        request: HttpRequest,
        assessment: Assessment,
        application: Application,
        form: AssessmentForm,
        conflict: dict[str, str] | None = None,
    ) -> HttpResponse:
        """Render the page to assess on: each criterion's answers beside its card."""
        answers = [answered for section in answered_sections(application) for answered in section.answers]
        by_criterion = {criterion.pk: [a for a in answers if a.question.criterion_id == criterion.pk] for criterion in form.criteria}
        cards = [
            Card(criterion, by_criterion[criterion.pk], form[f"score_{criterion.pk}"], form[f"reason_{criterion.pk}"])
            for criterion in form.criteria
        ]
        response = self.page(
            request,
            "admin/applications/triage_assess.html",
            is_nav_sidebar_enabled=False,  # the work needs the width
            title=f"Assess {application.reference} {application.council}",
            assessment=assessment,
            application=application,
            form=form,
            cards=cards,
            others=[answered for answered in answers if answered.question.criterion_id not in by_criterion],
            facts=eligibility_facts(application),
            conflict=conflict,
            queue=self.to("changelist", application.call_id),
        )
        response.status_code = 200 if conflict is None else 409
        return response

    @method_decorator(require_POST)
    def autosave(self, request: HttpRequest, object_id: int) -> JsonResponse:
        """Save as the assessor writes, and answer as `autosave.js` reads it."""
        person = self.refuse_without(request, MAY_ASSESS)
        own = Assessment.objects.filter(assessor=person).select_related("application__call")
        assessment = get_visible_or_404(own, person, pk=object_id)
        form = self.form_for(assessment, assessment.application, request.POST)
        form.is_valid()
        try:
            saved = save_assessment(assessment_id=object_id, revision=typed_revision(request), draft=form.draft(), by=person)  # type: ignore[arg-type]
        except AssessmentConflict as conflict:
            return JsonResponse({"error": "conflict", "saved_by": "You, in another window,", **described(conflict.assessment)}, status=409)
        except InvalidTransition:
            return JsonResponse({"error": "closed"}, status=409)
        return JsonResponse({**described(saved), "unsaved": form.unreadable()})

    @method_decorator(require_http_methods(["GET", "POST"]))
    def put_back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask, then give an unfinished assessment back to the queue."""
        person = self.refuse_without(request, MAY_ASSESS, MAY_DECIDE)
        taken = Assessment.objects.taken_up(person).select_related("application__council", "assessor")
        assessment = get_object_or_404(taken, pk=object_id)
        is_own = assessment.assessor_id == person.pk
        queue = self.to("changelist", assessment.application.call_id)
        form = PutBackForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and (is_own or form.is_valid()):
            try:
                put_back(assessment_id=assessment.pk, by=person, reason="" if is_own else form.cleaned_data["reason"])
                messages.success(request, f"{assessment.application.reference} is back in the queue.")
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
            return redirect(queue)
        who = "you have" if is_own else f"{assessment.assessor} has"
        act = {
            "label": "Give back to the queue",
            "consequence": f"Another assessor can then take it up. What {who} written about it is deleted.",
            "danger": True,
        }
        return self.page(
            request,
            "admin/act.html",
            title="Give back to the queue",
            act=act,
            record=assessment.application,
            form=() if is_own else form,
            back=queue,
        )

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
        response = self.page(
            request,
            "admin/applications/triage_compare.html",
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
        response.status_code = 409 if conflict else 200
        return response

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
        person = self.refuse_without(request, MAY_DECIDE)
        application = get_visible_or_404(Application.objects, person, pk=application_id)
        try:
            ask_for_third(application_id=application.pk, by=person)
            messages.success(request, "The queue now serves it to a third assessor.")
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        return redirect(f"admin:{self.url_name('compare')}", application_id)

    @method_decorator(require_POST)
    def clear(self, request: HttpRequest, application_id: int) -> HttpResponse:
        """Clear the held decision."""
        person = self.refuse_without(request, MAY_DECIDE)
        application = get_visible_or_404(Application.objects, person, pk=application_id)
        try:
            clear_decision(application_id=application.pk, seen=request.POST.get("seen", ""), by=person)
            messages.success(request, "The decision is cleared.")
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        except DecisionConflict:
            messages.error(request, "The decision has changed since you opened the page, so it was not cleared. It now stands as below.")
        return redirect(f"admin:{self.url_name('compare')}", application_id)

    @method_decorator(require_GET)
    def board(self, request: HttpRequest) -> HttpResponse:
        """Show all EoIs by score, and beside them the spread of the shortlist as it forms."""
        person = self.refuse_without(request, MAY_DECIDE)
        calls = opened_calls()
        call = chosen_call(request, calls)
        found = self.compared_in(call, person) if call else []
        filters = [
            Filter("standing", "Assessors", list(STANDINGS), request.GET.get("standing", "")),
            Filter("decision", "Decision", list(DECISIONS), request.GET.get("decision", "")),
            Filter("region", "Nation or region", Region.choices, request.GET.get("region", "")),
            Filter("control", "Political control", Control.choices, request.GET.get("control", "")),
            Filter("kind", "Kind of council", CouncilKind.choices, request.GET.get("kind", "")),
        ]
        chosen = {each.name: each.chosen for each in filters if each.chosen}
        shown = [each for each in found if chosen.items() <= facts_to_filter(each).items()]
        return self.page(
            request,
            "admin/applications/triage_board.html",
            is_nav_sidebar_enabled=False,  # the work needs the width
            title="The board",
            call=call,
            calls=calls,
            rows=sorted(shown, key=lambda each: (-(each.mean if each.mean is not None else -1), each.application.reference)),
            total=len(found),
            filters=filters,
            is_filtered=bool(chosen),
            acceptable=sum(each.can_be_accepted for each in found),
            may_export=person.has_perm("applications.export_application"),
            may_prepare=person.has_perm("applications.view_release"),
            **spread(found),
        )

    @method_decorator(require_http_methods(["GET", "POST"]))
    def accept(self, request: HttpRequest) -> HttpResponse:
        """List the outcomes that assessors share, then hold them all."""
        person = self.refuse_without(request, MAY_DECIDE)
        call = chosen_call(request, opened_calls())
        if request.method == "POST":
            accepted = accept_shared_outcomes(expected=expected_outcomes(request.POST.getlist("outcome")), by=person)
            number = len(accepted.decisions)
            messages.success(request, f"{counted(number, 'decision') or 'No decision'} held. Councils hear nothing before the release.")
            for application, why in accepted.skipped:
                messages.warning(request, f"{application} was left as it is: {why}.")
            return redirect(self.to("board", call))
        offered = [each for each in self.compared_in(call, person) if each.can_be_accepted] if call else []
        groups = [(outcome, [each for each in offered if each.proposed == outcome]) for outcome in OUTCOMES[Stage.SHORTLIST]]
        return self.page(
            request,
            "admin/applications/triage_accept.html",
            title="Accept the shared outcome",
            call=call,
            number=len(offered),
            groups=[group for group in groups if group[1]],
            board=self.to("board", call),
        )

    @method_decorator(require_POST)
    def export(self, request: HttpRequest, file_format: str) -> HttpResponseBase:
        """Send the board as a table: everything this person may see of it."""
        if file_format not in FORMATS:
            raise Http404
        person = self.refuse_without(request, MAY_DECIDE)
        self.refuse_without(request, "applications.export_application")
        call = chosen_call(request, opened_calls())
        if call is None:
            raise Http404
        return FORMATS[file_format](export_triage(call=call, file_format=file_format, by=person), title="Triage")


def described(assessment: Assessment) -> dict[str, Any]:
    """Return a save as the page's script reads it."""
    at = assessment.saved_at
    return {"revision": assessment.revision, "saved_at": time_in_words(at.astimezone(LONDON)) if at else ""}


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


def expected_outcomes(texts: Iterable[str]) -> dict[int, ApplicationStatus]:
    """Return the outcomes that the page listed, by EoI id; anything unreadable is left out."""
    pairs = [text.partition(":") for text in texts]
    known = {outcome.value for outcome in OUTCOMES[Stage.SHORTLIST]}
    return {
        int(pk): ApplicationStatus(outcome)
        for pk, _, outcome in pairs
        if pk.isdecimal() and len(pk) < 19 and outcome in known  # noqa: PLR2004  (what a database key holds)
    }


def spread(found: list[Comparison]) -> dict[str, Any]:
    """Return the shortlist as it forms, by region, control and kind, against all who applied."""

    def numbers(comparisons: Iterable[Comparison], name: str) -> Counter[str]:
        return Counter(facts_to_filter(each)[name] for each in comparisons)

    shortlist = [each for each in found if each.decision and each.decision.outcome == ApplicationStatus.SHORTLISTED]
    charts = (("Nation or region", "region", Region), ("Political control", "control", Control), ("Kind of council", "kind", CouncilKind))
    return {
        "shortlisted": len(shortlist),
        "tiles": tiles(numbers(shortlist, "region")),
        "charts": [
            (heading, parts([(each.value, str(each.label)) for each in kind], numbers(shortlist, name), numbers(found, name)))
            for heading, name, kind in charts
        ],
    }
