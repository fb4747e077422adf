"""The office's pages of calls, of expressions of interest and of how they are judged."""

from applications.admin import (
    applications,
    calls,
    conflicts,
    decisions,
    extensions,
    interview_slots,
    interviews,
    meetings,
    offers,
    panel,
    panel_members,
    releases,
    reviews,
    triage,
    workbench,
)

__all__ = [
    "applications",
    "calls",
    "conflicts",
    "decisions",
    "extensions",
    "interview_slots",
    "interviews",
    "meetings",
    "offers",
    "panel",
    "panel_members",
    "releases",
    "reviews",
    "triage",
    "workbench",
]
