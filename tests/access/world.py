"""The people and records that every cell of the table is tried with. Made once; what a request changes is rolled back.

`own` records belong to the council of the editor and the submitter, `other` ones to a council that nobody here acts for. The office's
are about EoIs that are `own` or nobody's, and with each of those the conflicted staff have a conflict of interest.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from PIL import Image

from applications.models import Application, Conflict, Extension, Letter, Release
from applications.services.assignment import table_of
from applications.services.eoi import attach_file, save_section
from applications.services.meeting_items import open_item
from applications.services.meetings import end_meeting
from applications.services.submission import submit_application
from applications.services.workbench.rules import Lock, Rules
from applications.services.workbench.scenarios import begin, change
from applications.states import (
    ApplicationStatus,
    AssignmentStatus,
    ConflictStatus,
    InterviewStatus,
    MemberStatus,
    QuestionKind,
    ReviewStatus,
)
from cohort.models import FocusArea, ServiceArea
from cohort.states import ContactRole, ContactStatus
from tests.factories import (
    ApplicationFactory,
    CallFactory,
    ContactFactory,
    CouncilFactory,
    QuestionFactory,
    SectionFactory,
    StaffFactory,
    UserFactory,
)
from tests.factories.judging import (
    AssessmentFactory,
    AssignmentFactory,
    ConflictFactory,
    DecisionFactory,
    InterviewFactory,
    InterviewSlotFactory,
    PanelFactory,
    PanelMemberFactory,
    ReleaseFactory,
    ReviewFactory,
    ShortlistedFactory,
    SubmittedFactory,
    all_answered,
    judge,
)
from tests.factories.meeting import planned, running, scored_panel, settle
from tests.factories.selection import place_of
from upstream.accounts.models import User
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail, ReminderSent
from upstream.correspondence.services import add_to_outbox
from upstream.correspondence.states import EmailStatus

ROLES = (
    "anonymous",
    "stranger",
    "editor",
    "submitter",
    "staff",
    "finance",
    "superuser",
    "panel member",
    "conflicted panel member",
    "conflicted staff",
)
# Written by looking at a page, whoever looks.
NOT_COUNTED = re.compile(r'"(django_session|cache)"')
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
PLACES = {settings.LOGIN_URL: "in", "admin:login": "door"}


@dataclass
class World:
    """Who asks, and what they ask for."""

    people: dict[str, User]
    own: SimpleNamespace
    other: SimpleNamespace
    office: SimpleNamespace
    cookies: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def records(self, role: str, side: str) -> SimpleNamespace:
        """Return the records of a side; among one's own are the request and the invitation of the person who asks."""
        if side == "other":
            return self.other
        mine = self.own.mine.get(role, self.own.mine["editor"])
        return SimpleNamespace(**vars(self.own), request=mine[0], invitation=mine[1])

    def ask(self, role: str, method: str, url: str, data: dict[str, Any]) -> str:
        """Return how the request is answered, as the table says it, and undo what it did."""
        response, written = self.send(role, method, url, data)
        answer = str(response.status_code)
        for name, symbol in PLACES.items():
            if answer == "302" and response.url.startswith(reverse(name)):
                answer = symbol
        return answer + "+" * bool(written)

    def send(self, role: str, method: str, url: str, data: dict[str, Any]) -> tuple[Any, list[str]]:
        """Return the response, what streams in it read, and what was written. Undoes it."""
        client = self.client
        client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: self.cookies[role]})
        written: list[str] = []

        def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if WRITES.match(sql) and not NOT_COUNTED.search(sql):
                written.append(sql)
            return execute(sql, params, many, context)

        with transaction.atomic(), connection.execute_wrapper(watch):
            response = client.generic(method, url) if method == "GET" and not data else getattr(client, method.lower())(url, data)
            if response.streaming:
                response.read = b"".join(response)  # which closes the file
            transaction.set_rollback(True)
        return response, written


def urls() -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the site by its name, or by its route where it has none."""

    def walk(resolver: URLResolver, namespace: str, route: str) -> Iterator[tuple[str, URLPattern]]:
        for part in resolver.url_patterns:
            here = route + str(part.pattern)
            if isinstance(part, URLResolver):
                yield from walk(part, f"{namespace}{part.namespace}:" if part.namespace else namespace, here)
            else:
                yield f"{namespace}{part.name}" if part.name else here, part

    return walk(get_resolver(), "", "")


def build() -> World:
    """Make everybody and everything."""
    barset, northmere, westmarch = (CouncilFactory(name=name) for name in ("Barset", "Northmere", "Westmarch"))
    people = {
        "anonymous": UserFactory(),
        "stranger": ContactFactory(council=westmarch).user,
        "editor": ContactFactory(council=barset, role=ContactRole.EDITOR).user,
        "submitter": ContactFactory(council=barset).user,
        "staff": StaffFactory(),
        "finance": UserFactory(is_staff=True),
        "superuser": UserFactory(is_staff=True, is_superuser=True),
        "panel member": UserFactory(),
        "conflicted panel member": UserFactory(),
        "conflicted staff": StaffFactory(),
    }
    # The stranger once acted for the council whose records the others ask for.
    ContactFactory(council=barset, user=people["stranger"], status=ContactStatus.ENDED)
    people["finance"].groups.add(Group.objects.get(name="Finance"))
    call, closed, fresh = CallFactory(), CallFactory(), CallFactory()
    own = side_of(barset, call, closed)
    own.call, own.fresh = call, fresh
    own.mine = {role: waiting_for(person) for role, person in people.items()}
    other = side_of(northmere, call, closed)
    other.call = other.fresh = CallFactory(published_at=None)
    other.request, other.invitation = waiting_for(UserFactory())
    own.conflict = other.conflict = panel_of(people, own.draft)
    office = SimpleNamespace(
        **vars(office_records(own, other, people["staff"])), **triage_records(own, people["staff"]), **meeting_records(people["staff"])
    )
    for application in Application.objects.exclude(council=other.council):
        ConflictFactory(application=application, user=people["conflicted staff"])
    own.preview = table_of(office.applications_panel).preview
    world = World(people, own, other, office)
    for role, person in people.items():
        client = Client()
        if role != "anonymous":
            client.force_login(person)
        session = client.session
        answers = {"lead": "council", "council": barset.code, "initiative": "live", "people": True}
        session.update({f"eligibility:{record.pk}": answers for record in (own.call, own.fresh, other.call)})
        session.save()
        world.cookies[role] = session.session_key
    return world


def panel_of(people: dict[str, User], draft: Any) -> Conflict:
    """Give an EoI to both panel members, of whom one chairs and the other has a conflict of interest, which is returned."""
    panel = PanelFactory(call=draft.call)
    for role in ("panel member", "conflicted panel member"):
        member = PanelMemberFactory(panel=panel, user=people[role], is_chair=role == "panel member")
        ReviewFactory(assignment=AssignmentFactory(member=member, application=draft))
    return ConflictFactory(application=draft, user=people["conflicted panel member"])


def waiting_for(person: User) -> tuple[Any, Any]:
    """Return a request and an invitation of this person, each for a council of its own."""
    invited = ContactFactory(user=person, status=ContactStatus.INVITED, role=ContactRole.EDITOR)
    return ContactFactory(user=person, status=ContactStatus.REQUESTED), invited


def side_of(council: Any, call: Any, closed: Any) -> SimpleNamespace:
    """Return a council's people, a whole draft with a file, and a submitted EoI."""
    contact = ContactFactory(council=council)
    section = call.sections.first() or form_of(call)
    draft = ApplicationFactory(call=call, council=council)
    text, letter = section.questions.order_by("position")
    save_section(application_id=draft.pk, section=section, revision=0, values={text.pk: "Text"}, completed=True, by=contact.user)
    picture = io.BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    upload = SimpleUploadedFile("letter.png", picture.getvalue(), "image/png")
    submitted = ApplicationFactory(call=closed, council=council)
    submit_application(application_id=submitted.pk, by=contact.user)
    return SimpleNamespace(
        council=council,
        colleague=ContactFactory(council=council, role=ContactRole.EDITOR),
        requested=ContactFactory(council=council, status=ContactStatus.REQUESTED),
        draft=draft,
        section=section,
        text=text,
        file=attach_file(application_id=draft.pk, question=letter, upload=upload, revision=1, by=contact.user),
        submitted=submitted,
        **interviews_of(council),
        **place_of(council),
        reserve=ShortlistedFactory(council=council, status=ApplicationStatus.RESERVE),
    )


def interviews_of(council: Any) -> dict[str, Any]:
    """Return a shortlisted EoI that has to book, one with an interview, and a free slot for either."""
    to_book, booked = (ShortlistedFactory(council=council) for _ in range(2))
    return {
        "shortlisted": to_book,
        "interview": InterviewFactory(application=booked),
        "slots": [InterviewSlotFactory(call=each.call) for each in (to_book, booked)],
    }


def form_of(call: Any) -> Any:
    """Return a section with a text and a file."""
    section = SectionFactory(call=call)
    QuestionFactory(section=section, position=1)
    QuestionFactory(section=section, position=2, kind=QuestionKind.FILE, required=False)
    return section


def office_records(own: SimpleNamespace, other: SimpleNamespace, staff: User) -> SimpleNamespace:
    """Return a record for each of the office's models, and for each act one that it can be done to."""
    waiting = (EmailStatus.QUEUED, EmailStatus.HELD, EmailStatus.FAILED, EmailStatus.UNKNOWN)
    emails = {status: mail(status, own.draft) for status in waiting}
    person = UserFactory()
    panel = PanelFactory(reviews_per_application=1)
    member = PanelMemberFactory(panel=panel)
    review = ReviewFactory(assignment=AssignmentFactory(member=member))
    submitted = ReviewFactory(assignment=AssignmentFactory(member=member), status=ReviewStatus.SUBMITTED, submitted_at=timezone.now())
    proposed = AssignmentFactory(member=member, status=AssignmentStatus.PROPOSED, committed_at=None)
    all_answered(panel)
    soon = timezone.now() + timedelta(days=1)
    unanswered = InterviewFactory.create_batch(2, application=ShortlistedFactory(), status=InterviewStatus.NO_SHOW)[0].application
    started = InterviewFactory(slot__starts_at=timezone.now() - timedelta(minutes=5))
    return SimpleNamespace(
        accounts_user=person,
        applications_extension=Extension.objects.create(
            call=own.call, council=own.council, until=own.call.closes_at + timedelta(days=1), reason="Flood", requested_by=person
        ),
        audit_entry=Entry.objects.about(own.submitted).first(),
        correspondence_outboundemail=emails[EmailStatus.QUEUED],
        correspondence_outboundemail_release=emails[EmailStatus.HELD],
        correspondence_outboundemail_retry=emails[EmailStatus.FAILED],
        correspondence_outboundemail_confirm=emails[EmailStatus.UNKNOWN],
        correspondence_remindersent=ReminderSent.objects.create(
            rule="r",
            subject=f"applications.application:{own.draft.pk}",
            recipient=person.email,
            occurrence="1",
            email=emails[EmailStatus.QUEUED],
        ),
        cohort_council=own.council,
        cohort_councilcontact=own.requested,
        cohort_councilcontact_role=own.colleague,
        cohort_councilcontact_end=own.colleague,
        cohort_cohort=own.call.cohort,
        cohort_focusarea=FocusArea.objects.create(name="Places"),
        cohort_servicearea=ServiceArea.objects.create(name="Streets"),
        applications_application=own.draft,
        applications_application_nudge=own.shortlisted,
        applications_application_book=own.shortlisted,
        applications_application_chance=unanswered,
        applications_application_leave=unanswered,
        applications_interview=own.interview,
        applications_interview_missed=started,
        applications_interview_held=started,
        applications_interviewslot=own.slots[0],
        applications_section=own.section,
        applications_call=other.call,
        applications_call_unpublish=CallFactory(opens_at=soon),
        applications_panel=panel,
        applications_panelmember=member,
        applications_panelmember_reinvite=PanelMemberFactory(panel=panel, status=MemberStatus.WITHDRAWN),
        applications_panelmember_resend=PanelMemberFactory(panel=panel, status=MemberStatus.INVITED, declared_at=None),
        applications_conflict=own.conflict,
        applications_offer=own.offer,
        applications_decision=own.offer.decision,
        applications_decision_promote=own.reserve,
        cohort_membership=own.membership,
        cohort_delegate=own.delegate,
        **{"applications_release_call-off": embargoed()},
        applications_conflict_answer=ConflictFactory(user=staff, status=ConflictStatus.PROPOSED),
        applications_review=review,
        applications_review_reopen=submitted,
        panel_application=proposed.application,
        panel_assignment=review.assignment,
        council_type=ContentType.objects.get_for_model(own.council),
    )


def embargoed() -> Release:
    """Return a release that waits for its moment."""
    return ReleaseFactory(scheduled_for=timezone.now() + timedelta(days=1), scheduled_by=UserFactory())


def triage_records(own: SimpleNamespace, staff: User) -> dict[str, Any]:
    """Return what the pages of triage and of releases are asked for: staff's assessments, one open and one finished, and a letter."""
    call = own.submitted.call
    decision = DecisionFactory(application=SubmittedFactory(call=call), release=ReleaseFactory(call=call))
    return {
        "applications_assessment": AssessmentFactory(application=own.submitted, assessor=staff),
        "applications_assessment_reopen": judge(SubmittedFactory(call=call), staff, 3),
        "applications_release": decision.release,
        "applications_scenario": scenario_of(own.shortlisted.call, staff),
        "to_judge": own.submitted,
        "to_take": SubmittedFactory(call=call),
        "letter": Letter.objects.create(decision=decision, subject="Your outcome", text="Text", template_version="1", sha256="0" * 64),
    }


def meeting_records(staff: User) -> dict[str, Any]:
    """Return what the pages of meetings are asked for: one planned, one with an open item, one with a settled one, one ended."""
    to_come = planned(scored_panel(2), staff)
    open_one, settled_one, ended = (running(scored_panel(2), staff) for _ in range(3))
    settled_item = settle(settled_one.items.first(), staff)
    end_meeting(meeting_id=ended.pk, not_reached="Time ran out", by=staff)
    return {
        "applications_panelmeeting": open_one,
        **dict.fromkeys([f"applications_panelmeeting_{page}" for page in ("open", "reschedule", "anew", "move")], to_come),
        "applications_panelmeeting_end": settled_one,
        **dict.fromkeys([f"applications_panelmeeting_{page}" for page in ("minutes", "send")], ended),
        "meeting_item": open_item(item_id=open_one.items.first().pk, by=staff),
        "settled_item": settled_item,
    }


def scenario_of(call: Any, staff: User) -> Any:
    """Return a scenario that can be adopted though nobody has scored its candidates: each is kept out by hand."""
    first = begin(call=call, by=staff)
    locks = [Lock(each["application"], is_in=False, reason="Not scored") for each in first.inputs["candidates"]]
    return change(scenario=first, places=1, basis=first.basis, rules=Rules(locks=tuple(locks)), by=staff)


def mail(status: EmailStatus, about: Application) -> OutboundEmail:
    """Return a message about an EoI with this status."""
    text = f"About {about.reference}"
    email = add_to_outbox(key=f"access:{status}", kind="access", recipient="sam@example.org", subject=text, text=text, about=about)
    OutboundEmail.objects.filter(pk=email.pk).update(status=status)
    return email
