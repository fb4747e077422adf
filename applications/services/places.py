"""The places of a cohort: how many are free, and the offers of them."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from applications.models import Call, Decision, Offer, Release
from applications.states import ApplicationStatus
from cohort.models import Cohort


def with_free_places() -> QuerySet[Any]:
    """Return the cohorts with `free`, the places neither taken nor offered, and `to_promote`, those of them not held for an offer."""

    def number(records: QuerySet[Any]) -> Coalesce:
        of_cohort = records.filter(application__call__cohort=OuterRef("pk")).order_by().values("application__call__cohort")
        return Coalesce(Subquery(of_cohort.annotate(number=Count("pk")).values("number")), 0)

    held = Decision.objects.held().filter(outcome=ApplicationStatus.OFFERED)
    free = F("places") - F("places_taken") - number(Offer.objects.open())
    return Cohort.objects.annotate(free=free, to_promote=free - number(held))


def free_places(call: Call) -> int:
    """Return how many more places may be offered: neither taken nor offered. One query, so that an answer never counts twice."""
    return max(int(with_free_places().get(call=call).free), 0)


def free_to_promote(call: Call) -> int:
    """Return how many places are free once every held offer has been released."""
    return int(with_free_places().get(call=call).to_promote)


def make_offers(decisions: Iterable[Decision], release: Release) -> None:
    """Offer the places that a release tells of, with the call's agreement as its text stands now."""
    call = release.call
    Offer.objects.bulk_create(
        Offer(
            application=decision.application,
            decision=decision,
            respond_by=cast("datetime", release.respond_by),
            agreement=call.agreement,
            agreement_version=call.agreement_version,
            agreement_sha256=hashlib.sha256(call.agreement.encode()).hexdigest(),
            made_at=cast("datetime", release.released_at),
        )
        for decision in decisions
    )
