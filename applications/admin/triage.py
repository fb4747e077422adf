"""Triage in the office: the queue, and the page to assess on."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from applications.admin.choosing import chosen_call, opened_calls
from applications.admin.triage_board import BoardPages
from applications.admin.triage_compare import ComparePages
from applications.admin.triage_pages import MAY_ASSESS, MAY_DECIDE
from applications.forms.triage import AssessmentForm, PutBackForm
from applications.models import Application, Assessment, Conflict, Criterion
from applications.services.answers import Answered, answered_sections
from applications.services.triage import (
    AssessmentConflict,
    claim,
    complete_assessment,
    eligibility_facts,
    go_on,
    open_to,
    put_back,
    reopen_assessment,
    save_assessment,
)
from applications.states import ApplicationStatus
from applications.views.autosaving import answer_closed, answer_overtaken, answer_saved, typed_revision, who_saved
from upstream.accounts.models import User
from upstream.http import get_visible_or_404
from upstream.office import Act
from upstream.transitions import InvalidTransition

# How many lines the queue shows of what others do; the board has them all.
SHOWN = 10


@dataclass(frozen=True)
class Card:
    """A criterion with the answers that are judged by it, and the two fields to judge with."""

    criterion: Criterion
    answers: list[Answered]
    score: Any
    reason: Any


def reopen(assessment: Assessment, user: User) -> str:
    """Take one's own assessment up again."""
    reopen_assessment(assessment_id=assessment.pk, by=user)
    return "The assessment is open again. It counts once you complete it."


def is_own_and_complete(assessment: Assessment, user: User) -> bool:
    """Return whether the person could take it up again."""
    return assessment.assessor_id == user.pk and assessment.completed_at is not None


@admin.register(Assessment)
class TriageAdmin(BoardPages, ComparePages):
    """The list of assessments is the queue, and the page of one is where it is written."""

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

    def get_urls(self) -> list[URLPattern]:
        """Give each page its address."""
        by_id = "<int:application_id>/"
        return [
            self.address("next/", self.take_next, "next"),
            self.address(f"take/{by_id}", self.take, "take"),
            self.address("<int:object_id>/autosave/", self.autosave, "autosave"),
            self.address("<int:object_id>/return/", self.put_back, "return"),
            *super().get_urls(),
        ]

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
                (sum(each.is_complete for each in found), f"of {len(found)} fully assessed", ""),
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
            assessment = save_assessment(assessment_id=assessment.pk, revision=typed_revision(request), draft=draft, by=person)
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
        return self.page(
            request,
            "admin/applications/triage_assess.html",
            code=200 if conflict is None else 409,
            is_nav_sidebar_enabled=False,  # the work needs the width
            title=f"Assess {application.reference} {application.council}",
            assessment=assessment,
            application=application,
            form=form,
            cards=cards,
            others=[answered for answered in answers if answered.question.criterion_id not in by_criterion],
            facts=eligibility_facts(application),
            conflict=conflict,
            who_saved=who_saved(assessment, assessment.assessor, assessment.assessor),
            queue=self.to("changelist", application.call_id),
        )

    @method_decorator(require_POST)
    def autosave(self, request: HttpRequest, object_id: int) -> JsonResponse:
        """Save as the assessor writes, and answer as `autosave.js` reads it."""
        person = self.refuse_without(request, MAY_ASSESS)
        own = Assessment.objects.filter(assessor=person).select_related("application__call")
        assessment = get_visible_or_404(own, person, pk=object_id)
        form = self.form_for(assessment, assessment.application, request.POST)
        form.is_valid()
        try:
            saved = save_assessment(assessment_id=object_id, revision=typed_revision(request), draft=form.draft(), by=person)
        except AssessmentConflict as conflict:
            return answer_overtaken(conflict.assessment, person, person)
        except InvalidTransition:
            return answer_closed()
        return answer_saved(saved, form.unreadable())

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
