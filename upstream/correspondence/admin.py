"""The outbox in the office: what went out, what waits, what will go out when, and the few things a person may do to it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence import reminders, services
from upstream.correspondence.models import OutboundEmail, ReminderSent
from upstream.correspondence.states import EmailStatus, Lane
from upstream.office import Act, ReadOnlyAdmin

TONES = {
    EmailStatus.HELD: "yellow",
    EmailStatus.QUEUED: "grey",
    EmailStatus.SENT: "green",
    EmailStatus.FAILED: "red",
    EmailStatus.UNKNOWN: "red",
    EmailStatus.SUPPRESSED: "grey",
}
FORECAST = timedelta(days=30)
MAY_CHANGE = "correspondence.change_outboundemail"


def when(*statuses: EmailStatus) -> Callable[[OutboundEmail, User], bool]:
    """Offer an act only on messages in these statuses."""
    return lambda email, _: email.status in statuses


def hold(email: OutboundEmail, by: User) -> str:
    """Keep the message back."""
    services.hold(email_id=email.pk, by=by)
    return "The message is held. It goes out when somebody releases it."


def release(email: OutboundEmail, by: User) -> str:
    """Let the message go."""
    services.release(email_id=email.pk, by=by)
    return "The message is released. It goes out within a minute or so."


def retry(email: OutboundEmail, by: User) -> str:
    """Send the message again."""
    services.retry(email_id=email.pk, by=by)
    return "The message is in the queue again. It goes out within a minute or so."


def confirm(email: OutboundEmail, by: User) -> str:
    """Settle that the message arrived."""
    services.confirm_sent(email_id=email.pk, by=by)
    return "The message now counts as sent."


@admin.register(OutboundEmail)
class OutboundEmailAdmin(ReadOnlyAdmin):
    """Every message, readable; nothing in it is edited by hand."""

    list_display = ("subject", "recipient", "status_tag", "kind", "lane", "created_at", "sent_at")
    list_filter = ("status", "lane", "kind", "created_at")
    search_fields = ("recipient", "subject", "key")
    search_help_text = "Search by address or subject"
    change_list_template = "admin/correspondence/outbox.html"
    fieldsets = (
        (None, {"fields": ("status_tag", "error", "recipient", "subject", "words", "attachment")}),
        ("On its way", {"fields": ("lane", "kind", "key", "attempts", "created_at", "send_after", "use_by", "sent_at", "message_id")}),
    )
    readonly_fields = ("status_tag", "words", "message_id")
    acts: ClassVar = (
        Act("hold", "Hold", MAY_CHANGE, hold, "It will not go out until somebody releases it.", offered=when(EmailStatus.QUEUED)),
        Act("release", "Release", MAY_CHANGE, release, "It goes out at once.", offered=when(EmailStatus.HELD)),
        Act(
            "retry",
            "Send again",
            MAY_CHANGE,
            retry,
            "If it did arrive the first time, the person gets it twice.",
            offered=when(EmailStatus.FAILED, EmailStatus.UNKNOWN),
        ),
        Act(
            "confirm",
            "Mark as sent",
            MAY_CHANGE,
            confirm,
            "Do this once you know that it arrived. It will not be sent again.",
            offered=when(EmailStatus.UNKNOWN),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the outbox without the bodies, which only a message's own page needs."""
        return super().get_queryset(request).defer("html")

    @admin.display(description="status", ordering="status")
    def status_tag(self, email: OutboundEmail) -> SafeString:
        """Return the status as a tag."""
        context = {"text": email.get_status_display(), "tone": TONES.get(EmailStatus(email.status), "")}
        return SafeString(render_to_string("includes/tag.html", context))

    @admin.display(description="text")
    def words(self, email: OutboundEmail) -> str:
        """Return the text. A sign-in code is nobody's business but the recipient's; only the demo shows it, as it sends no mail."""
        if email.lane == Lane.CODES and not settings.DEMO:
            return "Hidden, because messages about signing in hold codes."
        return format_html('<div class="up-message">{}</div>', services.message_body(email.text))

    def get_urls(self) -> list[URLPattern]:
        """Add the forecast."""
        return [self.address("forecast/", self.forecast, "forecast"), *super().get_urls()]

    def forecast(self, request: HttpRequest) -> HttpResponse:
        """Show the reminders of the coming month: what, to whom, when."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = clock.now()
        coming = Paginator(reminders.forecast(now, now + FORECAST), self.list_per_page)
        return self.page(
            request,
            "admin/correspondence/forecast.html",
            title="Coming reminders",
            days=FORECAST.days,
            page=coming.get_page(request.GET.get("page")),
        )


@admin.register(ReminderSent)
class ReminderSentAdmin(ReadOnlyAdmin):
    """The ledger of reminders."""

    all_visible = True
    list_display = ("rule", "subject", "recipient", "occurrence", "at", "email")
    list_filter = ("rule", "at")
    list_select_related = ("email",)
    search_fields = ("subject", "recipient")
