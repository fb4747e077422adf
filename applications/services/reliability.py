"""How far those who score agree, what looks odd enough to ask about, and what does not count or is missing."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from applications.models import Application, Assignment, Conflict, PanelMember
from applications.services.scores import OUT_OF, Judgement, Scoring, in_words
from applications.states import ApplicationStatus, AssignmentStatus, MemberStatus, ReviewStatus
from upstream.accounts.models import User
from upstream.deadlines import counted

if TYPE_CHECKING:
    from applications.selection.calibration import Calibration

# Of the bootstrap: the same scores always give the same interval.
SEED = 20190715
REVIEWS = (2, 3, 5)
# How many of those that could go either way the page names: more is no help in giving out two more reviews.
NEAREST = 8
# Koo and Li, A guideline of selecting and reporting intraclass correlation coefficients (2016).
LEVELS = ((0.9, "very well"), (0.75, "well"), (0.5, "moderately"), (0, "a little"))
STAGES = (
    ("Triage", "assessors", "two assessors have finished with at least two expressions of interest"),
    ("Interviews", "interviewers", "both interviewers of at least two interviews have submitted their sheets"),
    ("Panel", "panel members", "two panel members have submitted their scores of at least two of the same expressions of interest"),
)


@dataclass(frozen=True)
class StageAgreement:
    """How far single scores of a stage agree. Without them all figures are None, and `awaited` says what they wait for."""

    stage: str
    people: str
    awaited: str
    scores: int = 0
    applications: int = 0
    single: float | None = None
    low: float | None = None
    high: float | None = None
    means: tuple[float | None, ...] = ()  # how reliable the mean of as many scores as REVIEWS says is

    @property
    def in_words(self) -> str:
        """What the figure means."""
        if self.single is None:
            return ""
        if self.single <= 0:
            return f"Two {self.people} agree no more than by chance: the score of an expression of interest depends on who gives it."
        level = next(word for least, word in LEVELS if self.single >= least)
        return (
            f"Two {self.people} who score the same expression of interest agree {level}: about {self.single:.0%} of what sets single "
            "scores apart lies in the expressions of interest, and the rest in who scores them and in chance."
        )


@dataclass(frozen=True)
class Leniency:
    """By how many points of 100 somebody scores above others, or below them, on the same EoIs."""

    reviewer: str
    value: float
    low: float
    high: float
    reviews: int

    @property
    def side(self) -> int:
        """1 where it is more than chance, -1 where it is less, and 0 where chance would do."""
        return (self.low > 0) - (self.high < 0)

    @property
    def in_words(self) -> str:
        """Whether it is more than chance."""
        return ("Not clearly either", "More generous than the others", "Stricter than the others")[self.side]


@dataclass(frozen=True)
class Halo:
    """A review with the same score for every criterion."""

    application: Application
    reviewer: str
    score: int


@dataclass(frozen=True)
class DriftWarning:
    """Somebody whose scores, beside those of others, rise or fall from one review to the next, and those reviews in their order."""

    reviewer: str
    slope: float
    low: float
    high: float
    applications: list[Application]


@dataclass(frozen=True)
class Undecided:
    """An EoI whose interval straddles the line."""

    application: Application
    low: float
    adjusted: float
    high: float


@dataclass(frozen=True)
class Exclusion:
    """A score that does not count, and why. `detail` is what the person wrote."""

    stage: str
    application: Application
    person: User
    why: str
    detail: str


@dataclass(frozen=True)
class Departure:
    """A member who has withdrawn, and what became of what they were given."""

    member: PanelMember
    counting: int
    taken_back: int

    @property
    def in_words(self) -> str:
        """Who, why, and what became of their reviews."""
        reason = self.member.withdrawn_reason.strip().rstrip(".") or "no reason given"
        taken_back = f" {counted(self.taken_back, 'review')} taken back." if self.taken_back else ""
        return f"{self.member}: {reason}. {counted(self.counting, 'submitted review') or 'No submitted review'} still counted.{taken_back}"


@dataclass(frozen=True)
class Missing:
    """An EoI that has fewer reviews that count than the panel wants."""

    application: Application
    counting: int
    wanted: int
    waiting_for: list[str]

    @property
    def unassigned(self) -> int:
        """How many reviews nobody has been given."""
        return max(0, self.wanted - self.counting - len(self.waiting_for))


@dataclass(frozen=True)
class Reliability:
    """All of it."""

    stages: list[StageAgreement]
    leniency: list[Leniency]
    refusals: list[str]
    halos: list[Halo]
    drifts: list[DriftWarning]
    undecided: list[Undecided]
    exclusions: list[Exclusion]
    departures: list[Departure]
    missing: list[Missing]
    reviews: int
    resamples: int
    seed: int = SEED
    numbers: tuple[int, ...] = REVIEWS

    @property
    def measured(self) -> list[StageAgreement]:
        """The stages that have figures."""
        return [stage for stage in self.stages if stage.single is not None]

    @property
    def nearest(self) -> list[Undecided]:
        """The undecided ones that are nearest to the line, the best first."""
        return sorted(self.undecided[:NEAREST], key=lambda each: -each.adjusted)

    @property
    def leniency_in_words(self) -> str:
        """Who is clearly more generous than the others, and who stricter."""
        generous, strict = ([line.reviewer for line in self.leniency if line.side == side] for side in (1, -1))
        said = [f"More generous than the others: {', '.join(generous)}." if generous else ""]
        said.append(f"Stricter than the others: {', '.join(strict)}." if strict else "")
        if not (generous or strict):
            return "Nobody is clearly more generous or stricter than the others."
        return " ".join(filter(None, said))

    @property
    def is_adjusted(self) -> bool:
        """Whether there is an adjustment to speak of."""
        return bool(self.reviews) and not self.refusals


def reliability(scoring: Scoring, *, may_read_conflicts: bool) -> Reliability:
    """Return what there is to know about a call's scores, of what the person may see."""
    from applications.selection.reliability import RESAMPLES

    calibration = scoring.calibration
    names = {review.person.pk: str(review.person) for review in scoring.reviews}
    judged = (scoring.triage, scoring.interviews, scoring.reviews)
    return Reliability(
        stages=[_agreement(found, *stage) for found, stage in zip(judged, STAGES, strict=True)],
        leniency=_leniency(calibration, scoring.reviews),
        refusals=[in_words(refusal, names) for refusal in calibration.refusals] if scoring.reviews else [],
        halos=halos_of(scoring),
        drifts=_drifts(scoring),
        undecided=_undecided(calibration, scoring),
        exclusions=list(_exclusions(scoring, may_read_conflicts=may_read_conflicts)),
        departures=_departures(scoring),
        missing=_missing(scoring),
        reviews=len(scoring.reviews),
        resamples=RESAMPLES,
    )


def _agreement(judgements: list[Judgement], stage: str, people: str, awaited: str) -> StageAgreement:
    from applications.selection.calibration import Score
    from applications.selection.reliability import agreement

    found = agreement([Score(each.application, each.person.pk, each.value) for each in judgements], SEED)
    if found is None:
        return StageAgreement(stage, people, awaited)
    means = tuple(found.of(number) if found.single > 0 else None for number in REVIEWS)
    return StageAgreement(stage, people, awaited, found.scores, found.applications, found.single, found.low, found.high, means)


def _leniency(calibration: "Calibration", reviews: list[Judgement]) -> list[Leniency]:
    """Return everybody of whom the person sees a review, the most generous first."""
    if calibration.adjustment is None:
        return []
    names, number = {review.person.pk: str(review.person) for review in reviews}, Counter(review.person.pk for review in reviews)
    low, high = calibration.adjustment.leniency_interval
    columns = zip(calibration.reviewers, calibration.adjustment.leniency.tolist(), low.tolist(), high.tolist(), strict=True)
    lines = [Leniency(names[pk], value, least, most, number[pk]) for pk, value, least, most in columns if pk in names]
    return sorted(lines, key=lambda line: (-line.value, line.reviewer))


def halos_of(scoring: Scoring) -> list[Halo]:
    """Return the reviews that give every criterion the same score."""
    from applications.selection.reliability import halos

    found = halos({place: review.marks for place, review in enumerate(scoring.reviews)})
    odd = [scoring.reviews[place] for place in found]
    return [Halo(scoring.applications[review.application], str(review.person), review.marks[0]) for review in odd]


def _drifts(scoring: Scoring) -> list[DriftWarning]:
    from applications.selection.calibration import Score
    from applications.selection.reliability import drifts

    in_order = sorted(scoring.reviews, key=lambda review: review.at)
    of_reviewer: dict[int, list[Judgement]] = defaultdict(list)
    for review in in_order:
        of_reviewer[review.person.pk].append(review)
    return [
        DriftWarning(
            str(of_reviewer[drift.reviewer][0].person),
            drift.slope,
            drift.low,
            drift.high,
            [scoring.applications[review.application] for review in of_reviewer[drift.reviewer]],
        )
        for drift in drifts([Score(review.application, review.person.pk, review.value) for review in in_order])
        if drift.stands_out
    ]


def _undecided(calibration: "Calibration", scoring: Scoring) -> list[Undecided]:
    """Return those that two more reviews could settle, the nearest to the line first."""
    from applications.selection.reliability import undecided

    if calibration.adjustment is None:
        return []
    low, high = calibration.adjustment.interval
    columns = zip(low.clip(0).tolist(), calibration.adjustment.scores.tolist(), high.clip(None, OUT_OF).tolist(), strict=True)
    figures = dict(zip(calibration.applications, columns, strict=True))
    return [Undecided(scoring.applications[pk], *figures[pk]) for pk in undecided(calibration, scoring.places)]


def _exclusions(scoring: Scoring, *, may_read_conflicts: bool) -> Iterator[Exclusion]:
    """Yield what was scored and does not count, stage by stage. A draft that is still being written is not among it."""
    for stage, judgement in scoring.excluded:
        conflict = scoring.conflicts.get((judgement.application, judgement.person.pk))
        why, detail = _kept_out(conflict, may_read_conflicts=may_read_conflicts)
        yield Exclusion(stage, scoring.applications[judgement.application], judgement.person, why, detail)
    for assignment in scoring.assignments:
        review = getattr(assignment, "review", None)
        if review is None or review.pk not in scoring.marked or review.pk in scoring.counting:
            continue
        conflict_here = scoring.conflicts.get((assignment.application_id, assignment.member.user_id))
        if conflict_here:
            why, detail = _kept_out(conflict_here, may_read_conflicts=may_read_conflicts)
        elif assignment.status == AssignmentStatus.REMOVED:
            why, detail = "Taken back", assignment.removed_reason
        elif review.reopened_reason:
            why, detail = "Reopened, and not submitted again", review.reopened_reason
        else:
            continue
        yield Exclusion("Panel", scoring.applications[assignment.application_id], assignment.member.user, why, detail)


def _kept_out(conflict: Conflict | None, *, may_read_conflicts: bool) -> tuple[str, str]:
    """Return why a conflict excludes a score, as far as the reader may know, and what was declared.

    None is one that was declared between two readings.
    """
    if conflict is None or not may_read_conflicts:
        return "Conflict of interest", ""
    return f"Conflict of interest: {conflict.get_kind_display()}", conflict.detail


def _departures(scoring: Scoring) -> list[Departure]:
    """Return who has withdrawn, of those who were given something that the person sees."""
    gone: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in scoring.assignments:
        if assignment.member.status == MemberStatus.WITHDRAWN:
            gone[assignment.member_id].append(assignment)
    return [
        Departure(
            given[0].member,
            sum(_review_pk(assignment) in scoring.counting for assignment in given),
            sum(assignment.status == AssignmentStatus.REMOVED for assignment in given),
        )
        for given in gone.values()
    ]


def _missing(scoring: Scoring) -> list[Missing]:
    """Return the EoIs in the running that still lack reviews, once reviews have been given out."""
    if scoring.panel is None:
        return []
    counting: Counter[int] = Counter()
    waiting: dict[int, list[str]] = defaultdict(list)
    for assignment in scoring.assignments:
        pair = assignment.application_id, assignment.member.user_id
        if _review_pk(assignment) in scoring.counting:
            counting[assignment.application_id] += 1
        elif _is_awaited(assignment) and pair not in scoring.conflicts:
            waiting[assignment.application_id].append(str(assignment.member))
    wanted = scoring.panel.reviews_per_application
    given_out = {assignment.application_id for assignment in scoring.assignments}
    return [
        Missing(application, counting[pk], wanted, waiting[pk])
        for pk, application in scoring.running.items()
        if (pk in given_out or (given_out and application.status == ApplicationStatus.SHORTLISTED))
        and (counting[pk] < wanted or waiting[pk])
    ]


def _is_awaited(assignment: Assignment) -> bool:
    """Return whether its member can still submit."""
    review = getattr(assignment, "review", None)
    is_open = review is None or review.status == ReviewStatus.DRAFT
    return assignment.status == AssignmentStatus.COMMITTED and assignment.member.status == MemberStatus.ACTIVE and is_open


def _review_pk(assignment: Assignment) -> int | None:
    review = getattr(assignment, "review", None)
    return review.pk if review else None
