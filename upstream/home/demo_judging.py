"""What was made of the EoIs of the demonstration's cohort at selection: triage, the shortlist, interviews, and the panel's scores.

How good each EoI is, is drawn once. Assessors, interviewers and panel members then see it through their own eyes.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from django.contrib.auth.models import Group

from applications.models import (
    Application,
    Assessment,
    AssessmentScore,
    Call,
    Conflict,
    Criterion,
    CriterionScore,
    Interview,
    InterviewQuestion,
    InterviewSlot,
    Letter,
    Panel,
    PanelMember,
    Review,
)
from applications.models.triage import HIGHEST_SCORE
from applications.services.assignment import commit_proposals, propose_assignments, table_of
from applications.services.conflicts import Interest, waive_conflict
from applications.services.decisions import accept_shared_outcomes, decide
from applications.services.interview_outcomes import miss_interview
from applications.services.interview_sheets import Line, save_sheet, start_timer, stop_timer, submit_sheet
from applications.services.interview_slots import Series, offer_series
from applications.services.interviews import book_interview
from applications.services.panel import declare, invite_member
from applications.services.releases import prepare_release, release_decisions
from applications.services.reviews import reviews_of, submit_reviews
from applications.services.scoring import Comparison, band_of, compared
from applications.services.triage import Draft, Opinion, ask_for_third, claim, complete_assessment, save_assessment
from applications.states import SHORTLIST_BANDS, ApplicationStatus, ConflictKind
from cohort.models import CouncilContact
from cohort.states import ContactRole
from upstream.accounts.models import User
from upstream.deadlines import LONDON, MINUTE, add_working_days
from upstream.home.demo_data import as_of, make_person

# Working days after the closing on which things happened.
ASSESSED, DECIDED, RELEASED = (1, 7), 8, 9
BOOKED, RUNG, AGAIN = 10, (12, 20), (26, 28)
INVITED, DECLARED, ASSIGNED, SCORED, DUE = 9, (10, 11), 12, (13, 23), 27
INELIGIBLE = "X-OXL"
READY_LATER = "made once the worker runs"


class Story:
    """The call with everything that is drawn for it, and the days that are counted from its closing."""

    def __init__(self, call: Call, content: dict[str, Any]) -> None:
        self.call = call
        self.content = content
        self.draw = Random(content["seed"])  # noqa: S311  (a story, not a secret)
        self.criteria = list(call.criteria.all())
        self.quality = {pk: self.draw.gauss(0.1, 0.9) for pk in call.applications.order_by("pk").values_list("pk", flat=True)}

    def moment(self, day: int, hour: int = 10, minute: int = 0) -> datetime:
        """Return a time on a working day so many days after the closing."""
        return datetime.combine(add_working_days(self.call.closes_at.date(), day, "england"), time(hour, minute), LONDON)

    def some_time(self, days: tuple[int, int]) -> datetime:
        """Return a time within the working hours of one of the days from the first to the last."""
        return self.moment(self.draw.randint(*days), self.draw.randint(9, 16), self.draw.randint(0, 59))

    def score(self, application_id: int, *, bias: float, lowest: int = 0, highest: int = HIGHEST_SCORE) -> int:
        """Return what somebody gives the EoI: its quality as they see it, around the middle of the scale."""
        seen = (lowest + highest + 1) / 2 + self.quality[application_id] + bias + self.draw.gauss(0, 0.6)
        return min(max(round(seen), lowest), highest)

    def reason(self, reasons: dict[str, list[str]], score: int) -> str:
        """Return a reason that goes with a score."""
        level = "low" if score < 3 else "middle" if score == 3 else "high"  # noqa: PLR2004  (the middle of the scale)
        return self.draw.choice(reasons[level])

    def opinions(self, application_id: int, bias: float) -> list[tuple[Criterion, int, str]]:
        """Return what somebody makes of an EoI by each criterion, with their reasons."""
        bias += self.draw.gauss(0, 0.5)
        scores = [(criterion, self.score(application_id, bias=bias)) for criterion in self.criteria]
        return [(criterion, score, self.reason(self.content["reasons"][criterion.name], score)) for criterion, score in scores]


def judge(call: Call, content: dict[str, Any]) -> None:
    """Take the call from its closing to where its panel has scored nearly everything."""
    story = Story(call, content)
    manager, head = (User.objects.get(email=person["email"]) for person in content["staff"])
    assessor, *interviewers = [make_staff(person) for person in content["assistants"]]
    triage(story, (manager, assessor), head)
    release_shortlist(story, manager, head)
    hold_interviews(story, interviewers, by=manager)
    score_by_panel(story, by=manager)


def make_staff(person: dict[str, str]) -> User:
    """Make somebody who works on the programme."""
    user = make_person(person, is_staff=True)
    user.groups.add(Group.objects.get(name="Programme staff"))
    return user


def triage(story: Story, assessors: Iterable[User], third: User) -> None:
    """Let two assessors score every EoI alone, and a third the first EoI on which they differ."""
    applications = story.call.applications.filter(status=ApplicationStatus.SUBMITTED).select_related("council").order_by("pk")
    with_drafts = [
        (Assessment(application=application, assessor=assessor, seat=seat), opinion_of(story, application))
        for application in applications
        for seat, assessor in enumerate(assessors, 1)
    ]
    # Written together, as 240 saves and presses of a button took a third of the time.
    for assessment, draft in with_drafts:
        assessment.claimed_at = story.some_time(ASSESSED)
        assessment.saved_at = assessment.completed_at = assessment.claimed_at + timedelta(minutes=story.draw.randint(12, 50))
        assessment.revision, assessment.is_eligible, assessment.ineligible_reason = 1, draft.is_eligible, draft.ineligible_reason
    Assessment.objects.bulk_create(assessment for assessment, _ in with_drafts)
    AssessmentScore.objects.bulk_create(
        AssessmentScore(assessment=assessment, criterion_id=criterion, score=opinion.score, reason=opinion.reason)
        for assessment, draft in with_drafts
        for criterion, opinion in draft.opinions.items()
    )
    differing = next(comparison.application for comparison in comparisons(story) if comparison.differs)
    with as_of(story.moment(DECIDED, 9)):
        ask_for_third(application_id=differing.pk, by=third)
    assess(story, differing, opinion_of(story, differing), at=story.moment(DECIDED, 9), by=third)


def assess(story: Story, application: Application, draft: Draft, *, at: datetime, by: User) -> None:
    """Take an EoI up, and finish with it within the hour."""
    with as_of(at):
        assessment = claim(application_id=application.pk, by=by)
    with as_of(at + story.draw.randint(12, 50) * MINUTE):
        save_assessment(assessment_id=assessment.pk, revision=0, draft=draft, by=by)
        complete_assessment(assessment_id=assessment.pk, by=by)


def opinion_of(story: Story, application: Application, bias: float = 0.0) -> Draft:
    """Return what an assessor makes of an EoI, who is so much more generous than others."""
    if application.council.code == INELIGIBLE:
        return Draft(is_eligible=False, ineligible_reason=story.content["decisions"]["ineligible"])
    found = story.opinions(application.pk, bias)
    return Draft({criterion.pk: Opinion(score, reason) for criterion, score, reason in found}, is_eligible=True)


def comparisons(story: Story) -> list[Comparison]:
    """Return every EoI that waits for its answer, with what the assessors made of it."""
    waiting = Application.objects.filter(call=story.call, status=ApplicationStatus.SUBMITTED)
    return compared(waiting.order_by("pk"), Assessment.objects.all())


def release_shortlist(story: Story, manager: User, head: User) -> None:
    """Decide about every EoI, where the assessors agree as they propose, and tell the councils: the head presses the button."""
    found = comparisons(story)
    with as_of(story.moment(DECIDED, 14)):
        agreed = {each.application.pk: each.proposed for each in found if each.proposed}
        accept_shared_outcomes(expected=agreed, by=manager)
        for comparison in found:
            if comparison.application.pk not in agreed:
                settle(story, comparison, by=manager)
    with as_of(story.moment(DECIDED, 16)):
        release = prepare_release(call_id=story.call.pk, by=manager, dated_on=story.moment(RELEASED).date())
    letters = Letter.objects.filter(decision__release=release)
    # Laying out the letters takes a minute, so the worker makes them once it runs. The release needs to believe in them.
    letters.update(sha256=READY_LATER)
    with as_of(story.moment(RELEASED)):
        release_decisions(release_id=release.pk, by=head)
    letters.update(sha256="")


def settle(story: Story, comparison: Comparison, *, by: User) -> None:
    """Decide about an EoI on which the assessors differ."""
    good = comparison.mean is not None and band_of(comparison.mean) in SHORTLIST_BANDS
    outcome = ApplicationStatus.SHORTLISTED if good else ApplicationStatus.NOT_SHORTLISTED
    reason, feedback = story.content["decisions"]["differ"], story.content["feedback"][outcome]
    decide(application_id=comparison.application.pk, outcome=outcome, reason=reason, feedback=feedback, seen="", by=by)


def shortlist(story: Story) -> list[Application]:
    """Return the shortlisted EoIs."""
    return list(Application.objects.shortlisted().filter(call=story.call).select_related("council").order_by("pk"))


def hold_interviews(story: Story, interviewers: list[User], *, by: User) -> None:
    """Let the councils book, and ring them. One did not answer and has booked again; one has yet to book."""
    first, second = interviewers
    *applications, missed = [each for each in shortlist(story) if each.council.code != story.content["interviews"]["unbooked"]]
    offer(story, interviewers, RUNG, at=story.moment(RELEASED, 12), by=by)
    held = [book(story, application, at=story.moment(BOOKED)) for application in applications]
    for interview in held:
        ring(story, interview, [second] if interview == held[-1] else [first, second])
    interview = book(story, missed, at=story.moment(BOOKED))
    with as_of(interview.slot.ends_at):
        miss_interview(interview_id=interview.pk, by=first)
    offer(story, interviewers, AGAIN, at=story.moment(RUNG[1], 17), by=by)
    book(story, missed, at=story.moment(RUNG[1] + 1))


def offer(story: Story, interviewers: list[User], days: tuple[int, int], *, at: datetime, by: User) -> None:
    """Offer times on the days from the first to the last."""
    first, second = interviewers
    first_day, last_day = (story.moment(day).date() for day in days)
    with as_of(at):
        offer_series(series=Series(story.call, first, second, first_day, last_day), by=by)


def book(story: Story, application: Application, *, at: datetime) -> Interview:
    """Book one of the times that suit the council."""
    officer = CouncilContact.objects.active().get(council=application.council_id, role=ContactRole.SUBMITTER).user
    slot = story.draw.choice(InterviewSlot.objects.open_to(application, at))
    phone = f"01632 960{story.draw.randint(0, 999):03}"  # from the numbers that are kept for drama
    with as_of(at):
        return book_interview(application_id=application.pk, slot_id=slot.pk, contact_name=officer.full_name, phone=phone, by=officer)


def ring(story: Story, interview: Interview, submitting: list[User]) -> None:
    """Hold an interview. Both interviewers note and score; those who are `submitting` lock their sheets."""
    ended = interview.slot.starts_at + timedelta(minutes=story.draw.randint(31, 44))
    with as_of(interview.slot.starts_at):
        start_timer(interview_id=interview.pk, by=interview.slot.interviewer)
    with as_of(ended):
        stop_timer(interview_id=interview.pk, by=interview.slot.interviewer)
        for person in interview.slot.interviewers:
            summary = story.draw.choice(story.content["interviews"]["summary"])
            save_sheet(interview_id=interview.pk, revision=0, lines=lines(story, interview), summary=summary, by=person)
    for person in submitting:
        with as_of(ended + story.draw.randint(5, 90) * MINUTE):
            submit_sheet(interview_id=interview.pk, by=person)


def lines(story: Story, interview: Interview) -> dict[int, Line]:
    """Return what an interviewer notes for each question of the guide."""
    scores = {
        question.pk: story.score(interview.application_id, bias=0.0, lowest=1)
        for question in InterviewQuestion.objects.filter(call=story.call)
    }
    return {pk: Line(score, story.reason(story.content["interviews"], score)) for pk, score in scores.items()}


def score_by_panel(story: Story, *, by: User) -> None:
    """Invite the panel, give its members three EoIs each to score for every one that is shortlisted, and let them score."""
    panel = Panel.objects.create(call=story.call, due_at=story.moment(DUE, 17), seed=story.content["seed"])
    members = [seat(story, panel, person, is_chair=not number, by=by) for number, person in enumerate(story.content["panel"])]
    chair = members[0].user
    for member, person in zip(members, story.content["panel"], strict=True):
        with as_of(story.some_time(DECLARED)):
            declare_interest(story, member, person.get("interest"), chair)
    with as_of(story.moment(ASSIGNED)):
        propose_assignments(panel_id=panel.pk, by=by)
        commit_proposals(panel_id=panel.pk, seen=table_of(panel).preview, by=by)
    for member, person in zip(members, story.content["panel"], strict=True):
        score_own(story, member, person)


def seat(story: Story, panel: Panel, person: dict[str, Any], *, is_chair: bool, by: User) -> PanelMember:
    """Invite somebody to the panel."""
    make_person(person | {"job": "Panel member"})
    with as_of(story.moment(INVITED)):
        return invite_member(panel_id=panel.pk, name=person["name"], email=person["email"], is_chair=is_chair, by=by)


def declare_interest(story: Story, member: PanelMember, interest: dict[str, str] | None, chair: User) -> None:
    """Declare an interest in one council, or in none. The chair waives one that does not matter."""
    close = [each for each in shortlist(story) if interest and each.council.code == interest["council"]]
    interests = {each.pk: Interest(ConflictKind(interest["kind"]), interest["detail"]) for each in close if interest}
    asked = [application.pk for application in shortlist(story)]
    declare(member_id=member.pk, general="", asked=asked, interests=interests, dismissals={}, by=member.user)
    if interest and "waived" in interest:
        for conflict in Conflict.objects.filter(user=member.user, application__in=close):
            waive_conflict(conflict_id=conflict.pk, reason=interest["waived"], by=chair)


def score_own(story: Story, member: PanelMember, person: dict[str, Any]) -> None:
    """Score what a member was given, but for what they have `left`, and submit it. The scores are written together, to save time."""
    reviews = reviews_of(member)
    scored = reviews[: len(reviews) - person["left"]]
    CriterionScore.objects.bulk_create(
        CriterionScore(review=review, criterion=criterion, score=score, reason=reason)
        for review in scored
        for criterion, score, reason in story.opinions(review.assignment.application_id, person["bias"])
    )
    for review in scored:
        review.revision, review.saved_at = 1, story.some_time(SCORED)
    Review.objects.bulk_update(scored, ["revision", "saved_at"])
    with as_of(story.moment(SCORED[1], 17)):
        submit_reviews(member_id=member.pk, by=member.user)
