"""The places of a cohort: how many are free, and the offers of them."""

import hashlib
from datetime import datetime
from typing import cast

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from applications.models import Call, Decision, Offer, Release
from applications.states import ApplicationStatus
from cohort.models import Cohort


def free_places(call: Call) -> int:
    """Return how many more places may be offered: neither taken nor offered. One query, so that an answer never counts twice."""
    offered = Offer.objects.open().filter(application__call=OuterRef("call")).order_by().values("application__call")
    number = Coalesce(Subquery(offered.annotate(number=Count("pk")).values("number")), 0)
    cohort = Cohort.objects.annotate(free=F("places") - F("places_taken") - number)
    return max(int(cohort.values_list("free", flat=True).get(call=call)), 0)


def free_to_promote(call: Call) -> int:
    """Return how many places are free once every held offer has been released."""
    held = Decision.objects.held().filter(application__call=call, outcome=ApplicationStatus.OFFERED)
    return free_places(call) - held.count()


def make_offer(decision: Decision, release: Release) -> Offer:
    """Offer the place that a release tells of, with the call's agreement as its text stands now."""
    call = release.call
    return Offer.objects.create(
        application=decision.application,
        decision=decision,
        respond_by=cast("datetime", release.respond_by),
        agreement=call.agreement,
        agreement_version=call.agreement_version,
        agreement_sha256=hashlib.sha256(call.agreement.encode()).hexdigest(),
        made_at=cast("datetime", release.released_at),
    )
