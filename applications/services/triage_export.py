"""Taking triage out of the system as a table."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import transaction

from applications.models import Assessment, Call, Criterion
from applications.models.triage import MOST_ASSESSORS
from applications.services.scoring import Comparison, Judged, compared, in_triage
from cohort.states import Control
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.documents.spreadsheets import Cell

BEFORE = ("Reference", "Council", "Code", "Kind of council", "Nation or region", "Political control", "Status")
AFTER = (
    "Mean score",
    "Band",
    "Difference",
    "Agreed",
    "Proposed outcome",
    "Decision",
    "Reason",
    "Feedback",
    "Decided by",
    "Decided at",
    "Assessments it rests on",
)


@transaction.atomic
def export_triage(*, call: Call, file_format: str, by: User) -> Iterator[list[Cell]]:
    """Record which EoIs' assessments a person takes out, and return the table: what they may see, and no more."""
    mine = in_triage(by).filter(call=call).with_control().select_related("council")  # type: ignore[attr-defined]
    comparisons = compared(mine, Assessment.objects.visible_to(by))
    taken = [comparison.application.pk for comparison in comparisons]
    record(actor=by, verb="triage.exported", subject=call, format=file_format, applications=taken)
    return table(comparisons, list(call.criteria.all()))


def table(comparisons: list[Comparison], criteria: list[Criterion]) -> Iterator[list[Cell]]:
    """Yield the headings and then a row for each EoI, with a group of columns for each assessor."""
    opinions = (heading for criterion in criteria for heading in (str(criterion), f"Reason: {criterion}"))
    judging = ("Assessor", "Eligible", *opinions, "Score", "Band", "Note")
    # More than three count where a conflict of interest was waived after others had stepped in.
    groups = max([MOST_ASSESSORS, *(len(comparison.judged) for comparison in comparisons)])
    yield [*BEFORE, *(f"{name} ({number})" for number in range(1, groups + 1) for name in judging), *AFTER]
    for comparison in comparisons:
        padded = [*comparison.judged, *[None] * (groups - len(comparison.judged))]
        judged = [cell for each in padded for cell in _judgement(each, criteria)]
        yield [*_before(comparison), *judged, *_after(comparison)]


def _before(comparison: Comparison) -> list[Cell]:
    application: Any = comparison.application
    council = application.council
    return [
        application.reference,
        council.official_name,
        council.code,
        council.get_kind_display(),
        council.get_region_display(),
        Control(application.control).label,
        application.get_status_display(),
    ]


def _judgement(judged: Judged | None, criteria: list[Criterion]) -> list[Cell]:
    if judged is None:
        return [""] * (2 * len(criteria) + 5)
    assessment = judged.assessment
    scores = {row.criterion_id: row for row in assessment.scores.all()}
    given = [(scores[criterion.pk].score, scores[criterion.pk].reason) if criterion.pk in scores else ("", "") for criterion in criteria]
    eligible = "Yes" if assessment.is_eligible else f"No: {assessment.ineligible_reason}"
    band = judged.band.label if judged.band else ""
    opinions = (cell for pair in given for cell in pair)
    return [str(assessment.assessor), eligible, *opinions, _number(judged.score), band, assessment.note]


def _after(comparison: Comparison) -> list[Cell]:
    band, proposed, decision = comparison.band, comparison.proposed, comparison.decision
    agreed = ("Yes" if comparison.agrees else "No") if comparison.is_complete else ""
    # The reason may name scores, so it is for those who may see them.
    reason = decision.reason if decision and comparison.judged else ""
    decided = [decision.get_outcome_display(), reason, decision.feedback, str(decision.decided_by)] if decision else [""] * 4
    return [
        _number(comparison.mean),
        band.label if band else "",
        _number(comparison.difference),
        agreed,
        proposed.label if proposed else "",
        *decided,
        decision.decided_at if decision else None,
        decision.rests_on if decision else None,  # type: ignore[attr-defined]
    ]


def _number(value: Decimal | int | None) -> Cell:
    return float(value) if isinstance(value, Decimal) else value
