"""The scores of a call from triage to the panel: gathered in a fixed number of queries, adjusted, and ranked.

A paper score is the mean over the criteria by their weights, out of 100; an interview's is the mean over its questions, of 5.
Rows, ranks, counts and the line are of what the person may see. Only the adjustment rests on all scores that count.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from statistics import mean
from typing import TYPE_CHECKING, Any

from applications.models import (
    Application,
    Assessment,
    AssessmentScore,
    Assignment,
    Call,
    Conflict,
    CriterionScore,
    InterviewScore,
    InterviewSheet,
    Panel,
    Review,
)
from applications.models.triage import HIGHEST_SCORE
from applications.services.scoring import weighted_mean
from applications.states import ApplicationStatus, AssignmentStatus
from upstream.accounts.models import User

if TYPE_CHECKING:
    from applications.selection.calibration import Calibration, Refusal

GONE = (ApplicationStatus.DRAFT, ApplicationStatus.WITHDRAWN)
OUT = (ApplicationStatus.INELIGIBLE, ApplicationStatus.NOT_SHORTLISTED)
OUT_OF = 100


@dataclass(frozen=True)
class Judgement:
    """What one person made of one EoI: the weighted score, the single ones behind it, and when they were given."""

    application: int
    person: User
    value: float
    marks: tuple[int, ...]
    at: datetime
    counts: bool = True  # not if the person has a conflict of interest


@dataclass(frozen=True)
class Scoring:
    """How a call is scored, as far as one person may see it. `all_reviews` alone holds what they may not: it is for the adjustment."""

    call: Call
    panel: Panel | None
    applications: dict[int, Application]
    waiting: frozenset[int]  # those whose paper scores wait for the person's own interview sheet
    triage: list[Judgement]
    interviews: list[Judgement]
    reviews: list[Judgement]
    excluded: list[tuple[str, Judgement]]  # of triage and interviews, by those with a conflict, each with its stage
    assignments: list[Assignment]
    conflicts: dict[tuple[int, int], Conflict]  # active ones, by EoI and person
    marked: frozenset[int]  # reviews with at least one score
    counting: frozenset[int]  # reviews
    all_reviews: list[Judgement]

    @property
    def places(self) -> int:
        """How many EoIs lie above the line, if none are equal there."""
        return self.call.cohort.places

    @property
    def running(self) -> dict[int, Application]:
        """The EoIs that may still get a place, or have got one."""
        return {pk: application for pk, application in self.applications.items() if application.status not in OUT}

    @cached_property
    def calibration(self) -> "Calibration":
        """Return raw and adjusted scores of the EoIs in the running whose reviews the person may see."""
        from applications.selection.calibration import Score, calibrate

        scores = [Score(review.application, review.person.pk, review.value) for review in self.all_reviews]
        return calibrate(scores).among({review.application for review in self.reviews} & self.running.keys())


@dataclass(frozen=True)
class Row:
    """An EoI with its scores. What it has not, or the person may not see, is None."""

    application: Application
    is_waiting: bool
    reviews: int
    places: int
    interview: float | None
    triage: float | None
    raw: float | None = None
    raw_rank: int | None = None
    adjusted: float | None = None
    low: float | None = None
    high: float | None = None
    adjusted_rank: int | None = None
    expected_rank: float | None = None

    @property
    def sides(self) -> list[bool]:
        """Whether it is above the line by each score that it has, the raw mean first."""
        return [rank <= self.places for rank in (self.raw_rank, self.adjusted_rank) if rank is not None]

    @property
    def changes_side(self) -> bool:
        """Whether the adjustment moves it across the line."""
        return len(set(self.sides)) > 1

    @property
    def line_in_words(self) -> str:
        """On which side of the line it is."""
        if not self.sides:
            return ""
        if self.changes_side:
            return "Above by raw mean, below by adjusted score" if self.sides[0] else "Below by raw mean, above by adjusted score"
        return "Above" if self.sides[0] else "Below"


@dataclass(frozen=True)
class Standings:
    """The rows, and why there is no adjustment where there is none."""

    rows: list[Row]
    refusals: list[str]
    places: int

    @property
    def scored(self) -> list[Row]:
        """The rows with a review that counts."""
        return [row for row in self.rows if row.raw is not None]

    @property
    def adjusted(self) -> bool:
        """Whether scores are adjusted."""
        return any(row.adjusted is not None for row in self.rows)

    @property
    def changing(self) -> list[Row]:
        """The rows that the adjustment moves across the line."""
        return [row for row in self.rows if row.changes_side]


SORTS: dict[str, Callable[[Row], str | float | None]] = {
    "reference": lambda row: row.application.reference,
    "council": lambda row: row.application.council.official_name,
    "raw": lambda row: row.raw,
    "reviews": lambda row: row.reviews,
    "adjusted": lambda row: row.adjusted,
    "expected": lambda row: row.expected_rank,
    "interview": lambda row: row.interview,
    "triage": lambda row: row.triage,
}
UPWARDS = ("reference", "council", "expected")
FIRST_SORT = "raw"


def read_scoring(call: Call, user: User) -> Scoring:
    """Gather what the person may see of a call's scores. Every query is of the whole call."""
    visible = Application.objects.visible_to(user).filter(call=call).exclude(status__in=GONE).select_related("council")
    applications = {application.pk: application for application in visible}
    conflicts = Conflict.objects.active().filter(application__call=call)
    kept_out = {(conflict.application_id, conflict.user_id): conflict for conflict in conflicts}
    sheets = InterviewSheet.objects.unsubmitted_of(user).filter(interview__application__call=call)
    given = Assignment.objects.filter(application__call=call).exclude(status=AssignmentStatus.PROPOSED)
    assignments = list(given.select_related("member__user", "review").order_by("application", "pk"))
    of_call = Review.objects.filter(assignment__application__call=call).exclude(assignment__application__status__in=GONE)
    counting = frozenset(of_call.counting().values_list("pk", flat=True))
    seen = set(of_call.visible_to(user).values_list("pk", flat=True))
    marks = marks_by_sheet(CriterionScore.objects.filter(review__in=of_call).values_list("review", "criterion__weight", "score"))
    all_reviews, reviews = [], []
    for assignment in assignments:
        review = getattr(assignment, "review", None)
        if review is None or review.pk not in counting or review.pk not in marks:
            continue
        found = _on_paper(assignment.application_id, assignment.member.user, marks[review.pk], review.saved_at or review.submitted_at)
        all_reviews.append(found)
        if review.pk in seen and assignment.application_id in applications:
            reviews.append(found)
    stages = {"Triage": _triage(call, user), "Interview": _interviews(call, user)}
    judged = {stage: [each for each in found if each.application in applications] for stage, found in stages.items()}
    return Scoring(
        call=call,
        panel=Panel.objects.filter(call=call).first(),
        applications=applications,
        waiting=frozenset(sheets.values_list("interview__application", flat=True)),
        triage=[each for each in judged["Triage"] if each.counts],
        interviews=[each for each in judged["Interview"] if each.counts],
        reviews=reviews,
        excluded=[(stage, each) for stage, found in judged.items() for each in found if not each.counts],
        assignments=[assignment for assignment in assignments if assignment.application_id in applications],
        conflicts=kept_out,
        marked=frozenset(marks),
        counting=counting,
        all_reviews=all_reviews,
    )


def standings(scoring: Scoring) -> Standings:
    """Return a row for each EoI in the running, in no order that means anything."""
    calibration = scoring.calibration
    figures = _figures(calibration)
    reviews = defaultdict(int, zip(calibration.applications, calibration.reviews.tolist(), strict=True))
    interviews, triage = _means(scoring.interviews), _means(scoring.triage)
    rows = [
        Row(
            application=application,
            is_waiting=pk in scoring.waiting,
            reviews=reviews[pk],
            places=scoring.places,
            interview=interviews.get(pk),
            triage=triage.get(pk),
            **figures.get(pk, {}),
        )
        for pk, application in scoring.running.items()
    ]
    names = {review.person.pk: str(review.person) for review in scoring.reviews}
    refusals = [in_words(refusal, names) for refusal in calibration.refusals] if figures else []
    return Standings(rows, refusals, scoring.places)


def in_words(refusal: "Refusal", names: dict[int, str]) -> str:
    """Return why scores are not adjusted, and what would help."""
    from applications.selection.calibration import LEAST_SCORES, Obstacle

    who = ", ".join(sorted(names[pk] for pk in refusal.reviewers if pk in names)) or "others"
    match refusal.obstacle:
        case Obstacle.DISCONNECTED:
            return (
                "Some panel members share no expression of interest with the rest, so nothing shows whether they are lenient "
                f"or were given the better ones: {who}. Give each of them one that the rest also score."
            )
        case Obstacle.FEW_SCORES:
            return f"It takes {LEAST_SCORES} scores that count to tell how lenient somebody is. Fewer so far: {who}."
        case _:
            return "No expression of interest has two reviews that count, so nothing shows who is generous and who is strict."


def sort_rows(rows: Iterable[Row], sort: str) -> list[Row]:
    """Return the rows by a column of SORTS, best first and names from A; the other way round with a minus. What has none comes last."""
    name = sort.removeprefix("-")
    key = SORTS.get(name, SORTS[FIRST_SORT])
    by_reference = sorted(rows, key=lambda row: row.application.reference)
    backwards = (name in UPWARDS) == sort.startswith("-")
    with_it = sorted((row for row in by_reference if key(row) is not None), key=key, reverse=backwards)  # type: ignore[arg-type]
    return with_it + [row for row in by_reference if key(row) is None]


def _triage(call: Call, user: User) -> list[Judgement]:
    """Return the finished assessments that the person may see, those apart that found the EoI ineligible."""
    finished = Assessment.objects.visible_to(user).completed().filter(application__call=call, is_eligible=True)
    seen = finished.with_conflict().select_related("assessor")
    scores = AssessmentScore.objects.filter(assessment__application__call=call)
    marks = marks_by_sheet(scores.values_list("assessment", "criterion__weight", "score"))
    return [
        _on_paper(each.application_id, each.assessor, marks[each.pk], each.completed_at, counts=not each.is_conflicted)  # type: ignore[attr-defined]
        for each in seen
        if each.pk in marks
    ]


def _interviews(call: Call, user: User) -> list[Judgement]:
    """Return the submitted sheets that the person may see, of interviews that have been held."""
    of_call = InterviewSheet.objects.visible_to(user).final().filter(interview__application__call=call)
    seen = of_call.with_conflict().select_related("interview", "interviewer")
    scores = InterviewScore.objects.filter(sheet__interview__application__call=call)
    marks = marks_by_sheet((sheet, 1, score) for sheet, score in scores.values_list("sheet", "score"))
    return [
        Judgement(sheet.interview.application_id, sheet.interviewer, *marks[sheet.pk], sheet.submitted_at, not sheet.is_conflicted)  # type: ignore[arg-type, attr-defined]
        for sheet in seen
        if sheet.pk in marks
    ]


def _on_paper(
    application: int, person: User, marks: tuple[float, tuple[int, ...]], at: datetime | None, *, counts: bool = True
) -> Judgement:
    value, given = marks
    return Judgement(application, person, OUT_OF * value / HIGHEST_SCORE, given, at, counts)  # type: ignore[arg-type]


def marks_by_sheet(rows: Iterable[tuple[int, int, int | None]]) -> dict[int, tuple[float, tuple[int, ...]]]:
    """Return the weighted mean and the single scores of each sheet, from its rows of sheet, weight and score."""
    sheets: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for sheet, weight, score in rows:
        if score is not None:
            sheets[sheet].append((weight, score))
    return {
        sheet: (float(value), tuple(score for _, score in given))
        for sheet, given in sheets.items()
        if (value := weighted_mean(given)) is not None
    }


def _figures(calibration: "Calibration") -> dict[int, dict[str, Any]]:
    """Return what calibration says of each EoI, under the names of Row. Intervals end where the scale does."""
    from applications.selection.calibration import ranks

    columns = {"raw": calibration.raw, "raw_rank": ranks(calibration.raw)}
    if calibration.adjustment is not None:
        scores, (low, high) = calibration.adjustment.scores, calibration.adjustment.interval
        columns |= {"adjusted": scores, "adjusted_rank": ranks(scores), "low": low.clip(0), "high": high.clip(None, OUT_OF)}
        columns["expected_rank"] = calibration.adjustment.expected_rank
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return {pk: dict(zip(columns, row, strict=True)) for pk, row in zip(calibration.applications, values, strict=True)}


def _means(judgements: Iterable[Judgement]) -> dict[int, float]:
    """Return the mean score of each EoI."""
    values: dict[int, list[float]] = defaultdict(list)
    for judgement in judgements:
        values[judgement.application].append(judgement.value)
    return {application: mean(given) for application, given in values.items()}
