"""The ground floor: councils, who may act for them, the cohorts they apply to join, and those that have joined."""

from cohort.models.council import Council, CouncilContact, CouncilContactQuerySet, CouncilDomain, PoliticalControl, control_on
from cohort.models.member import Delegate, Membership
from cohort.models.programme import Cohort, FocusArea, ListEntry, ServiceArea

__all__ = [
    "Cohort",
    "Council",
    "CouncilContact",
    "CouncilContactQuerySet",
    "CouncilDomain",
    "Delegate",
    "FocusArea",
    "ListEntry",
    "Membership",
    "PoliticalControl",
    "ServiceArea",
    "control_on",
]
