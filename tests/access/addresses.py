"""Which record each address is asked for, and what is sent to it. `r` are the records of a side, see `world`."""

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.urls import reverse

from tests.access.world import World

Arguments = Callable[[SimpleNamespace], list[Any]]


def each(names: str, value: Any) -> dict[str, Any]:
    """Return the same value for several names."""
    return dict.fromkeys(names.split(), value)


ARGUMENTS: dict[str, Arguments] = {
    **each("cohort:standing", lambda r: [r.request.pk]),
    **each("cohort:invitation", lambda r: [r.invitation.pk]),
    **each("cohort:accept cohort:refuse", lambda r: [r.requested.pk]),
    **each("cohort:role cohort:end", lambda r: [r.colleague.pk]),
    **each("cohort:people", lambda r: [r.council.code]),
    **each("documents:download", lambda r: [r.file.pk]),
    **each("applications:start_confirm", lambda r: [r.call.slug, r.council.code]),
    **each("applications:advice", lambda r: [r.call.slug, "third-sector"]),
    **each("applications:begin", lambda r: [r.fresh.slug]),
    **each("applications:section applications:autosave applications:presence", lambda r: [r.draft.reference, r.section.slug]),
    **each(
        "applications:eoi applications:answers applications:pdf applications:check applications:withdraw", lambda r: [r.draft.reference]
    ),
    **each("applications:interview", lambda r: [r.shortlisted.reference]),
    **each("applications:interview_change applications:interview_cancel", lambda r: [r.interview.application.reference]),
    **each("applications:score applications:score_autosave applications:score_conflict", lambda r: [r.draft.call.slug, r.draft.reference]),
    **each("applications:panel applications:panel_declare applications:panel_check applications:panel_conflicts", lambda r: [r.call.slug]),
    **each("applications:panel_waive", lambda r: [r.call.slug, r.conflict.pk]),
    **each("applications:receipt", lambda r: [r.submitted.reference]),
    **each(
        "applications:call applications:questions applications:questions_pdf applications:terms applications:start"
        " applications:start_council applications:start_initiative applications:start_people applications:can_apply",
        lambda r: [r.call.slug],
    ),
    **each("applications:offer applications:offer_decline applications:agreement", lambda r: [r.offer.application.reference]),
    **each("cohort:member", lambda r: [r.membership.pk]),
    **each("cohort:delegate cohort:replace", lambda r: [r.delegate.pk]),
}
OFFICE_ARGUMENTS: dict[str, Arguments] = {
    "admin:app_list": lambda _: ["cohort"],
    "admin:applications_application_export": lambda _: ["csv"],
    "admin:applications_assessment_export": lambda _: ["csv"],
    **each("admin:applications_assessment_compare admin:applications_assessment_third", lambda r: [r.to_judge.pk]),
    **each("admin:applications_assessment_clear", lambda r: [r.to_judge.pk]),
    **each("admin:applications_assessment_take", lambda r: [r.to_take.pk]),
    **each("admin:applications_assessment_next admin:applications_assessment_board admin:applications_assessment_accept", lambda _: []),
    **each("admin:applications_release_prepare", lambda _: []),
    **each("admin:applications_release_letter", lambda r: [r.letter.pk]),
    "admin:applications_interview_export": lambda _: ["csv"],
    "admin:applications_conflict_record": lambda _: [],
    "admin:applications_panel_reviewers": lambda r: [r.applications_panel.pk, r.panel_application.pk],
    "admin:applications_panel_take_back": lambda r: [r.applications_panel.pk, r.panel_assignment.pk],
    **each("admin:applications_call_export admin:applications_call_reliability_export", lambda r: [r.applications_call.pk, "csv"]),
    "admin:applications_review_export": lambda _: ["csv"],
    **each(
        "admin:applications_panelmeeting_item admin:applications_panelmeeting_autosave",
        lambda r: [r.meeting_item.meeting_id, r.meeting_item.pk],
    ),
    "admin:applications_panelmeeting_again": lambda r: [r.settled_item.meeting_id, r.settled_item.pk],
    "admin:applications_panelmeeting_plan": lambda _: [],
    **each(
        "admin:applications_decision_decide admin:applications_decision_clear",
        lambda r: [r.applications_application_nudge.pk],
    ),
    "admin:applications_decision_promote": lambda r: [r.applications_decision_promote.pk],
    "admin:view_on_site": lambda r: [r.council_type.pk, r.cohort_council.pk],
}
PAGES_OF_NO_RECORD = {
    "changelist",
    "add",
    "load",
    "forecast",
    "ask",
    "unbooked",
    "offer",
    "series",
    "workbench",
    "lots",
    "compare",
    "impact",
}
READ = {"admin:autocomplete": {"app_label": "applications", "model_name": "call", "field_name": "cohort", "term": "a"}}
SENT: dict[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
    "account_details": lambda _: {"full_name": "A New Name"},
    "cohort:request": lambda r: {"council": r.council.code},
    "cohort:people": lambda _: {"email": "new@example.org", "role": "editor"},
    "cohort:role": lambda _: {"role": "submitter"},
    "cohort:invitation": lambda _: {"answer": "accept"},
    "applications:start": lambda _: {"lead": "council"},
    "applications:start_council": lambda r: {"council": r.council.name},
    "applications:start_initiative": lambda _: {"initiative": "live"},
    "applications:start_people": lambda _: {"people": "yes"},
    "applications:section": lambda r: {"revision": "2", "action": "later", r.text.field_name: "Other text"},
    "applications:autosave": lambda r: {"revision": "2", r.text.field_name: "Other text"},
    "applications:withdraw": lambda _: {"reason": ""},
    "applications:check": lambda _: {"agree": "on"},
    "applications:interview": lambda r: {"slot": r.slots[0].pk, "contact_name": "Sam", "phone": "01632 960001"},
    "applications:interview_change": lambda r: {"slot": r.slots[1].pk, "contact_name": "Sam", "phone": "01632 960001"},
    "applications:panel_declare": lambda _: {"general": "Nothing"},
    "applications:panel_waive": lambda _: {"reason": "It ended"},
    **each("applications:score applications:score_autosave", lambda _: {"revision": "0", "note": "A note"}),
    "applications:score_conflict": lambda _: {"kind": "family", "detail": "A sister"},
    "admin:applications_conflict_answer": lambda _: {"kind": "none", "detail": "I left long ago"},
    **each(
        "admin:applications_panelmember_withdraw admin:applications_panel_take_back admin:applications_review_reopen",
        lambda _: {"reason": "Ill"},
    ),
    "admin:applications_panel_commit": lambda r: {"seen": r.preview},
    "admin:applications_panelmeeting_note": lambda _: {"note": "Coffee", "seen": ""},
    "admin:applications_panelmeeting_end": lambda _: {"not_reached": "Time ran out"},
    "admin:applications_panelmeeting_again": lambda _: {"reason": "A figure was wrong"},
    **each(
        "admin:applications_panelmeeting_item admin:applications_panelmeeting_autosave",
        lambda _: {"revision": "0", "recommendation": "select", "reason": "Good", "action": "later"},
    ),
    "admin:cohort_councilcontact_role": lambda _: {"role": "submitter"},
    "applications:offer_decline": lambda _: {"reason": "No time"},
    "applications:offer": lambda r: {"name": "Sam", "role": "Director", "agree": "on", "sha256": r.offer.agreement_sha256},
    "cohort:delegate": lambda _: {"answer": "confirm", "full_name": "Sam Okafor"},
    **each("cohort:member cohort:replace", lambda _: {"email": "new@example.org"}),
    "admin:applications_decision_decide": lambda _: {"outcome": "offered", "reason": "Strong"},
    "admin:applications_assessment_change": lambda _: {"revision": "0", "is_eligible": "yes", "action": "later"},
    "admin:applications_assessment_autosave": lambda _: {"revision": "0", "is_eligible": "yes"},
    "admin:applications_assessment_compare": lambda _: {"outcome": "shortlisted", "reason": "Strong"},
    "admin:applications_application_book": lambda r: {"slot": r.slots[0].pk, "contact_name": "Sam", "phone": "01632 960001"},
    "admin:applications_interview_move": lambda r: {"slot": r.slots[1].pk, "contact_name": "Sam", "phone": "01632 960001"},
    "admin:applications_application_leave": lambda _: {"reason": "They have no time"},
}


def address(world: World, name: str, role: str, side: str) -> str:
    """Return the address to ask for."""
    if "/" in name:  # it has no name, only a route
        return "/" + re.sub(r"<path:object_id>|\(\?P<url>.*", "1", name)
    if name in ARGUMENTS:
        return reverse(name, args=ARGUMENTS[name](world.records(role, side)))
    if name in OFFICE_ARGUMENTS:
        return reverse(name, args=OFFICE_ARGUMENTS[name](world.office))
    model, _, page = name.removeprefix("admin:").rpartition("_")
    record = getattr(world.office, f"{model}_{page}", None) or getattr(world.office, model, None)
    takes_record = name.startswith("admin:") and record and page not in PAGES_OF_NO_RECORD
    return reverse(name, args=[record.pk] if takes_record else [])


def has_sides(name: str) -> bool:
    """Return whether the address is of a record that belongs to somebody."""
    return name in ARGUMENTS


def sent(world: World, name: str, method: str, role: str, side: str) -> dict[str, Any]:
    """Return what goes with the request."""
    if method == "GET":
        return READ.get(name, {})
    return SENT[name](world.records(role, side)) if name in SENT else {}
