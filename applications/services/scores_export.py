"""Taking what was scored out of the system as tables: each EoI's scores, the panel's reviews with their reasons, and reliability."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.template.defaultfilters import floatformat

from applications.models import Call, Criterion, Review
from applications.models.triage import HIGHEST_SCORE
from applications.services.reliability import Reliability, reliability
from applications.services.scores import OUT_OF, Row, Standings, marks_by_sheet, read_scoring, sort_rows, standings
from applications.states import ReviewStatus
from upstream.accounts.models import User
from upstream.audit.services import record
from upstream.documents.spreadsheets import Cell

SCORE_HEADINGS = (
    "Reference",
    "Council",
    "Code",
    "Raw mean (0 to 100)",
    "Rank by raw mean",
    "Reviews that count",
    "Adjusted score (0 to 100)",
    "From (approximate)",
    "To (approximate)",
    "Rank by adjusted score",
    "Expected rank",
    "Out of",
    "The line",
    "Interview mean (1 to 5)",
    "Triage mean (0 to 100)",
    "Note",
)
WAITING = "Paper scores are hidden until you have submitted your interview sheet"
REVIEW_HEADINGS = ("Reference", "Council", "Code", "Panel member", "Submitted (UK time)", "Counts", "Score (0 to 100)")
RELIABILITY_HEADINGS = ("What", "Of", "Who", "Value", "From", "To", "Scores", "In words")
CHUNK = 500


@transaction.atomic
def export_scores(*, call: Call, sort: str, file_format: str, by: User) -> Iterator[list[Cell]]:
    """Record whose scores a person takes out, and return the table: what they see on the page, in that order."""
    found = standings(read_scoring(call, by))
    rows = sort_rows(found.rows, sort)
    taken = [row.application.pk for row in rows]
    record(actor=by, verb="scores.exported", subject=call, format=file_format, applications=taken)
    return score_table(rows, found)


def score_table(rows: list[Row], found: Standings) -> Iterator[list[Cell]]:
    """Yield the headings and then a row for each EoI."""
    yield list(SCORE_HEADINGS)
    for row in rows:
        council = row.application.council
        not_adjusted = "Not adjusted. " + " ".join(found.refusals) if found.refusals and row.raw is not None else ""
        yield [
            row.application.reference,
            council.official_name,
            council.code,
            shown(row.raw),
            row.raw_rank,
            None if row.is_waiting else row.reviews,
            shown(row.adjusted),
            shown(row.low),
            shown(row.high),
            row.adjusted_rank,
            shown(row.expected_rank),
            None if row.expected_rank is None else len(found.scored),
            row.line_in_words,
            shown(row.interview, 2),
            shown(row.triage),
            WAITING if row.is_waiting else not_adjusted,
        ]


@transaction.atomic
def export_reviews(*, reviews: QuerySet[Review], file_format: str, by: User) -> Iterator[list[Cell]]:
    """Record which reviews a person takes out, and return the table of exactly those. `reviews` comes from `visible_to`."""
    taken = list(reviews.values_list("pk", flat=True))
    record(actor=by, verb="reviews.exported", subject=by, format=file_format, reviews=taken)
    return review_table(Review.objects.filter(pk__in=taken))


def review_table(reviews: QuerySet[Review]) -> Iterator[list[Cell]]:
    """Yield the headings and then a row for each review, by EoI. Two columns for each criterion of their calls: score and reason."""
    calls = reviews.order_by().values("assignment__application__call")
    criteria = list(Criterion.objects.filter(call__in=calls).select_related("call").order_by("call", "position", "pk"))
    several_calls = len({criterion.call_id for criterion in criteria}) > 1
    names = [f"{criterion.call}: {criterion}" if several_calls else str(criterion) for criterion in criteria]
    yield [*REVIEW_HEADINGS, *(heading for name in names for heading in (name, f"Reason: {name}")), "Note"]
    counting = set(reviews.counting().values_list("pk", flat=True))  # type: ignore[attr-defined]
    rows = reviews.select_related("assignment__application__council", "assignment__member__user").prefetch_related("scores__criterion")
    for review in rows.order_by("assignment__application__reference", "assignment", "pk").iterator(chunk_size=CHUNK):
        given = {score.criterion_id: score for score in review.scores.all()}
        marks = marks_by_sheet((review.pk, score.criterion.weight, score.score) for score in given.values())
        cells = [(given[each.pk].score, given[each.pk].reason) if each.pk in given else (None, None) for each in criteria]
        application = review.assignment.application
        yield [
            application.reference,
            application.council.official_name,
            application.council.code,
            str(review.assignment.member),
            review.submitted_at,
            _counts(review, counting),
            shown(OUT_OF * marks[review.pk][0] / HIGHEST_SCORE) if review.pk in marks else None,
            *(cell for pair in cells for cell in pair),
            review.note,
        ]


def _counts(review: Review, counting: set[int]) -> str:
    if review.pk in counting:
        return "Yes"
    return "No: conflict of interest" if review.status == ReviewStatus.SUBMITTED else "No: not submitted"


@transaction.atomic
def export_reliability(*, call: Call, may_read_conflicts: bool, file_format: str, by: User) -> Iterator[list[Cell]]:
    """Record that a person takes out how far a call's scores can be relied on, and return the table: what they see on the page."""
    found = reliability(read_scoring(call, by), may_read_conflicts=may_read_conflicts)
    record(actor=by, verb="reliability.exported", subject=call, format=file_format)
    return reliability_table(found)


class Figure(NamedTuple):
    """A row of the table of reliability: what it says, of which stage or EoI, who it is about, and the figure with its interval."""

    what: str
    of: str
    who: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    scores: int | None = None
    in_words: str = ""


def reliability_table(found: Reliability) -> Iterator[list[Cell]]:
    """Yield the headings and then a row for each figure, each warning and each gap, in the order of the page."""
    yield list(RELIABILITY_HEADINGS)
    for figure in (*_gaps(found), *_agreement(found), *_warnings(found)):
        yield list(figure)


def _gaps(found: Reliability) -> Iterator[Figure]:
    for missing in found.missing:
        said = f"{missing.counting} of {missing.wanted} count, {missing.unassigned} not assigned"
        who = ", ".join(missing.waiting_for)
        yield Figure("Missing reviews", str(missing.application), who, missing.wanted - missing.counting, in_words=said)
    for exclusion in found.exclusions:
        said = ". ".join(filter(None, [exclusion.why, exclusion.detail]))
        yield Figure(f"Does not count: {exclusion.stage}", str(exclusion.application), str(exclusion.person), in_words=said)
    for departure in found.departures:
        yield Figure("Withdrawn", "Panel", str(departure.member), scores=departure.counting, in_words=departure.in_words)


def _agreement(found: Reliability) -> Iterator[Figure]:
    for stage in found.measured:
        figures = shown(stage.single, 2), shown(stage.low, 2), shown(stage.high, 2)
        yield Figure("Agreement of single scores", stage.stage, "", *figures, stage.scores, stage.in_words)
        for number, value in zip(found.numbers, stage.means, strict=True):
            yield Figure(f"Reliability of the mean of {number}", stage.stage, value=shown(value, 2))
    for line in found.leniency:
        figures = shown(line.value), shown(line.low), shown(line.high)
        yield Figure("Points of 100 above the others", "Panel", line.reviewer, *figures, line.reviews, line.in_words)
    for refusal in found.refusals:
        yield Figure("Not adjusted", "Panel", in_words=refusal)


def _warnings(found: Reliability) -> Iterator[Figure]:
    for each in found.undecided:
        figures = shown(each.adjusted), shown(each.low), shown(each.high)
        yield Figure("Could go either way: adjusted score", str(each.application), "", *figures)
    for halo in found.halos:
        yield Figure("The same score for every criterion", str(halo.application), halo.reviewer, halo.score)
    for drift in found.drifts:
        figures = shown(drift.slope), shown(drift.low), shown(drift.high)
        yield Figure("Points of 100 more from each review to the next", "Panel", drift.reviewer, *figures, len(drift.applications))


def shown(value: float | None, places: int = 1) -> float | None:
    """Return a figure rounded as the page rounds it."""
    return None if value is None else float(floatformat(value, f"{places}u"))
