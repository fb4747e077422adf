"""The selection workbench in the office: a page for every state of it, all with addresses of their own and plain forms."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from applications.admin.choosing import call_at_selection, opened_calls
from applications.admin.filters import CallFilter
from applications.admin.triage_pages import MAY_DECIDE
from applications.admin.workbench_page import Shown, shown, shown_together
from applications.forms.workbench import NameForm, RulesForm
from applications.models import Call, Lottery, Release, Scenario
from applications.services.releases import read_outcomes
from applications.services.workbench.adopting import adopt, by_hand, proposals, why_not
from applications.services.workbench.calculation import Result
from applications.services.workbench.candidates import Field, gather
from applications.services.workbench.impact import adopted, halos, overrides, selected
from applications.services.workbench.lots import commit_to_lots
from applications.services.workbench.scenarios import NOBODY, begin, change, renew, repeated, save_with_name
from applications.services.workbench.spread import FEWEST, baselines, distribution, rates
from applications.states import OUTCOMES, Stage
from upstream.accounts.models import User
from upstream.charts import tiles
from upstream.http import whole_number
from upstream.office import Act, ReadOnlyAdmin, moment
from upstream.transitions import InvalidTransition

MOST_COMPARED = 3
MOST_LISTED = 50


def save(scenario: Scenario, user: User, name: str, note: str) -> str:
    """Give the scenario a name."""
    save_with_name(scenario_id=scenario.pk, name=name, note=note, by=user)
    return f"Saved as “{name}”."


@admin.register(Scenario)
class WorkbenchAdmin(ReadOnlyAdmin):
    """Scenarios: the list of those with a name, and the workbench itself, which is the page of one."""

    list_display = ("__str__", "call", "places", "made_by", moment("made_at", "Made"), moment("adopted_at", "Adopted"))
    list_filter = (CallFilter,)
    list_select_related = ("call", "made_by")
    empty_list = "No scenario has been saved with a name yet. Open the workbench, set the rules, and save what you want to keep."
    change_list_template = "admin/applications/scenario_list.html"
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="save",
            label="Save with a name",
            permission="applications.view_scenario",
            run=save,
            form=NameForm,
            consequence="A scenario with a name is listed and can be compared with others. Nothing is decided by it.",
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Give each page its address."""
        return [
            self.address("workbench/", self.workbench, "workbench"),
            self.address("lots/", self.lots, "lots"),
            self.address("compare/", self.compare, "compare"),
            self.address("impact/", self.impact, "impact"),
            self.address("<path:object_id>/again/", self.again, "again"),
            self.address("<path:object_id>/renew/", self.renew, "renew"),
            self.address("<path:object_id>/adopt/", self.adopt, "adopt"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Ask for those with a name, which are few; the others are the way to them."""
        return super().changelist_view(request, {"title": "Scenarios", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the heavy columns out of the list."""
        records = super().get_queryset(request).select_related("call__cohort")
        is_list = request.resolver_match is not None and request.resolver_match.url_name == self.url_name("changelist")
        return records.exclude(name="").defer("inputs", "rules", "result") if is_list else records

    @method_decorator(require_http_methods(["GET", "POST"]))
    def workbench(self, request: HttpRequest) -> HttpResponse:
        """Say how the selection of a call stands, and start its first scenario."""
        person = self.person(request)
        calls = opened_calls()
        call = call_at_selection(request, calls)
        field, refusal = gather(call, person) if call else (Field(()), "No call has opened yet, so there is nothing to select from.")
        refusal = refusal or ("" if field.candidates else NOBODY)
        if request.method == "POST" and call and not refusal:
            try:
                return redirect(self.page_url(begin(call=call, by=person)))
            except InvalidTransition as error:
                refusal = str(error)
        scenarios = Scenario.objects.visible_to(person).filter(call=call).defer("inputs", "rules", "result").select_related("made_by")
        return self.page(
            request,
            "admin/applications/workbench_start.html",
            title="Selection workbench",
            call=call,
            calls=calls,
            refusal=refusal,
            candidates=len(field.candidates),
            latest=scenarios.first(),
            lottery=lottery_of(call, person),
            saved=scenarios.saved()[:MOST_LISTED],
        )

    @method_decorator(require_POST)
    def lots(self, request: HttpRequest) -> HttpResponse:
        """Commit to a draw that breaks ties."""
        person = self.person(request)
        if not person.has_perm(MAY_DECIDE):
            raise PermissionDenied
        call = call_at_selection(request, opened_calls())
        if call is None:
            raise Http404
        try:
            lottery = commit_to_lots(call_id=call.pk, by=person)
            messages.success(request, f"Committed. Publish this now, so that it can be checked later: {lottery.commitment}")
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        return redirect(f"{reverse('admin:applications_scenario_workbench')}?call={call.pk}")

    @method_decorator(require_http_methods(["GET", "POST"]))
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a scenario with its rules as a form. Other rules make another scenario, with an address of its own."""
        del form_url, extra_context
        scenario, person = self.scenario_or_404(request, object_id)
        present, refusal = gather(scenario.call, person)
        if refusal:
            return self.refuse(request, scenario.call, refusal)
        found = shown(scenario, person)
        form = RulesForm(
            request.POST if request.method == "POST" else None,
            scenario=scenario,
            field=found.field,
            chosen=found.result.chosen,
            councils={
                candidate.application: f"{found.councils[candidate.application]}, {candidate.reference}"
                for candidate in found.field.candidates
            },
            initial={"lock": request.GET.get("lock", "")},
        )
        if request.method == "POST" and form.is_valid():
            places, basis = form.cleaned_data["places"], form.cleaned_data["basis"]
            try:
                return redirect(self.page_url(change(scenario=scenario, places=places, basis=basis, rules=form.asked(), by=person)))
            except InvalidTransition as refusal:
                form.add_error(None, str(refusal))
        measure = baselines(scenario.call)
        spread = distribution(measure, found.result.chosen)
        return self.page(
            request,
            "admin/applications/workbench.html",
            title=f"Selection workbench: {scenario}",
            scenario=scenario,
            found=found,
            form=form,
            has_changed=present != found.field,
            spread=spread,
            tiles=tiles({group: number for (name, group), number in found.field.numbers(found.result.chosen).items() if name == "region"}),
            measure=measure,
            others=self.others(scenario, person),
            may_adopt=person.has_perm(MAY_DECIDE),
            lottery=lottery_of(scenario.call, person),
            offered_acts=self.offered_acts(request, scenario),
        )

    @method_decorator(require_safe)
    def compare(self, request: HttpRequest) -> HttpResponse:
        """Show two or three scenarios of a call side by side."""
        person = self.person(request)
        keys = list(dict.fromkeys(whole_number(key) for key in request.GET.getlist("with")))
        scenarios = list(Scenario.objects.visible_to(person).filter(pk__in=keys).select_related("call__cohort", "made_by").order_by("pk"))
        calls = {scenario.call_id for scenario in scenarios}
        if refusal := self.not_comparable(scenarios, calls, person):
            return self.page(request, "admin/applications/workbench_compare.html", title="Compare scenarios", refusal=refusal)
        found = shown_together(scenarios, person)
        return self.page(
            request,
            "admin/applications/workbench_compare.html",
            title="Compare scenarios",
            call=scenarios[0].call,
            found=found,
            differing=differing(found),
            shared=len(frozenset.intersection(*(each.result.chosen for each in found))),
        )

    def not_comparable(self, scenarios: list[Scenario], calls: set[int], person: User) -> str:
        """Return why these cannot be laid side by side, or nothing."""
        if not 2 <= len(scenarios) <= MOST_COMPARED:  # noqa: PLR2004
            return "Select two or three scenarios to compare, on the workbench of their call."
        if len(calls) > 1:
            return "These scenarios are of different calls, so they have no candidate in common. Select scenarios of one call."
        return gather(scenarios[0].call, person)[1]

    @method_decorator(require_POST)
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Run the scenario again from what is saved, and say whether it comes out the same."""
        scenario, _ = self.scenario_or_404(request, object_id)
        result = Result.read(scenario.result)
        if repeated(scenario) == result:
            text = f"Run again from the saved scores, rules and seed: the same {len(result.chosen)}, and every figure the same."
            messages.success(request, text)
        else:
            messages.error(request, "Run again, this came out differently. Tell whoever looks after the software before you rely on it.")
        return redirect(self.page_url(scenario))

    @method_decorator(require_POST)
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Start a new scenario with these rules from the present scores."""
        scenario, person = self.scenario_or_404(request, object_id)
        try:
            fresh = renew(scenario=scenario, by=person)
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
            return redirect(self.page_url(scenario))
        messages.success(request, "This is a new scenario from the present scores, with the same rules.")
        return redirect(self.page_url(fresh))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def adopt(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, with the names under each outcome, then hold the decisions."""
        scenario, person = self.scenario_or_404(request, object_id)
        if not person.has_perm(MAY_DECIDE):
            raise PermissionDenied
        if request.method == "POST":
            overwrite = {whole_number(key) for key in request.POST.getlist("overwrite")}
            try:
                adopt(scenario_id=scenario.pk, overwrite=overwrite, by=person)
            except InvalidTransition as refusal:
                messages.error(request, str(refusal))
                return redirect(self.page_url(scenario))
            except ValidationError as refusal:
                messages.error(request, refusal.messages[0])
            else:
                text = "Adopted. The decisions are held. Councils hear nothing before a release, which takes two people."
                messages.success(request, text)
                return redirect(self.page_url(scenario))
        if why := why_not(scenario, person):
            messages.error(request, why)
            return redirect(self.page_url(scenario))
        found = shown(scenario, person)
        proposed = list(proposals(scenario))
        groups = [
            (outcome, sorted((each for each in proposed if each.outcome == outcome), key=lambda each: each.rank or 0))
            for outcome in OUTCOMES[Stage.SELECTION]
        ]
        return self.page(
            request,
            "admin/applications/workbench_adopt.html",
            title="Adopt this scenario",
            scenario=scenario,
            found=found,
            groups=[(outcome, [(found.councils[each.application], each) for each in those]) for outcome, those in groups],
            total=len(proposed),
            by_hand=by_hand(scenario),
            back=self.page_url(scenario),
        )

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def impact(self, request: HttpRequest) -> HttpResponse:
        """Show whether outcomes differ between groups: as a scenario proposes them, or as they are decided in a call.

        On POST note that the person has read them, for the release that waits.
        """
        person = self.person(request)
        named = request.GET.get("scenario", "")
        scenario: Scenario | None = self.visible_or_404(request, named) if named else None
        calls = [] if scenario else opened_calls()
        call = scenario.call if scenario else call_at_selection(request, calls)
        title = "Outcomes by group"
        refusal = gather(call, person)[1] if call else "No call has opened yet, so there is nothing to compare."
        if refusal or call is None:
            return self.page(request, "admin/applications/workbench_impact.html", title=title, call=call, calls=calls, refusal=refusal)
        to_read = None if scenario else call.releases.to_read().first()
        if request.method == "POST":
            return self.noted(request, to_read)
        source = scenario or adopted(call, person)
        measure = baselines(call)
        places = set(Result.read(scenario.result).chosen) if scenario else selected(call)
        names = shown(source, person).councils if source else {}
        return self.page(
            request,
            "admin/applications/workbench_impact.html",
            title=title,
            call=call,
            calls=calls,
            scenario=scenario,
            source=source,
            measure=measure,
            selected=len(places),
            fewest=FEWEST,
            rates=rates(measure, places),
            overrides=[(names[each.application], each) for each in overrides(source)] if source else [],
            halos=halos(call, person),
            to_read=to_read,
        )

    def noted(self, request: HttpRequest, release: Release | None) -> HttpResponse:
        """Note that the person has read the outcomes by group, and go to the release that waits for it."""
        if release is None:
            messages.info(request, "No release waits for this: somebody else has noted it, or called the release off.")
            return redirect(request.get_full_path())
        try:
            read_outcomes(release_id=release.pk, by=self.person(request))
            messages.success(request, "Noted that you have read the outcomes by group.")
        except InvalidTransition as refusal:
            messages.error(request, str(refusal))
        return redirect("admin:applications_release_change", release.pk)

    def person(self, request: HttpRequest) -> User:
        """Return who asks. Raises PermissionDenied unless they may see scenarios."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return request.user  # type: ignore[return-value]

    def scenario_or_404(self, request: HttpRequest, object_id: str) -> tuple[Scenario, User]:
        """Return the scenario and who asks."""
        return self.visible_or_404(request, object_id), self.person(request)

    def refuse(self, request: HttpRequest, call: Call, refusal: str) -> HttpResponse:
        """Say why this person cannot use the workbench now."""
        return self.page(request, "admin/applications/workbench_start.html", title="Selection workbench", call=call, refusal=refusal)

    def others(self, scenario: Scenario, person: User) -> list[Scenario]:
        """Return the named scenarios that this one can be compared with."""
        of_call = Scenario.objects.visible_to(person).saved().filter(call=scenario.call_id).exclude(pk=scenario.pk)
        return list(of_call.defer("inputs", "rules", "result")[:MOST_LISTED])


def lottery_of(call: Call | None, person: User) -> Lottery | None:
    """Return the draw that breaks ties, where one was committed to. Its seed is for nobody's eyes before it is revealed."""
    return Lottery.objects.visible_to(person).filter(call=call).select_related("committed_by").first()


def differing(found: list[Shown]) -> list[tuple[str, list[str]]]:
    """Return the councils whose outcome is not the same in all, and what each scenario makes of them."""
    names = {pk: name for each in found for pk, name in each.councils.items()}
    rows = [(names[pk], [outcome(each, pk) for each in found]) for pk in names]
    return sorted((name, outcomes) for name, outcomes in rows if len(set(outcomes)) > 1)


def outcome(found: Shown, application: int) -> str:
    """Return what a scenario makes of an EoI, in words."""
    if application not in found.councils:
        return "Not a candidate"
    if application in found.result.chosen:
        return "Place"
    reserves = found.result.reserves
    return f"Reserve {reserves.index(application) + 1}" if application in reserves else "No place"
