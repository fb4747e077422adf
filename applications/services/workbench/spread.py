"""How a selection lies among all who applied and all councils, and whether outcomes differ between groups."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import localdate

from applications.models import Application, Call
from applications.services.scores import GONE
from applications.services.workbench.candidates import DIMENSIONS, LABELS, label
from applications.states import ApplicationStatus
from cohort.models import Council

Numbers = Counter[tuple[str, str]]
SHORTLIST_REFUSED = (ApplicationStatus.SUBMITTED, ApplicationStatus.INELIGIBLE, ApplicationStatus.NOT_SHORTLISTED)
# A group of fewer says nothing by its rate, and a rate under four fifths of everybody's is worth asking about.
FEWEST, LOW_RATE = 5, 0.8


@dataclass(frozen=True)
class Shares:
    """A group: how many it has of those chosen, of the applicants and of all councils, and each in per cent of its whole.

    Councils have no focus areas of their own, so that share is None there.
    """

    name: str
    chosen: int
    chosen_percent: int
    applied: int
    applied_percent: int
    councils: int | None
    councils_percent: int | None


@dataclass(frozen=True)
class Rate:
    """How far the applicants of a group came."""

    name: str
    applied: int
    shortlisted: int
    selected: int
    is_low: bool

    @property
    def shortlisted_percent(self) -> int:
        """Shortlisted of those who applied."""
        return percent(self.shortlisted, self.applied)

    @property
    def selected_percent(self) -> int:
        """Selected of those who applied."""
        return percent(self.selected, self.applied)


@dataclass(frozen=True)
class Baselines:
    """All councils that the call covers on its closing day, and all who applied, by their groups; and which applicants are where."""

    councils: Numbers
    council_count: int
    applicants: dict[int, list[tuple[str, str]]]
    statuses: dict[int, str]

    @property
    def shortlisted(self) -> set[int]:
        """The applicants who came through the shortlist."""
        return {pk for pk, status in self.statuses.items() if status not in SHORTLIST_REFUSED}

    def numbers(self, among: Iterable[int] | None = None) -> Numbers:
        """Return how many applicants each group has, of all or of some."""
        kept = self.applicants if among is None else [pk for pk in among if pk in self.applicants]
        return Counter(group for pk in kept for group in self.applicants[pk])


def baselines(call: Call) -> Baselines:
    """Return what a selection is measured against: two queries. Only counts of it are ever shown, so it is of everybody."""
    closing = localdate(call.closes_at)
    existing = Council.objects.existing_on(closing).filter(nation__in=call.nations).with_control(closing)
    councils = [dict(zip(LABELS, values, strict=True)) for values in existing.order_by().values_list(*LABELS)]
    applied: Any = Application.objects.filter(call=call).exclude(status__in=GONE).with_control().order_by("pk")
    rows = applied.values_list("pk", "status", "focus_areas", "council__region", "control", "council__kind")
    applicants = {
        pk: [("region", region), ("control", control), ("kind", kind), *(("focus", area) for area in set(focus))]
        for pk, _, focus, region, control, kind in rows
    }
    return Baselines(
        councils=Counter(group for council in councils for group in council.items()),
        council_count=len(councils),
        applicants=applicants,
        statuses={row[0]: row[1] for row in rows},
    )


def distribution(found: Baselines, chosen: Iterable[int]) -> list[tuple[str, list[Shares]]]:
    """Return each dimension's groups, as the register orders them: the chosen beside the applicants and all councils."""
    chosen = [pk for pk in chosen if pk in found.applicants]
    applied, selected = found.numbers(), found.numbers(chosen)
    return [
        (
            heading,
            [_shares(found, dimension, group, selected, applied, len(chosen)) for group in _groups(dimension, applied, found.councils)],
        )
        for dimension, heading in DIMENSIONS.items()
    ]


def rates(found: Baselines, selected: Iterable[int]) -> list[tuple[str, list[Rate]]]:
    """Return each dimension's groups with how far their applicants came, those marked whose selection lags behind."""
    selected = [pk for pk in selected if pk in found.applicants]
    overall = len(selected) / len(found.applicants) if found.applicants else 0
    applied, shortlisted, chosen = found.numbers(), found.numbers(found.shortlisted), found.numbers(selected)

    def rate(key: tuple[str, str]) -> Rate:
        is_low = applied[key] >= FEWEST and chosen[key] / applied[key] < LOW_RATE * overall
        return Rate(label(*key), applied[key], shortlisted[key], chosen[key], is_low)

    return [(heading, [rate((dimension, group)) for group in _groups(dimension, applied)]) for dimension, heading in DIMENSIONS.items()]


def percent(number: int, whole: int) -> int:
    """Return a share in whole per cent, nothing of nothing."""
    return round(100 * number / whole) if whole else 0


def _shares(found: Baselines, dimension: str, group: str, selected: Numbers, applied: Numbers, chosen: int) -> Shares:
    key = dimension, group
    councils = None if dimension == "focus" else found.councils[key]
    return Shares(
        name=label(*key),
        chosen=selected[key],
        chosen_percent=percent(selected[key], chosen),
        applied=applied[key],
        applied_percent=percent(applied[key], len(found.applicants)),
        councils=councils,
        councils_percent=None if councils is None else percent(councils, found.council_count),
    )


def _groups(dimension: str, *numbers: Numbers) -> list[str]:
    """Return the groups of a dimension that any of the numbers has."""
    present = {group for each in numbers for name, group in each if name == dimension}
    known = list(LABELS.get(dimension, {}))
    return [group for group in known if group in present] + sorted(present - set(known))
