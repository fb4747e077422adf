"""Where a message is on its way out."""

from django.db.models import TextChoices


class EmailStatus(TextChoices):
    """The life of one message."""

    HELD = "held", "Held"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    SUPPRESSED = "suppressed", "Not needed"


TRANSITIONS: dict[EmailStatus, frozenset[EmailStatus]] = {
    EmailStatus.HELD: frozenset({EmailStatus.QUEUED, EmailStatus.SUPPRESSED}),
    EmailStatus.QUEUED: frozenset({EmailStatus.SENDING, EmailStatus.HELD, EmailStatus.SUPPRESSED}),
    EmailStatus.SENDING: frozenset({EmailStatus.SENT, EmailStatus.QUEUED, EmailStatus.FAILED, EmailStatus.UNKNOWN, EmailStatus.SUPPRESSED}),
    EmailStatus.FAILED: frozenset({EmailStatus.QUEUED}),
    EmailStatus.UNKNOWN: frozenset({EmailStatus.QUEUED, EmailStatus.SENT}),
    EmailStatus.SENT: frozenset(),
    EmailStatus.SUPPRESSED: frozenset(),
}


class Lane(TextChoices):
    """The queue a message travels in. Letters cannot starve codes."""

    CODES = "codes", "Sign-in codes"
    REMINDERS = "reminders", "Reminders and notices"
    LETTERS = "letters", "Decision letters"
