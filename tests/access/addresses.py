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
    **each("applications:receipt", lambda r: [r.submitted.reference]),
    **each(
        "applications:call applications:questions applications:questions_pdf applications:terms applications:start"
        " applications:start_council applications:start_initiative applications:start_people applications:can_apply",
        lambda r: [r.call.slug],
    ),
}
OFFICE_ARGUMENTS: dict[str, Arguments] = {
    "admin:app_list": lambda _: ["cohort"],
    "admin:applications_application_export": lambda _: ["csv"],
    "admin:applications_call_export": lambda r: [r.applications_call.pk, "csv"],
    "admin:view_on_site": lambda r: [r.council_type.pk, r.cohort_council.pk],
}
READ = {"admin:autocomplete": {"app_label": "applications", "model_name": "call", "field_name": "cohort", "term": "a"}}
SENT: dict[str, Callable[[SimpleNamespace], dict[str, Any]]] = {
    "cohort:request": lambda r: {"council": r.council.code},
    "cohort:people": lambda _: {"email": "new@example.org", "role": "editor"},
    "cohort:role": lambda _: {"role": "submitter"},
    "cohort:invitation": lambda _: {"answer": "accept"},
    "applications:start": lambda _: {"lead": "council"},
    "applications:start_council": lambda r: {"council": r.council.name},
    "applications:start_initiative": lambda _: {"initiative": "live"},
    "applications:start_people": lambda _: {"people": "yes"},
    "applications:section": lambda r: {"revision": "1", "action": "later", r.text.field_name: "Other text"},
    "applications:autosave": lambda r: {"revision": "1", r.text.field_name: "Other text"},
    "applications:withdraw": lambda _: {"reason": ""},
    "applications:check": lambda _: {"agree": "on"},
    "admin:cohort_councilcontact_role": lambda _: {"role": "submitter"},
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
    takes_record = name.startswith("admin:") and record and page not in {"changelist", "add", "load", "forecast", "ask"}
    return reverse(name, args=[record.pk] if takes_record else [])


def has_sides(name: str) -> bool:
    """Return whether the address is of a record that belongs to somebody."""
    return name in ARGUMENTS


def sent(world: World, name: str, method: str, role: str, side: str) -> dict[str, Any]:
    """Return what goes with the request."""
    if method == "GET":
        return READ.get(name, {})
    return SENT[name](world.records(role, side)) if name in SENT else {}
