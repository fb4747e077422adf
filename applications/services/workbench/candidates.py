"""Who competes for the places of a call: the shortlisted EoIs with their scores and groups, frozen as a scenario keeps them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from django.db.models import QuerySet

from applications.models import Application, Call, Conflict, MeetingItem
from applications.services.scores import Judgement, Scoring, read_scoring, standings
from applications.states import ApplicationStatus, ScoreBasis
from cohort.states import Control, CouncilKind, Region
from upstream.accounts.models import User

# Adjusted scores come out of a solver: beyond this they differ from one machine to the next, and a scenario must not.
DECIMALS = 4
DIMENSIONS = {"region": "Nation or region", "control": "Political control", "kind": "Kind of council", "focus": "Focus area"}
LABELS: dict[str, dict[str, str]] = {
    "region": dict(Region.choices),
    "control": dict(Control.choices),
    "kind": dict(CouncilKind.choices),
}
IN_CONFLICT = (
    "You have a conflict of interest with an expression of interest in this field. All of them compete with each other, "
    "so you cannot take part in this selection. Somebody without a conflict has to."
)
HIDDEN_SCORES = (
    "You still have a score sheet or a review of your own to submit, and until then the scores of others are hidden from you. "
    "Submit it first: the workbench shows everybody's scores."
)


@dataclass(frozen=True)
class Candidate:
    """An EoI that competes for a place. `error` is the standard error of its adjusted score; what it has not is None."""

    application: int
    reference: str
    raw: float | None
    adjusted: float | None
    error: float | None
    moderated: float | None
    recommendation: str
    interview: float | None
    region: str
    control: str
    kind: str
    focus: tuple[str, ...]

    def value(self, basis: str) -> float | None:
        """Return the score that the selection maximises, or None where it has none."""
        by_panel = self.raw if basis == ScoreBasis.RAW or self.adjusted is None else self.adjusted
        return self.moderated if basis == ScoreBasis.MODERATED and self.moderated is not None else by_panel

    def groups(self) -> set[tuple[str, str]]:
        """Return the groups that it counts in, each a dimension and a value."""
        return {("region", self.region), ("control", self.control), ("kind", self.kind)} | {("focus", area) for area in self.focus}

    def words(self, dimension: str) -> str:
        """Return its group, or its groups, in words."""
        if dimension == "focus":
            return ", ".join(self.focus)
        return label(dimension, getattr(self, dimension))


@dataclass(frozen=True)
class Field:
    """All candidates of a call, in the order of their references."""

    candidates: tuple[Candidate, ...]

    def written(self) -> dict[str, Any]:
        """Return what a scenario keeps as its inputs."""
        return {"candidates": [asdict(candidate) | {"focus": list(candidate.focus)} for candidate in self.candidates]}

    @classmethod
    def read(cls, inputs: dict[str, Any]) -> "Field":
        """Return the field that a scenario keeps."""
        return cls(tuple(Candidate(**each | {"focus": tuple(each["focus"])}) for each in inputs.get("candidates", [])))

    def by_key(self) -> dict[int, Candidate]:
        """Return the candidates by the ids of their EoIs."""
        return {candidate.application: candidate for candidate in self.candidates}

    def numbers(self, among: Iterable[int] | None = None) -> Counter[tuple[str, str]]:
        """Return how many candidates each group has, of all or of some."""
        kept = None if among is None else set(among)
        return Counter(
            group for candidate in self.candidates if kept is None or candidate.application in kept for group in candidate.groups()
        )

    def groups(self) -> list[tuple[str, str]]:
        """Return every group that somebody is in: by dimension, then in the order of the register's lists or from A."""
        order = {dimension: list(labels) for dimension, labels in LABELS.items()}

        def place(group: tuple[str, str]) -> tuple[int, int, str]:
            dimension, value = group
            known = order.get(dimension, [])
            return list(DIMENSIONS).index(dimension), known.index(value) if value in known else 0, value

        return sorted(self.numbers(), key=place)


def label(dimension: str, value: str) -> str:
    """Return a group in words."""
    return str(LABELS.get(dimension, {}).get(value, value))


def competing(call: Call) -> QuerySet[Application]:
    """Return the EoIs that compete for the places of the call."""
    return Application.objects.filter(call=call).shortlisted()


def gather(call: Call, user: User) -> tuple[Field, str]:
    """Return the candidates as they stand, or why this person may not see the whole field: one of the two is empty.

    A selection is one comparison of everybody, so there is no looking at a part of it.
    """
    if Conflict.objects.active().filter(user=user, application__call=call).with_candidates().exists():
        return Field(()), IN_CONFLICT
    scoring = read_scoring(call, user)
    of_field = {pk for pk, application in scoring.applications.items() if application.status == ApplicationStatus.SHORTLISTED}
    if scoring.waiting & of_field or _count(scoring.reviews, of_field) != _count(scoring.all_reviews, of_field):
        return Field(()), HIDDEN_SCORES
    return Field(tuple(_candidates(call, user, scoring))), ""


def _count(judgements: Iterable[Judgement], of_field: set[int]) -> int:
    return sum(judgement.application in of_field for judgement in judgements)


def _candidates(call: Call, user: User, scoring: Scoring) -> Iterable[Candidate]:
    rows = {row.application.pk: row for row in standings(scoring).rows}
    errors = _errors(scoring)
    items = MeetingItem.objects.visible_to(user).filter(application__in=competing(call), closed_at__isnull=False)
    outcomes = {item.application_id: item for item in items.order_by("closed_at", "pk")}  # the last meeting's word stands
    for application in (
        Application.objects.visible_to(user)
        .filter(call=call)
        .shortlisted()
        .with_control()
        .select_related("council")
        .order_by("reference", "pk")
    ):
        row, item = rows[application.pk], outcomes.get(application.pk)
        yield Candidate(
            application=application.pk,
            reference=application.reference,
            raw=_rounded(row.raw),
            adjusted=_rounded(row.adjusted),
            error=_rounded(errors.get(application.pk)),
            moderated=float(item.moderated_score) if item and item.moderated_score is not None else None,
            recommendation=item.recommendation if item else "",
            interview=_rounded(row.interview),
            region=application.council.region,
            control=application.control,  # type: ignore[attr-defined]  # annotated
            kind=application.council.kind,
            focus=tuple(sorted(set(application.focus_areas))),
        )


def _errors(scoring: Scoring) -> dict[int, float]:
    calibration = scoring.calibration
    if calibration.adjustment is None:
        return {}
    variances = calibration.adjustment.covariance.diagonal().tolist()
    return {pk: sqrt(variance) for pk, variance in zip(calibration.applications, variances, strict=True)}


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(float(figure), DECIMALS)
