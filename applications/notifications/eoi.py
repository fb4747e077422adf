"""One function per email: to whom, which template, which key."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse

from applications.models import Application, Call, Extension
from applications.states import ApplicationStatus
from cohort.models import CouncilContact
from upstream.accounts.models import User
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import queue, suppress

DRAFT_DEADLINE = "draft-deadline"
CLOSING_MOVED = "closing-moved"
SUBMITTED = "application-submitted"


def people_of(application: Application | Extension) -> Iterable[User]:
    """Return the people who act for the council now."""
    contacts = CouncilContact.objects.active().filter(council=application.council_id)
    return [contact.user for contact in contacts.select_related("user")]


def address(name: str, *args: str) -> str:
    """Return a page's whole address."""
    return settings.SITE_URL + reverse(f"applications:{name}", args=args)


def _tell(application: Application, *, kind: str, key: str, to: User, **options: Any) -> OutboundEmail:
    context = options.pop("context", {})
    return queue(
        key=key,
        kind=kind,
        recipient=to.email,
        template=f"applications/{kind}",
        context={"application": application, "person": to, "link": address("eoi", application.reference), **context},
        about=application,
        **options,
    )


def application_submitted(application: Application) -> None:
    """Send the receipt, with the PDF, to everybody who acts for the council, and drop reminders that wait."""
    suppress(about=application, kinds=[DRAFT_DEADLINE], reason="The expression of interest has been submitted.")
    people = people_of(application)
    names = ", ".join(person.get_full_name() for person in people)
    for person in people:
        _tell(
            application,
            kind=SUBMITTED,
            key=f"{SUBMITTED}:{application.pk}:{person.pk}",
            to=person,
            attachment="expression-of-interest",
            at=application.submitted_at,
            context={"names": names},
        )


def receipts_of(application: Application) -> Iterable[str]:
    """Return the addresses that the receipt was sent to, whoever acts for the council since."""
    return OutboundEmail.objects.about(application).filter(kind=SUBMITTED).order_by("pk").values_list("recipient", flat=True)


def application_withdrawn(application: Application, *, by: User) -> None:
    """Confirm the withdrawal to everybody who acts for the council. `application` must carry its deadline."""
    suppress(about=application, kinds=[DRAFT_DEADLINE], reason="The expression of interest has been withdrawn.")
    for person in people_of(application):
        _tell(
            application,
            kind="application-withdrawn",
            key=f"application-withdrawn:{application.pk}:{person.pk}",
            to=person,
            context={"by": by},
        )


def draft_deadline(application: Application, *, email: str, key: str, **options: Any) -> OutboundEmail:
    """Remind one person that the draft is not submitted. `application` must carry its deadline."""
    person = User.objects.get(email=email)
    return _tell(application, kind=DRAFT_DEADLINE, key=key, to=person, **options)


def call_closed(application: Application, *, email: str, key: str, **options: Any) -> OutboundEmail:
    """Tell one person that the call closed with their draft not submitted."""
    person = User.objects.get(email=email)
    return _tell(application, kind="call-closed", key=key, to=person, **options)


def closing_digest(call: Call, *, email: str, key: str, **options: Any) -> OutboundEmail:
    """Tell one member of staff what the call brought in."""
    statuses = call.applications.values_list("status", flat=True)
    drafts = sum(status == ApplicationStatus.DRAFT for status in statuses)
    submitted = call.applications.live().filter(submitted_at__isnull=False).count()
    extensions = call.extensions.filter(approved_at__isnull=False, until__gt=call.closes_at).select_related("council")
    return queue(
        key=key,
        kind="closing-digest",
        recipient=email,
        template="applications/closing-digest",
        context={
            "call": call,
            "drafts": drafts,
            "submitted": submitted,
            "extensions": extensions.order_by("council_id", "-until").distinct("council_id"),
            "link": f"{settings.SITE_URL}{reverse('admin:applications_application_changelist')}?call={call.pk}",
        },
        about=call,
        **options,
    )


def extension_approved(extension: Extension) -> None:
    """Tell everybody who acts for the council its new deadline, and drop reminders that name the old one.

    The message is about the council's EoI, or about the call while there is none.
    """
    call = extension.call
    application = call.applications.live().filter(council=extension.council_id).first()
    if application:
        suppress(about=application, kinds=[DRAFT_DEADLINE], reason="The council has been given more time.")
    link = address("eoi", application.reference) if application else address("call", call.slug)
    for person in people_of(extension):
        queue(
            key=f"extension-approved:{extension.pk}:{person.pk}",
            kind="extension-approved",
            recipient=person.email,
            template="applications/extension-approved",
            context={"extension": extension, "application": application, "person": person, "link": link},
            about=application or call,
            use_by=extension.until,
        )


def closing_moved(call: Call, drafts: Iterable[Application]) -> None:
    """Tell everybody who acts for a council with one of the drafts the new deadline, and drop messages that name the old one."""
    for draft in drafts:
        suppress(about=draft, kinds=[DRAFT_DEADLINE, CLOSING_MOVED], reason="The call closes later than this says.")
        for person in people_of(draft):
            _tell(
                draft,
                kind=CLOSING_MOVED,
                key=f"{CLOSING_MOVED}:{draft.pk}:{person.pk}:{call.closes_at.isoformat()}",
                to=person,
                context={"call": call},
                use_by=call.closes_at,
            )
