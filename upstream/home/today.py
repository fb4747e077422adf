"""The office's front page: what needs somebody today, what is due next, and how the current call stands."""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from applications.models import Application, Call
from applications.states import ApplicationStatus
from cohort.states import Control, CouncilKind, Region
from upstream import clock
from upstream.accounts.models import User
from upstream.charts import Share, Tile, longest_first, shares, tiles
from upstream.home.dates import next_deadlines
from upstream.home.duties import duties, list_url


@dataclass(frozen=True)
class Standing:
    """How the EoIs of one call stand. Every line leads to the list that it counts."""

    total: int
    stages: list[Share]
    tiles: list[Tile]
    regions: list[Share]
    controls: list[Share]
    kinds: list[Share]


def standing(user: User, call: Call) -> Standing:
    """Return how a call stands."""
    records = Application.objects.visible_to(user).filter(call=call).with_control()
    columns = {"status": "status", "region": "council__region", "control": "control", "kind": "council__kind"}
    rows = records.order_by().values(*columns.values())
    numbers = {name: Counter(row[column] for row in rows) for name, column in columns.items()}

    def lines(name: str, labels: list[tuple[Any, str]], always: Container[Any] = ()) -> list[Share]:
        shown = [(value, label) for value, label in labels if value in numbers[name] or value in always]
        return shares(shown, numbers[name], lambda value: list_url("applications_application", call=call.pk, **{name: value}))

    return Standing(
        total=sum(numbers["status"].values()),
        stages=lines("status", ApplicationStatus.choices, always={ApplicationStatus.DRAFT, ApplicationStatus.SUBMITTED}),
        tiles=tiles(numbers["region"]),
        regions=longest_first(lines("region", Region.choices, always=Region.values)),
        controls=longest_first(lines("control", Control.choices)),
        kinds=longest_first(lines("kind", CouncilKind.choices)),
    )


def today(request: HttpRequest) -> dict[str, Any]:
    """Return what the front page shows this person: of the EoIs, those of the call that they chose, or of the one that opened last."""
    from applications.admin.choosing import chosen_call, opened_calls  # its package registers with the site that this page is of

    user: User = request.user  # type: ignore[assignment]
    now = clock.now()
    sees_applications = user.has_perm("applications.view_application")
    calls = opened_calls() if sees_applications else []
    call = chosen_call(request, calls) if calls else None
    return {
        "duties": duties(user, now),
        "deadlines": next_deadlines(user, now),
        "scans_files": settings.CLAMD is not None,
        "sees_applications": sees_applications,
        "calls": calls,
        "call": call,
        "standing": standing(user, call) if call else None,
    }
