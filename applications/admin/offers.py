"""Offers of a place in the office: who has answered, who signed, and how long the others have."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from applications.admin.interview_filters import InterviewCallFilter
from applications.models import Offer
from upstream import clock
from upstream.deadlines import in_words, time_left
from upstream.documents.markdown import render_markdown
from upstream.office import ReadOnlyAdmin, moment, tag

# What an offer has come to, by the column that says so, with the colour of its tag.
ANSWERS = (("accepted_at", "Accepted", "green"), ("declined_at", "Declined", "grey"), ("lapsed_at", "Lapsed", "red"))


class AnswerFilter(admin.SimpleListFilter):
    """What came of the offer."""

    title = "answer"
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002  (Django's signature)
        """Offer each answer, and none."""
        return [("open", "Not answered"), *((column, label) for column, label, _ in ANSWERS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  (Django's signature)
        """Keep the offers with the answer that was chosen."""
        columns = [column for column, _, _ in ANSWERS]
        if self.value() in columns:
            return queryset.filter(**{f"{self.value()}__isnull": False})
        return queryset.open() if self.value() == "open" else queryset  # type: ignore[attr-defined]


@admin.register(Offer)
class OfferAdmin(ReadOnlyAdmin):
    """The list of offers. A release makes them; councils answer."""

    list_display = ("eoi", "answer", "respond_until", "left", "signed_by", moment("made_at", "Made"))
    list_filter = (InterviewCallFilter, AnswerFilter)
    list_select_related = ("application__council", "application__call", "answered_by")
    search_fields = ("application__reference", "application__council__name", "application__council__official_name", "signed_name")
    search_help_text = "Reference, council or who signed"
    empty_list = "No place has been offered yet. Releasing the selection makes the offers."
    fields = (
        "eoi_page",
        "answer",
        "respond_until",
        "left",
        "signed_by",
        "answered_by",
        moment("accepted_at", "Accepted"),
        "signed_from",
        moment("declined_at", "Declined"),
        "declined_reason",
        moment("lapsed_at", "Lapsed"),
        "agreement_version",
        "fingerprint",
        "text",
    )
    worded = ("eoi_page", "answer", "respond_until", "left", "signed_by", "signed_from", "fingerprint", "text")
    readonly_fields = (*(name for name in fields if callable(name)), *worded)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read the database's clock with the rows, not once for each."""
        return super().get_queryset(request).annotate(now=Value(clock.now()))  # type: ignore[no-any-return]

    @admin.display(description="Expression of interest", ordering="application")
    def eoi(self, offer: Offer) -> str:
        """The EoI by its reference and council."""
        return str(offer.application)

    @admin.display(description="Expression of interest")
    def eoi_page(self, offer: Offer) -> SafeString:
        """The way to the EoI's page."""
        page = reverse("admin:applications_application_change", args=[offer.application_id])
        return format_html('<a href="{}">{}</a>', page, offer.application)

    @admin.display(description="Fingerprint of the agreement (SHA-256)")
    def fingerprint(self, offer: Offer) -> str:
        """What proves that the text is the one that was signed."""
        return offer.agreement_sha256

    @admin.display(description="The agreement")
    def text(self, offer: Offer) -> SafeString:
        """The agreement as the council reads it."""
        return render_markdown(offer.agreement)

    @admin.display(description="Signed from the network address")
    def signed_from(self, offer: Offer) -> str:
        """Where the signature came from."""
        return offer.signed_address or ""

    @admin.display(description="Answer")
    def answer(self, offer: Offer) -> SafeString:
        """What the council answered."""
        found = next(((label, tone) for column, label, tone in ANSWERS if getattr(offer, column)), ("Not answered", "yellow"))
        return tag(*found)

    @admin.display(description="Respond by", ordering="respond_by")
    def respond_until(self, offer: Offer) -> str:
        """Until when."""
        return capfirst(in_words(offer.respond_by))

    @admin.display(description="Time left")
    def left(self, offer: Offer) -> str:
        """How long the council has, while it has not answered."""
        return time_left(offer.respond_by, offer.now) if offer.is_open else ""  # type: ignore[attr-defined]

    @admin.display(description="Signed by", ordering="signed_name")
    def signed_by(self, offer: Offer) -> str:
        """Who signed, with their role."""
        return f"{offer.signed_name}, {offer.signed_role}" if offer.signed_name else ""
