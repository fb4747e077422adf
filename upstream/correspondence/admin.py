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
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from upstream import clock
from upstream.accounts.models import User
from upstream.correspondence import reminders, services
from upstream.correspondence.models import OutboundEmail, ReminderSent
from upstream.correspondence.states import EmailStatus, Lane
from upstream.deadlines import with_moments_in_words
from upstream.office import (
    Act,
    ColumnFilter,
    Key,
    KeyFilter,
    NamingAdmin,
    ReadOnlyAdmin,
    moment,
    name_in_office,
    plain,
    records_behind,
    tag,
)

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
SENT_AT = moment("sent_at", "Sent")
AT = moment("at", "When")
TIMES = (moment("created_at", "Queued"), moment("send_after", "Not before"), moment("use_by", "Not after"), SENT_AT)


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


class LaneFilter(ColumnFilter):
    """By the queue that the message travels in."""

    title = "queue"
    parameter_name = column = "lane"
    labels = Lane.choices


class KindFilter(KeyFilter):
    """By what the message is."""

    title = "kind"
    parameter_name = column = "kind"


@admin.register(OutboundEmail)
class OutboundEmailAdmin(ReadOnlyAdmin):
    """Every message, readable; nothing in it is edited by hand."""

    list_display = ("subject", "recipient", "status_tag", SENT_AT)
    list_filter = ("status", LaneFilter, KindFilter)
    date_hierarchy = "created_at"
    empty_list = "No message has been written yet. Every email is kept here before it goes out."
    search_fields = ("recipient", "subject", "key")
    search_help_text = "Search by address or subject"
    change_list_template = "admin/correspondence/outbox.html"
    fieldsets = (
        (None, {"fields": ("status_tag", "error", "recipient", "subject", "words", "attached")}),
        ("On its way", {"fields": ("kind_in_words", "queue", "attempts", *TIMES)}),
        ("For whoever looks after the mail server", {"fields": ("reference", "header")}),
    )
    readonly_fields = ("status_tag", "words", "attached", "kind_in_words", "queue", "reference", "header", *TIMES)
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
        return tag(email.get_status_display(), TONES.get(EmailStatus(email.status), ""))

    @admin.display(description="kind", ordering="kind")
    def kind_in_words(self, email: OutboundEmail) -> str:
        """Return what the message is."""
        return plain(email.kind)

    @admin.display(description="attachment")
    def attached(self, email: OutboundEmail) -> str:
        """Return what comes with it as a file."""
        return plain(email.attachment) or "None"

    @admin.display(description="queue")
    def queue(self, email: OutboundEmail) -> str:
        """Return which queue it travels in."""
        return email.get_lane_display()

    @admin.display(description="reference")
    def reference(self, email: OutboundEmail) -> SafeString:
        """Return what tells this message from every other; the same one is never queued twice."""
        return format_html('<span class="office-code">{}</span>', email.key)

    @admin.display(description="Message-ID")
    def header(self, email: OutboundEmail) -> SafeString:
        """Return the header by which a mail server's log knows it."""
        return format_html('<span class="office-code">{}</span>', email.message_id)

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
        everything = reminders.forecast(now, now + FORECAST)
        keys = [(planned.subject._meta.label_lower, planned.subject.pk) for _, planned in everything]
        seen = records_behind(keys, request.user)
        coming = Paginator([pair for pair, key in zip(everything, keys, strict=True) if key in seen], self.list_per_page)
        return self.page(
            request,
            "admin/correspondence/forecast.html",
            title="Coming reminders",
            days=FORECAST.days,
            page=coming.get_page(request.GET.get("page")),
        )


class RuleFilter(KeyFilter):
    """By the rule that reminded."""

    title = "kind"
    parameter_name = column = "rule"


@admin.register(ReminderSent)
class ReminderSentAdmin(NamingAdmin):
    """The ledger of reminders."""

    list_display = (AT, "kind", "about", "when_due", "recipient")
    list_filter = (RuleFilter,)
    date_hierarchy = "at"
    empty_list = "No reminder has gone out yet. They start once a call is open and councils have begun to write."
    list_select_related = ("email",)
    search_fields = ("recipient",)
    search_help_text = "Search by email address"
    fields = readonly_fields = (*list_display, "message")

    def keys(self, record: ReminderSent) -> list[Key]:
        """Return the record that the reminder was about."""
        label, _, pk = record.subject.rpartition(":")
        return [(label, int(pk))]

    @admin.display(description="kind", ordering="rule")
    def kind(self, reminder: ReminderSent) -> str:
        """Return what the reminder says, as the forecast does."""
        return next((rule.title for rule in reminders.rules() if rule.name == reminder.rule), plain(reminder.rule))

    @admin.display(description="about")
    def about(self, reminder: ReminderSent) -> str:
        """Return the record's name."""
        return self.named(reminder, *self.keys(reminder))

    @admin.display(description="which one", ordering="occurrence")
    def when_due(self, reminder: ReminderSent) -> str:
        """Return what tells it from the other reminders of its kind about the same record."""
        return with_moments_in_words(reminder.occurrence)

    @admin.display(description="message")
    def message(self, reminder: ReminderSent) -> str:
        """Return the message that went out."""
        return name_in_office(reminder.email) if reminder.email else ""
