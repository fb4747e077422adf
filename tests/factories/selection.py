"""Councils that were offered a place, and members."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from applications.models import Offer
from applications.services.offers import text_hash
from applications.states import ApplicationStatus, Stage
from cohort.models import Delegate, Membership
from cohort.states import ContactRole, ContactStatus
from tests.factories import CallFactory
from tests.factories.judging import DecisionFactory, ReleaseFactory, ShortlistedFactory


def place_of(council: Any) -> dict[str, Any]:
    """Return an offer to a council, and its place in another cohort with a person whom it named."""
    eoi = ShortlistedFactory(council=council, status=ApplicationStatus.OFFERED)
    respond_by = timezone.now() + timedelta(days=7)
    release = ReleaseFactory(call=eoi.call, stage=Stage.SELECTION, respond_by=respond_by)
    decision = DecisionFactory(application=eoi, stage=Stage.SELECTION, outcome=eoi.status, release=release, released_at=timezone.now())
    offer = Offer(application=eoi, decision=decision, respond_by=respond_by, agreement="Take part.", agreement_version="1")
    offer.agreement_sha256 = text_hash(offer)
    offer.save()
    submitter = council.contacts.filter(status=ContactStatus.ACTIVE, role=ContactRole.SUBMITTER).order_by("pk")[0].user
    membership = Membership.objects.create(cohort=CallFactory().cohort, council=council)
    delegate = Delegate.objects.create(membership=membership, user=submitter, seat=1, named_by=submitter)
    return {"offer": offer, "membership": membership, "delegate": delegate}
