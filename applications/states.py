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
    NOT_AGREED = "not_agreed", "The terms were not accepted"
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


class Stage(TextChoices):
    """The two moments at which decisions are released."""

    SHORTLIST = "shortlist", "Shortlist"
    SELECTION = "selection", "Selection"


# What each stage may decide: the status that an EoI has once the decision is released.
OUTCOMES: dict[Stage, tuple[ApplicationStatus, ...]] = {
    Stage.SHORTLIST: (S.SHORTLISTED, S.NOT_SHORTLISTED, S.INELIGIBLE),
    Stage.SELECTION: (S.OFFERED, S.RESERVE, S.NOT_SELECTED),
}
# The statuses in which EoIs wait for each stage. A release decides about all in the first; a reserve may wait for ever.
WAITING: dict[Stage, tuple[ApplicationStatus, ...]] = {
    Stage.SHORTLIST: (S.SUBMITTED,),
    Stage.SELECTION: (S.SHORTLISTED, S.RESERVE),
}
STAGE_OF: dict[str, Stage] = {status: stage for stage, statuses in WAITING.items() for status in statuses}


class InterviewStatus(TextChoices):
    """Where an interview stands."""

    BOOKED = "booked", "Booked"
    HELD = "held", "Held"
    NO_SHOW = "no_show", "Nobody answered"
    CANCELLED = "cancelled", "Cancelled"


INTERVIEW_TRANSITIONS: dict[InterviewStatus, frozenset[InterviewStatus]] = {
    InterviewStatus.BOOKED: frozenset({InterviewStatus.HELD, InterviewStatus.NO_SHOW, InterviewStatus.CANCELLED}),
    InterviewStatus.NO_SHOW: frozenset({InterviewStatus.HELD}),
    InterviewStatus.HELD: frozenset(),
    InterviewStatus.CANCELLED: frozenset(),
}
# An EoI has at most one of these, and so has a slot.
LIVE_INTERVIEW = (InterviewStatus.BOOKED, InterviewStatus.HELD)


class MemberStatus(TextChoices):
    """Where a panel member stands. Nothing opens to them before they have declared their conflicts."""

    INVITED = "invited", "Invited"
    ACTIVE = "active", "Declaration made"
    WITHDRAWN = "withdrawn", "Withdrawn"


MEMBER_TRANSITIONS: dict[MemberStatus, frozenset[MemberStatus]] = {
    MemberStatus.INVITED: frozenset({MemberStatus.ACTIVE, MemberStatus.WITHDRAWN}),
    MemberStatus.ACTIVE: frozenset({MemberStatus.WITHDRAWN}),
    MemberStatus.WITHDRAWN: frozenset({MemberStatus.INVITED}),
}


class ConflictKind(TextChoices):
    """Why somebody may not judge an EoI."""

    COUNCIL = "council", "Employer or member of the council, now or in the last three years"
    FAMILY = "family", "Family works there or is a member of the council"
    ADVISER = "adviser", "Paid adviser to the council"
    PARTNER = "partner", "Shared service or combined-authority partner"
    OTHER_APPLICANT = "other_applicant", "An interest in another applicant"
    OTHER = "other", "Another reason"


class ConflictStatus(TextChoices):
    """Whether a conflict keeps the person out."""

    PROPOSED = "proposed", "Proposed by the system"
    ACTIVE = "active", "Declared"
    DISMISSED = "dismissed", "Not a conflict"
    WAIVED = "waived", "Waived by the chair"


# While a conflict is one of these its person is given nothing to judge: what was found waits for their answer.
UNASSIGNABLE = (ConflictStatus.PROPOSED, ConflictStatus.ACTIVE)
CONFLICT_TRANSITIONS: dict[ConflictStatus, frozenset[ConflictStatus]] = {
    ConflictStatus.PROPOSED: frozenset({ConflictStatus.ACTIVE, ConflictStatus.DISMISSED}),
    ConflictStatus.ACTIVE: frozenset({ConflictStatus.WAIVED}),
    ConflictStatus.DISMISSED: frozenset({ConflictStatus.ACTIVE}),
    ConflictStatus.WAIVED: frozenset({ConflictStatus.ACTIVE}),
}


class AssignmentStatus(TextChoices):
    """Whether a panel member has been given an EoI to score."""

    PROPOSED = "proposed", "In the preview"
    COMMITTED = "committed", "Assigned"
    REMOVED = "removed", "Taken back"


class ReviewStatus(TextChoices):
    """Whether a panel member's scores are locked."""

    DRAFT = "draft", "Being scored"
    SUBMITTED = "submitted", "Submitted"


REVIEW_TRANSITIONS: dict[ReviewStatus, frozenset[ReviewStatus]] = {
    ReviewStatus.DRAFT: frozenset({ReviewStatus.SUBMITTED}),
    ReviewStatus.SUBMITTED: frozenset({ReviewStatus.DRAFT}),
}


class Band(TextChoices):
    """What a weighted score amounts to, the best first."""

    STRONG = "strong", "Strong"
    GOOD = "good", "Good"
    FAIR = "fair", "Fair"
    WEAK = "weak", "Weak"


# From which weighted score, of 100, each band begins; and those whose EoIs are proposed for the shortlist.
BAND_BOUNDS: dict[Band, int] = {Band.STRONG: 75, Band.GOOD: 60, Band.FAIR: 40, Band.WEAK: 0}
SHORTLIST_BANDS = (Band.STRONG, Band.GOOD)


class ScoreBasis(TextChoices):
    """Which score of a candidate the selection maximises."""

    MODERATED = "moderated", "The panel meeting's score where there is one, else the adjusted score"
    ADJUSTED = "adjusted", "The adjusted score, else the raw mean"
    RAW = "raw", "The raw mean"


class Recommendation(TextChoices):
    """What a panel's meeting says of an EoI."""

    SELECT = "select", "Offer a place"
    EITHER = "either", "Could go either way"
    RESERVE = "reserve", "Reserve"
    NOT_SELECT = "not_select", "Do not select"


class Outlook(TextChoices):
    """What the adjusted scores say of an EoI before the panel meets, in the order in which a meeting takes them."""

    STRONG = "strong", "Above the line"
    EITHER = "either", "Could go either way"
    REST = "rest", "Below the line, or without a score"
