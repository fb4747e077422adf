"""Who is reminded of an offer that is still open, and of the day by which councils are promised an answer."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import cast

from django.utils.timezone import localdate

from applications.models import Application, Decision, Letter, Offer
from applications.notifications import offers as notifications
from applications.services.releases import end_of
from applications.states import WAITING, ApplicationStatus, Stage
from cohort.models import Cohort, CouncilContact
from cohort.states import ContactRole
from upstream.accounts.services import people_who_may
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import Planned
from upstream.deadlines import LONDON, counted

DAYS_BEFORE_RESPONSE = (7, 2, 0)
DAYS_BEFORE_PROMISE = (14, 7, 2, 1)
MORNING = time(9)


class OfferOpen:
    """Reminds a council's submitters of an offer that they have not answered 7 and 2 days before its last day, and on that day."""

    name = notifications.REMINDER
    title = "Reminder to a council of an offer that it has not answered"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the reminders that fall due in the span, at nine in the morning. Each is good until the next."""
        longest = timedelta(days=DAYS_BEFORE_RESPONSE[0] + 1)
        offers = Offer.objects.open().filter(respond_by__gte=start, respond_by__lt=end + longest)
        if subject_id is not None:
            offers = offers.filter(application=subject_id)
        found = list(offers.select_related("application"))
        contacts = CouncilContact.objects.active().filter(
            council__in=[offer.application.council_id for offer in found], role=ContactRole.SUBMITTER
        )
        people = list(contacts.select_related("user"))
        for offer in found:
            last_day = localdate(offer.respond_by - timedelta(microseconds=1))
            moments = [morning(last_day, days) for days in DAYS_BEFORE_RESPONSE]
            for days, (at, until) in zip(DAYS_BEFORE_RESPONSE, pairwise((*moments, offer.respond_by)), strict=True):
                for contact in people:
                    ours = contact.council_id == offer.application.council_id
                    if ours and start <= at < end and at >= max(offer.made_at, contact.joined_at):
                        yield Planned(at, until, offer.application, contact.user.email, f"{days} days before {last_day}")

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the reminder's email."""
        offer = Offer.objects.select_related("application__call__cohort", "application__council").get(application=planned.subject.pk)
        return notifications.offer_reminder(offer, email=planned.recipient, key=key, use_by=planned.use_by)


class ConfirmationsDue:
    """Tells staff 14, 7, 2 and 1 days before councils are promised their answer what is undecided, unreleased and undelivered."""

    name = notifications.CONFIRMATIONS_DUE
    title = "Reminder to staff of what stands between councils and their promised answer"

    def planned(self, start: datetime, end: datetime, subject_id: int | None = None) -> Iterator[Planned]:
        """Yield the reminders that fall due in the span, at nine in the morning, while anything is left to do."""
        longest = timedelta(days=DAYS_BEFORE_PROMISE[0] + 1)
        cohorts = Cohort.objects.filter(confirmations_due_on__gte=start.date(), confirmations_due_on__lte=(end + longest).date())
        if subject_id is not None:
            cohorts = cohorts.filter(pk=subject_id)
        for cohort in cohorts:
            if not left_to_do(cohort):
                continue
            for days, next_days in pairwise((*DAYS_BEFORE_PROMISE, 0)):
                at = morning(cohort.confirmations_due_on, days)
                until = morning(cohort.confirmations_due_on, next_days) if next_days else end_of(cohort.confirmations_due_on)
                if start <= at < end:
                    for person in people_who_may("applications.release_decisions"):
                        yield Planned(at, until, cohort, person.email, f"{days} days before {cohort.confirmations_due_on}")

    def queue(self, planned: Planned, key: str) -> OutboundEmail:
        """Queue the reminder's email."""
        cohort = cast("Cohort", planned.subject)
        return notifications.confirmations_due(cohort, lines=left_to_do(cohort), email=planned.recipient, key=key, use_by=planned.use_by)


def morning(day: date, days: int) -> datetime:
    """Return nine in the morning, UK time, so many days before a day."""
    return datetime.combine(day - timedelta(days=days), MORNING, LONDON)


def left_to_do(cohort: Cohort) -> list[str]:
    """Return what still stands between councils and their answer, as counts alone: who reads it may have a conflict of interest."""
    waiting = Application.objects.filter(call__cohort=cohort, status__in=[WAITING[stage][0] for stage in Stage])
    held = Decision.objects.held().filter(application__in=waiting)
    number, decided = waiting.count(), held.count()
    letters = Letter.objects.released().filter(decision__application__call__cohort=cohort)
    troubled = OutboundEmail.objects.needing_a_person().filter(about_type__app_label="applications", about_type__model="letter")
    undelivered = letters.filter(pk__in=troubled.values("about_id")).count()
    offers = Offer.objects.open().filter(application__call__cohort=cohort, application__status=ApplicationStatus.OFFERED).count()
    lines = [
        (number - decided, "expression", "of interest without a decision"),
        (decided, "decision", "that councils have not been told"),
        (undelivered, "letter", "that may not have arrived"),
        (offers, "offer", "not answered yet"),
    ]
    return [f"{counted(amount, unit)} {what}" for amount, unit, what in lines if amount]
