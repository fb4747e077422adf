"""No page, list, table or document names an EoI to staff who have a conflict of interest with it."""

import pytest
from django.urls import reverse

from applications.models import Application, Call, Conflict
from tests.access.addresses import address, sent
from tests.access.table import TABLE
from tests.access.world import World

# Pages about a call, which show one call at a time.
OF_A_CALL = {f"admin:applications_{name}" for name in ("assessment_changelist", "assessment_board", "assessment_accept", "release_prepare")}
TABLES_OF_A_CALL = {"admin:applications_assessment_export"}
# Every council may be named where councils are looked after or chosen from, and each person sees which conflicts are their own.
ABOUT_COUNCILS = ("cohort:", "admin:cohort_", "home", "applications:start", "applications:can_apply", "admin:applications_extension_ask")
OWN_CONFLICTS = "admin:applications_conflict_changelist"


def pages(world: World) -> list[tuple[str, str, str]]:
    """Return everything that can be read: its name, how it is asked for and its address, for each call where it is about one."""
    found = []
    for row in TABLE:
        for name in row.names():
            method = "POST" if name.endswith("_export") else "GET"
            found.append((name, method, address(world, name, "staff", "own")))
    for call in Call.objects.all():
        for name, method in [*((name, "GET") for name in OF_A_CALL), *((name, "POST") for name in TABLES_OF_A_CALL)]:
            found.append((name, method, f"{address(world, name, 'staff', 'own')}?call={call.pk}"))
        found += [
            (f"{page} of a call", "GET", reverse(f"admin:applications_call_{page}", args=[call.pk])) for page in ("scores", "reliability")
        ]
        found.append(("scores as a table", "POST", reverse("admin:applications_call_export", args=[call.pk, "csv"])))
    return found


def naming(world: World, role: str) -> dict[str, set[str]]:
    """Return which of the EoIs in conflict each page names, by reference or by a council's name, by the page's name."""
    conflicts = Conflict.objects.active().filter(user=world.people["conflicted staff"])
    references = Application.objects.filter(conflicts__in=conflicts).values_list("reference", flat=True)
    words = {b"Barset", *(reference.encode() for reference in references)}
    found: dict[str, set[str]] = {}
    for name, method, url in pages(world):
        response, _ = world.send(role, method, url, sent(world, name, method, role, "own"))
        body = getattr(response, "read", None) or response.content
        named = {word.decode() for word in words if word in body}
        if named and not name.startswith(ABOUT_COUNCILS):
            found.setdefault(name, set()).update(named)
    return found


@pytest.mark.django_db
def test_staff_in_conflict_read_nowhere_of_the_expressions_of_interest(world):
    seen = naming(world, "staff")
    in_conflict = naming(world, "conflicted staff")
    print(f"\n{len(seen)} pages name them to staff, {len(in_conflict)} to staff in conflict")
    assert len(seen) > 50
    assert set(in_conflict) == {OWN_CONFLICTS}
