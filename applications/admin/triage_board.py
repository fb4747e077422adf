"""The board of triage: all EoIs by score, the shortlist's spread as it forms, and the outcomes that assessors share."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from applications.admin.choosing import chosen_call, opened_calls
from applications.admin.exporting import FORMATS
from applications.admin.triage_pages import MAY_DECIDE, TriagePages
from applications.services.decisions import accept_shared_outcomes
from applications.services.scoring import Comparison
from applications.services.triage_export import export_triage
from applications.states import OUTCOMES, ApplicationStatus, Stage
from cohort.states import Control, CouncilKind, Region
from upstream.charts import parts, tiles
from upstream.deadlines import counted
from upstream.http import whole_number


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


class BoardPages(TriagePages):
    """What the office's pages of triage gain: the board."""

    def get_urls(self) -> list[URLPattern]:
        """Give each page its address."""
        return [
            self.address("board/", self.board, "board"),
            self.address("accept/", self.accept, "accept"),
            self.address("export/<str:file_format>/", self.export, "export"),
            *super().get_urls(),
        ]

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


def expected_outcomes(texts: Iterable[str]) -> dict[int, ApplicationStatus]:
    """Return the outcomes that the page listed, by EoI id; anything unreadable is left out."""
    pairs = [text.partition(":") for text in texts]
    known = {outcome.value for outcome in OUTCOMES[Stage.SHORTLIST]}
    return {whole_number(pk): ApplicationStatus(outcome) for pk, _, outcome in pairs if outcome in known}


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
