"""The life of an EoI, and the kinds of question and outcome around it."""

from django.db.models import TextChoices


class ApplicationStatus(TextChoices):
    """What the council may see. Staff's decisions wait elsewhere until a release."""

    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    INELIGIBLE = "ineligible", "Ineligible"
    NOT_SHORTLISTED = "not_shortlisted", "Not shortlisted"
    SHORTLISTED = "shortlisted", "Shortlisted"
    NOT_SELECTED = "not_selected", "Not selected"
    RESERVE = "reserve", "Reserve"
    OFFERED = "offered", "Offered a place"
    ACCEPTED = "accepted", "Place accepted"
    DECLINED = "declined", "Place declined"
    LAPSED = "lapsed", "Offer lapsed"
    WITHDRAWN = "withdrawn", "Withdrawn"


S = ApplicationStatus
TRANSITIONS: dict[ApplicationStatus, frozenset[ApplicationStatus]] = {
    S.DRAFT: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    S.SUBMITTED: frozenset({S.INELIGIBLE, S.NOT_SHORTLISTED, S.SHORTLISTED, S.WITHDRAWN}),
    S.SHORTLISTED: frozenset({S.NOT_SELECTED, S.RESERVE, S.OFFERED, S.WITHDRAWN}),
    S.RESERVE: frozenset({S.OFFERED, S.NOT_SELECTED, S.WITHDRAWN}),
    S.OFFERED: frozenset({S.ACCEPTED, S.DECLINED, S.LAPSED, S.WITHDRAWN}),
    S.INELIGIBLE: frozenset(),
    S.NOT_SHORTLISTED: frozenset(),
    S.NOT_SELECTED: frozenset(),
    S.ACCEPTED: frozenset(),
    S.DECLINED: frozenset(),
    S.LAPSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}


class Completeness(TextChoices):
    """How much of an EoI its council has marked complete."""

    ALL = "all", "Every section complete"
    SOME = "some", "Some sections complete"
    NONE = "none", "No section complete"


class QuestionKind(TextChoices):
    SHORT_TEXT = "short_text", "Short text"
    LONG_TEXT = "long_text", "Long text with a word limit"
    ONE_OF = "one_of", "One of a list"
    SOME_OF = "some_of", "Some of a list"
    DATE = "date", "Date"
    YES_NO = "yes_no", "Yes or no"
    FILE = "file", "File"


class QuestionPurpose(TextChoices):
    """What the programme itself reads an answer as. The other questions are only read by people."""

    NONE = "", "Only for people to read"
    TITLE = "initiative_title", "The initiative's title"
    SUMMARY = "initiative_summary", "The initiative's one-line summary"
    STAGE = "initiative_stage", "Already working on it, or planning to"
    FOCUS_AREAS = "focus_areas", "Focus areas (choices come from the office's list)"
    SERVICE_AREAS = "service_areas", "Service areas (choices come from the office's list)"


class AttemptOutcome(TextChoices):
    """What came of pressing the submit button."""

    ACCEPTED = "accepted", "Accepted"
    ALREADY = "already", "Already submitted: the same receipt was shown"
    INCOMPLETE = "incomplete", "Answers were missing"
    LATE = "late", "After the deadline"
    WITHDRAWN = "withdrawn", "The expression of interest had been withdrawn"


class Lead(TextChoices):
    """What kind of organisation would lead, as the eligibility pages ask."""

    COUNCIL = "council", "A council: district, county, unitary, borough or city"
    COMBINED_AUTHORITY = "combined-authority", "A combined authority"
    THIRD_SECTOR = "third-sector", "A charity, company or other third-sector organisation"
    OTHER = "other", "Another kind of organisation"


class Readiness(TextChoices):
    """Whether a council has something to work on."""

    LIVE = "live", "Yes, it is running"
    IMMINENT = "imminent", "Yes, we plan to start it within the 12 months"
    NONE = "none", "Not yet"


class ExtensionStatus(TextChoices):
    """Where a request for more time stands."""

    WAITING = "waiting", "Waiting for approval"
    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"
