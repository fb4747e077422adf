"""What assessors' scores amount to: the weighted score, its band, and how far two who scored alone agree."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.text import get_text_list

from applications.models import Application, Assessment, Criterion, Decision
from applications.models.triage import HIGHEST_SCORE, MOST_ASSESSORS
from applications.states import BAND_BOUNDS, SHORTLIST_BANDS, ApplicationStatus, Band, Stage
from upstream.accounts.models import User

TENTH = Decimal("0.1")


def weighted_mean(scores: Iterable[tuple[int, int]]) -> Fraction | None:
    """Return the mean of pairs of a weight and a score, by the weights, which need not add up to 100. None where nothing weighs."""
    pairs = list(scores)
    weights = sum(weight for weight, _ in pairs)
    return Fraction(sum(weight * score for weight, score in pairs), weights) if weights else None


def weighted_score(scores: Iterable[tuple[int, int]]) -> Decimal:
    """Return their mean as the score out of 100 that people read, to a tenth; 0 where nothing weighs."""
    mean = weighted_mean(scores) or Fraction(0)
    return (Decimal(100 * mean.numerator) / (HIGHEST_SCORE * mean.denominator)).quantize(TENTH)


def band_of(score: Decimal) -> Band:
    """Return the band that a weighted score falls into."""
    return next(band for band, bound in BAND_BOUNDS.items() if score >= bound)


def are_close(bands: list[Band | None]) -> bool:
    """Return whether all are within one band of each other, or all None, which stands for ineligible."""
    places = [list(Band).index(band) for band in bands if band]
    return not places or (len(places) == len(bands) and max(places) - min(places) <= 1)


@dataclass(frozen=True)
class Judged:
    """A completed assessment with what it amounts to. `score` and `band` are None where it says that the EoI is ineligible."""

    assessment: Assessment
    score: Decimal | None
    band: Band | None

    @property
    def in_words(self) -> str:
        """What the assessor made of it, in a few words."""
        return f"{self.band.label} ({self.score})" if self.band else "Ineligible"


@dataclass(frozen=True)
class Comparison:
    """An EoI with what its assessors made of it. It says something only once all who are wanted have finished."""

    application: Application
    judged: list[Judged]
    started: int
    decision: Decision | None

    @property
    def is_complete(self) -> bool:
        """Whether everybody who is wanted has finished."""
        return len(self.judged) >= self.application.assessors_wanted

    @property
    def mean(self) -> Decimal | None:
        """The mean of the scores, of those who found it eligible."""
        scores = [judged.score for judged in self.judged if judged.score is not None]
        return (sum(scores, Decimal(0)) / len(scores)).quantize(TENTH) if scores else None

    @property
    def band(self) -> Band | None:
        """The band of the mean."""
        return band_of(self.mean) if self.mean is not None else None

    @property
    def difference(self) -> Decimal | None:
        """How far the highest score lies above the lowest."""
        scores = [judged.score for judged in self.judged if judged.score is not None]
        return max(scores) - min(scores) if len(scores) > 1 else None

    @property
    def agrees(self) -> bool:
        """Whether all who are wanted have finished, agree on eligibility, and are within one band of each other."""
        return self.is_complete and are_close([judged.band for judged in self.judged])

    @property
    def differs(self) -> bool:
        """Whether all who are wanted have finished, and do not agree."""
        return self.is_complete and not self.agrees

    @property
    def proposed(self) -> ApplicationStatus | None:
        """The outcome that the assessors share, where they agree: by the band of their mean."""
        if not self.agrees:
            return None
        if self.band is None:
            return ApplicationStatus.INELIGIBLE
        return ApplicationStatus.SHORTLISTED if self.band in SHORTLIST_BANDS else ApplicationStatus.NOT_SHORTLISTED

    @property
    def may_ask_third(self) -> bool:
        """Whether a third assessor could help: before a decision, where those who are wanted have finished and differ."""
        is_open = self.can_still_be_decided and self.decision is None
        return self.differs and is_open and self.application.assessors_wanted < MOST_ASSESSORS

    @property
    def decided_early(self) -> str:
        """How many assessments the decision rests on, in words, where fewer had finished than are wanted; otherwise nothing."""
        wanted = self.application.assessors_wanted
        if self.decision is None or self.decision.rests_on >= wanted:  # type: ignore[attr-defined]
            return ""
        return f"on {self.decision.rests_on} of {wanted} assessments"  # type: ignore[attr-defined]

    @property
    def is_to_be_decided_again(self) -> bool:
        """Whether a conflict of interest has overtaken the decision, before the council was told."""
        return self.decision is not None and self.decision.released_at is None and self.decision.is_overtaken  # type: ignore[attr-defined]

    @property
    def can_still_be_decided(self) -> bool:
        """Whether the council waits for its answer and no release holds it."""
        return self.application.status == ApplicationStatus.SUBMITTED and (self.decision is None or self.decision.release_id is None)

    @property
    def can_be_accepted(self) -> bool:
        """Whether the shared outcome can be taken as it stands."""
        return self.application.status == ApplicationStatus.SUBMITTED and self.decision is None and self.proposed is not None

    @property
    def in_words(self) -> str:
        """What the assessors made of it, in the order of their seats."""
        return get_text_list([judged.in_words for judged in self.judged], "and")


def compared(applications: QuerySet[Application], assessments: QuerySet[Assessment]) -> list[Comparison]:
    """Return the EoIs with their assessments, in five queries however many there are.

    `assessments` are those that may be seen, or `Assessment.objects.all()` where the answer does not depend on who asks.
    """
    seen = assessments.unconflicted().select_related("assessor").prefetch_related("scores")  # type: ignore[attr-defined]
    decisions = Decision.objects.filter(stage=Stage.SHORTLIST).with_standing().select_related("decided_by")
    everything = applications.prefetch_related(
        Prefetch("assessments", queryset=seen.order_by("seat"), to_attr="seen"),
        Prefetch("decisions", queryset=decisions, to_attr="decided"),
    )
    found = list(everything)
    weights = dict(Criterion.objects.filter(call__in={application.call_id for application in found}).values_list("pk", "weight"))
    return [_comparison(application, weights) for application in found]


def _comparison(application: Application, weights: dict[int, int]) -> Comparison:
    seen: list[Assessment] = application.seen  # type: ignore[attr-defined]
    decided: list[Decision] = application.decided  # type: ignore[attr-defined]
    return Comparison(
        application=application,
        judged=[_judged(assessment, weights) for assessment in seen if assessment.completed_at],
        started=sum(assessment.completed_at is None for assessment in seen),
        decision=decided[-1] if decided else None,
    )


def _judged(assessment: Assessment, weights: dict[int, int]) -> Judged:
    if not assessment.is_eligible:
        return Judged(assessment, None, None)
    score = weighted_score((weights[row.criterion_id], row.score) for row in assessment.scores.all() if row.score is not None)
    return Judged(assessment, score, band_of(score))


def numbers_differing(user: User) -> Counter[tuple[int, str]]:
    """Return on how many undecided EoIs of each call, by its id and title, assessors differ, of those that the person may see.

    One query, for the office's front page.
    """
    undecided = in_triage(user).filter(status=ApplicationStatus.SUBMITTED)
    undecided = undecided.exclude(Exists(Decision.objects.held().filter(application=OuterRef("pk"))))
    finished = Assessment.objects.visible_to(user).completed().unconflicted().filter(application__in=undecided).order_by()
    of_call = ("application__call", "application__call__title")
    of_each = ("pk", "application", "application__assessors_wanted", *of_call, "is_eligible")
    scores: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    for *assessment, weight, score in finished.values_list(*of_each, "scores__criterion__weight", "scores__score"):
        scores[tuple(assessment)] += [] if score is None else [(weight, score)]
    bands: dict[tuple[int, int, int, str], list[Band | None]] = defaultdict(list)
    for (_, application, wanted, call, title, is_eligible), given in scores.items():
        bands[application, wanted, call, title].append(band_of(weighted_score(given)) if is_eligible else None)
    return Counter((call, title) for (_, wanted, call, title), found in bands.items() if len(found) >= wanted and not are_close(found))


def in_triage(user: User) -> QuerySet[Application]:
    """Return the EoIs that the person may see and that went through triage, or are in it: submitted and not withdrawn."""
    seen = Application.objects.visible_to(user).filter(submitted_at__isnull=False)
    return seen.exclude(status=ApplicationStatus.WITHDRAWN)
