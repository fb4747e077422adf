"""What panel members have scored, in the office: the list, reopening one, and the export."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from applications.admin.exporting import ExportingAdmin
from applications.admin.filters import CallFilter
from applications.admin.panel_pages import MAY_RUN
from applications.forms.panel import ReopenForm
from applications.models import Application, PanelMember, Review
from applications.services.reviews import reopen_review
from applications.services.scores_export import export_reviews
from applications.states import AssignmentStatus, ReviewStatus
from upstream.accounts.models import User
from upstream.documents.spreadsheets import Cell
from upstream.office import Act, ColumnFilter, moment, tag

REVIEW_TONES = {ReviewStatus.DRAFT: "grey", ReviewStatus.SUBMITTED: "green"}
SAVED_AT, SUBMITTED_AT = moment("saved_at", "Last saved", "Not yet"), moment("submitted_at", "Submitted")


def reopen(review: Review, user: User, *, reason: str) -> str:
    """Reopen a review."""
    reopen_review(review_id=review.pk, reason=reason, by=user)
    return "The scores are open again, and do not count until they are submitted. We have emailed the member."


class ReviewCallFilter(CallFilter):
    """By the call of the EoI."""

    column = "assignment__application__call"


class ReviewStatusFilter(ColumnFilter):
    """By whether the scores are locked."""

    title = "status"
    parameter_name = column = "status"
    labels = ReviewStatus.choices


@admin.register(Review)
class ReviewAdmin(ExportingAdmin):
    """What members have scored."""

    export_title = "Panel reviews"
    list_display = ("application", "member", "standing", SAVED_AT, SUBMITTED_AT)
    list_select_related = ("assignment__application__council", "assignment__member__user")
    list_filter = (ReviewCallFilter, ReviewStatusFilter)
    search_fields = (
        "assignment__application__reference",
        "assignment__application__council__official_name",
        "assignment__member__user__full_name",
    )
    search_help_text = "Search by reference, council or member"
    empty_list = "No reviews have been assigned yet. They appear here once you commit assignments."
    change_list_template = "admin/applications/review_list.html"
    fields = ("application", "member", "standing", "scores", "note", SAVED_AT, SUBMITTED_AT, "reopened_reason")
    readonly_fields = ("application", "member", "standing", "scores", SAVED_AT, SUBMITTED_AT)
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="reopen",
            label="Reopen the scores",
            permission=MAY_RUN,
            run=reopen,
            form=ReopenForm,
            consequence="The member can change these scores, which are kept. They do not count until submitted again. We email the member.",
            offered=lambda review, _user: review.status == ReviewStatus.SUBMITTED,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what has not been taken back."""
        return super().get_queryset(request).filter(assignment__status=AssignmentStatus.COMMITTED)

    def table_of(self, shown: QuerySet[Any], file_format: str, by: User) -> Iterable[Iterable[Cell]]:
        """Return the table, with every score and reason, and put on record that it leaves."""
        return export_reviews(reviews=shown, file_format=file_format, by=by)

    @admin.display(description="Expression of interest", ordering="assignment__application__reference")
    def application(self, review: Review) -> Application:
        """What is scored."""
        return review.assignment.application

    @admin.display(description="Member", ordering="assignment__member__user__full_name")
    def member(self, review: Review) -> PanelMember:
        """Who scores it."""
        return review.assignment.member

    @admin.display(description="Status", ordering="status")
    def standing(self, review: Review) -> SafeString:
        """Whether the scores are locked."""
        return tag(review.get_status_display(), REVIEW_TONES[ReviewStatus(review.status)])

    @admin.display(description="Scores")
    def scores(self, review: Review) -> SafeString | str:
        """Each score with its reason."""
        rows = [
            (row.criterion.name, "no score" if row.score is None else row.score, row.reason)
            for row in review.scores.select_related("criterion")
        ]
        return format_html_join("", "<p><strong>{}: {}</strong><br>{}</p>", rows) or "None yet"
