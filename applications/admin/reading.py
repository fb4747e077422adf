"""What the office reads about one EoI: a fixed number of queries, however much there is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from applications.models import Answer, Application, Extension, Interview, Letter, Review, SubmissionAttempt
from applications.services.answers import AnsweredSection, answered_sections
from applications.states import ApplicationStatus, AssignmentStatus
from cohort.models import CouncilContact
from upstream import clock
from upstream.accounts.models import User
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.deadlines import counted, in_words
from upstream.office import plain

VERBS = {
    "application.started": "Started",
    "application.submitted": "Submitted",
    "application.withdrawn": "Withdrawn",
    "file.stored": "File attached",
    "file.removed": "File removed",
    "application.third_asked": "A third assessor asked for",
    "assessment.claimed": "Taken up in triage",
    "assessment.completed": "Assessment completed",
    "assessment.reopened": "Assessment opened again",
    "assessment.put_back": "Given back to the queue of triage",
    "decision.held": "Decision held",
    "decision.cleared": "Decision cleared",
    "decision.released": "Decision released to the council",
    "interview.nudged": "Asked to book its interview",
    "interview.another_chance": "Offered another chance to book its interview",
    "interview.given_up": "Left without an interview",
}


@dataclass(frozen=True)
class Event:
    """A line of the history."""

    at: datetime
    what: str
    who: str


@dataclass(frozen=True)
class Press:
    """A press of the submit button, with the questions that had no answer that would do."""

    attempt: SubmissionAttempt
    missing: list[str]


class Step(NamedTuple):
    """A page on which the EoI is judged, or what came of it."""

    stage: str
    words: str
    url: str


def everything_about(application: Application, user: User) -> dict[str, Any]:
    """Return the page's context: what this person may see of everything that belongs to the EoI."""
    sections = answered_sections(application)
    files = Entry.objects.about_each(Answer, application.answers.values("pk"))
    entries = Entry.objects.about(application) | files if user.has_perm("audit.view_entry") else Entry.objects.none()
    extensions = Extension.objects.visible_to(user).filter(call=application.call_id, council=application.council_id).with_status()
    letters = Letter.objects.visible_to(user).filter(decision__application=application).select_related("decision")
    messages = OutboundEmail.objects.visible_to(user)
    about = messages.about(application) | messages.about_each(Letter, [letter.pk for letter in letters])
    contacts = CouncilContact.objects.visible_to(user).active().filter(council=application.council_id)
    return {
        "sections": sections,
        "judging": list(judging(application, letters, user)),
        "can_still_submit": application.is_draft and clock.now() < application.deadline,  # type: ignore[attr-defined]
        "extensions": extensions.select_related("requested_by", "approved_by"),
        "people": contacts.select_related("user"),
        "history": list(history(list(entries.order_by("pk")))),
        "presses": list(presses(application, sections)),
        "messages_about": about.defer("text", "html"),
    }


def judging(application: Application, letters: Iterable[Letter], user: User) -> Iterator[Step]:
    """Yield where it is judged, as far as this person may follow."""
    goes_through_triage = application.submitted_at and application.status != ApplicationStatus.WITHDRAWN
    if goes_through_triage and (user.has_perm("applications.assess_application") or user.has_perm("applications.decide_application")):
        yield Step("Triage", "Assessments and decision", page_of("assessment_compare", application.pk))
    if user.has_perm("applications.conduct_interview"):
        for interview in Interview.objects.visible_to(user).filter(application=application).select_related("slot"):
            words = f"{interview.get_status_display()}, {in_words(interview.slot.starts_at)}"
            yield Step("Interview", words, page_of("interview_change", interview.pk))
    if user.has_perm("applications.view_review"):
        reviews = Review.objects.visible_to(user).filter(assignment__application=application, assignment__status=AssignmentStatus.COMMITTED)
        if number := reviews.count():
            yield Step("Panel", counted(number, "review"), f"{page_of('review_changelist')}?{urlencode({'q': application.reference})}")
            if user.has_perm("applications.decide_application"):
                yield Step("Scores", "All of the call", page_of("call_scores", application.call_id))
    for letter in letters:
        told = "released" if letter.decision.released_at else "not released yet"
        yield Step("Letter", f"{letter.decision.get_outcome_display()}, {told}", page_of("release_letter", letter.pk))


def page_of(name: str, *args: int) -> str:
    """Return the address of a page of the office."""
    return reverse(f"admin:applications_{name}", args=args)


def history(entries: list[Entry]) -> Iterator[Event]:
    """Yield the audit trail in words, everybody's name found in one query."""
    names = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    for entry in entries:
        who = str(names.get(entry.actor_id, "Somebody no longer on record")) if entry.actor_id else "The system"
        yield Event(entry.at, VERBS.get(entry.verb, plain(entry.verb)), who)


def presses(application: Application, sections: Iterable[AnsweredSection]) -> Iterator[Press]:
    """Yield every press of the submit button, oldest first."""
    asked = {answered.question.pk: answered.question.text for section in sections for answered in section.answers}
    for attempt in application.attempts.select_related("by"):
        yield Press(attempt, [asked[pk] for pk in attempt.missing if pk in asked])
