"""Nobody who is not to decide reads an outcome before its release: at no address, in no table, document or email.

The world gets a call at selection. Everything is asked for while its decisions are held, the letters made and the release set for
later; then all that is undone, and the same is asked for again. Both times the answers have to be alike.
"""

import io
import itertools
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from applications.models import Application, Decision, Letter
from applications.models.decision import DecisionQuerySet, LetterQuerySet
from applications.services.decisions import decide
from applications.services.meetings import end_meeting
from applications.services.releases import prepare_release, read_outcomes, schedule_release
from applications.services.workbench.adopting import adopt
from applications.services.workbench.rules import Lock, Rules
from applications.services.workbench.scenarios import begin, change
from applications.states import ApplicationStatus as S
from applications.tasks import make_letter
from tests.access.addresses import address, sent
from tests.access.table import TABLE
from tests.access.test_conflicts import OF_A_CALL, TABLES_OF_A_CALL
from tests.access.test_guards import everything, without, without_permissions
from tests.access.world import form_of
from tests.conftest import standing_still
from tests.factories import StaffFactory, UserFactory
from tests.factories.judging import (
    ConflictFactory,
    InterviewFactory,
    PanelFactory,
    PanelMemberFactory,
    ShortlistedFactory,
    reviewed,
    scored_call,
)
from tests.factories.meeting import running, settle
from upstream.accounts.services import people_who_may
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.reminders import send_due
from upstream.deadlines import add_working_days
from upstream.documents.models import StoredFile
from upstream.home.roles import ROLES as GROUPS

pytestmark = pytest.mark.django_db
OF_DECISIONS = {f"applications.{name}" for name in ("decide_application", "release_decisions")} | {
    f"applications.view_{name}" for name in ("decision", "release", "scenario", "offer")
}
# What each may do in the office who does not decide.
OFFICE = {
    "interviewer": {"conduct_interview", "view_application", "view_interview", "view_interviewslot"},
    "office without decisions": {name.split(".")[1] for name in GROUPS["Programme staff"] - OF_DECISIONS},
}
IN_CONFLICT = "conflicted staff"
NOW = timezone.now()  # which stands still, as pages say how long is left
TOKEN = re.compile(r'value="[A-Za-z0-9]{64}"')  # the token of a form
TRAIL = {"admin:audit_entry_changelist", "admin:applications_application_change"}  # it says that there is a decision, and not which
ABOUT_A_CALL = (
    OF_A_CALL
    | TABLES_OF_A_CALL
    | {f"admin:applications_{name}" for name in ("decision_changelist", "scenario_workbench", "scenario_impact")}
)
NAMES = [name for row in TABLE for name in row.names()]


def words_about(eoi):
    """Return what nobody can have from anywhere but the decision about an EoI or its letter."""
    name = "".join(chr(ord("a") + int(digit)) for digit in f"{eoi.pk:06}")
    return f"Marmalade{name}", f"Zephyr{name}"


@pytest.fixture(autouse=True)
def now(move_clock):
    move_clock(NOW)


@pytest.fixture(scope="module")
def selection(world):
    """Return the world with more people, and with a call at selection among its records: an EoI of one's own, another's and a third."""
    with standing_still(NOW):
        return at_selection(world)


def at_selection(world):
    call = scored_call(agreement="Take part.", opens_at=timezone.now() - timedelta(days=60), closes_at=timezone.now() - timedelta(days=30))
    call.cohort.places, call.cohort.confirmations_due_on = 1, timezone.localdate() + timedelta(days=2)
    call.cohort.save()
    eois = [ShortlistedFactory(call=call, council=council) for council in (world.own.council, world.other.council)]
    eois.append(ShortlistedFactory(call=call))
    join(world, "submitter elsewhere", world.other.council.contacts.filter(role="submitter", status="active").first().user)
    for role, permissions in OFFICE.items():
        person = UserFactory(is_staff=True)
        person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        join(world, role, person)
    panel = PanelFactory(call=call)
    for role in ("panel member", "conflicted panel member"):
        member = PanelMemberFactory(panel=panel, user=world.people[role], is_chair=role == "panel member")
        for eoi in eois:
            reviewed(eoi, member, 3, 4)
    for role in (IN_CONFLICT, "conflicted panel member"):
        ConflictFactory(application=eois[0], user=world.people[role])
    meeting = running(panel, world.people["staff"])
    for item in list(meeting.items.all()):
        settle(item, world.people["staff"])
    end_meeting(meeting_id=meeting.pk, not_reached="", by=world.people["staff"])
    section = form_of(call)
    for records, eoi in ((world.own, eois[0]), (world.other, eois[1])):
        vars(records).update(draft=eoi, submitted=eoi, shortlisted=eoi, call=call, section=section)
        records.interview = InterviewFactory(application=eoi)
        records.offer = SimpleNamespace(application=eoi, agreement_sha256="0" * 64)
    world.own.interview.slot.interviewer = world.people["interviewer"]
    world.own.interview.slot.save()
    office = dict.fromkeys(("applications_application", "applications_application_nudge", "to_judge"), eois[0])
    office |= {"applications_panel": panel, "applications_call": call, "meeting_item": meeting.items.get(application=eois[0])}
    vars(world.office).update(office, applications_interview=world.own.interview, applications_panelmeeting=meeting)
    world.eois, world.second = eois, StaffFactory()
    return world


def join(world, role, person):
    """Add a person to the world."""
    client = Client()
    client.force_login(person)
    world.people[role], world.cookies[role] = person, client.cookies[settings.SESSION_COOKIE_NAME].value


def decide_in_secret(world):
    """Adopt a scenario, write words into its decisions by hand, have the letters made, and set a moment for their release."""
    call, staff = world.eois[0].call, world.people["staff"]
    first = begin(call=call, by=staff)
    lock = Lock(world.eois[0].pk, is_in=True, reason=words_about(world.eois[0])[0])
    scenario = change(scenario=first, places=1, basis=first.basis, rules=Rules(locks=(lock,), reserves=1), by=staff)
    adopt(scenario_id=scenario.pk, overwrite=set(), by=staff)
    for eoi in world.eois:
        held = eoi.decisions.get()
        reason, feedback = words_about(eoi)
        words = {"reason": reason, "feedback": feedback, "seen": held.version, "reserve_rank": held.reserve_rank}
        decide(application_id=eoi.pk, outcome=held.outcome, by=staff, **words)
    held = Decision.objects.held().filter(application__call=call)
    assert set(held.values_list("outcome", flat=True)) == {S.OFFERED, S.RESERVE, S.NOT_SELECTED}
    tomorrow = timezone.now() + timedelta(days=1)
    respond_on = add_working_days(tomorrow.date(), 5, "england")
    release = prepare_release(call_id=call.pk, by=staff, dated_on=timezone.localdate(tomorrow), respond_on=respond_on)
    for letter in Letter.objects.filter(decision__release=release):
        make_letter(letter.pk)
    read_outcomes(release_id=release.pk, by=world.second)
    schedule_release(release_id=release.pk, at=tomorrow, by=world.second)
    decision = world.eois[0].decisions.get()
    of_decisions = {"decision": decision, "release": release, "release_call-off": release, "scenario": scenario}
    vars(world.office).update({f"applications_{name}": record for name, record in of_decisions.items()}, letter=decision.letter)
    for records, eoi in ((world.own, world.eois[0]), (world.other, world.eois[1])):
        records.file = file_of(eoi)


def file_of(eoi):
    return StoredFile.objects.owned_by(Letter.objects.get(decision__application=eoi)).get()


def questions(world, roles, names):
    """Yield everything to ask: each address as each role, of one's own and of another's; to post to it, too, where that may tell more.

    Whoever does not get past the office's door, which the access table holds shut to them, asks for nothing behind it.
    """
    for role, name, side in itertools.product(roles, names, ("own", "other")):
        if name.startswith("admin:") and not world.people[role].is_staff:
            continue
        url = address(world, name, role, side) + (f"?call={world.eois[0].call_id}" if name in ABOUT_A_CALL else "")
        for method in ("GET", "POST") if name.startswith("applications:") or name.endswith("_export") else ("GET",):
            yield role, name, method, url, tuple(sent(world, name, method, role, side).items())
        if name.endswith("_export"):
            yield role, name, "POST", url.replace("csv", "xlsx"), ()


def answers(world, asked):
    """Return how each is answered, as text whatever it is made of."""
    said = {}
    for question in asked:
        role, _, method, url, data = question
        response, _ = world.send(role, method, url, dict(data))
        body = response.read if response.streaming else response.content
        kind = response.get("Content-Type", "") if response.status_code == 200 else ""
        if "pdf" in kind:
            body = "".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).encode()
        elif "spreadsheet" in kind:
            body = str([list(sheet.values) for sheet in load_workbook(io.BytesIO(body))]).encode()
        said[question] = response.status_code, response.get("Location", ""), TOKEN.sub("", body.decode())
    return said


def leaks(world, roles, names):
    """Yield where somebody reads of a decision: its words are there, or the answer is another than without it."""
    with transaction.atomic():
        decide_in_secret(world)
        secrets = {eoi: {*words_about(eoi), str(file_of(eoi).pk), file_of(eoi).sha256} for eoi in world.eois}
        held = answers(world, dict.fromkeys(questions(world, roles, names)))
        transaction.set_rollback(True)
    before = answers(world, [question for question in held if question[0] != IN_CONFLICT])
    print(f"\n{len(held)} questions while decisions were held and {len(before)} without, by {', '.join(roles)}")
    for question, answer in held.items():
        role, name, method, url, _ = question
        about = world.eois[:1] if role == IN_CONFLICT else world.eois
        told = any(word in answer[2] for eoi in about for word in secrets[eoi])
        if told or (name not in TRAIL and answer != before.get(question, answer)):
            yield role, method, url, told


# In parts, so that several processes can share the work.
@pytest.mark.parametrize(
    "people",
    [
        ("anonymous", "stranger", "editor", "submitter", "submitter elsewhere", "panel member", "conflicted panel member"),
        ("finance",),
        *((role,) for role in (*OFFICE, IN_CONFLICT)),
    ],
)
def test_nobody_who_does_not_decide_reads_an_outcome_before_its_release(selection, people):
    assert list(leaks(selection, people, NAMES)) == []


def mail_to_others(move_clock):
    """Return every message to those who do not decide, after a day of reminders."""
    for hours in range(24):
        move_clock(NOW + timedelta(hours=hours))
        send_due(NOW + timedelta(hours=hours))
    deciding = people_who_may("applications.view_decision").values("email")
    return set(OutboundEmail.objects.exclude(recipient__in=deciding).values_list("kind", "recipient", "subject", "text"))


def test_no_message_tells_of_an_outcome_before_its_release(selection, move_clock):
    with transaction.atomic():
        decide_in_secret(selection)
        held = mail_to_others(move_clock)
        everything_said = " ".join(OutboundEmail.objects.values_list("text", flat=True))
        assert not any(word in everything_said for eoi in selection.eois for word in words_about(eoi))
        transaction.set_rollback(True)
    assert held == mail_to_others(move_clock)
    assert held


def shown_at_once(patch):
    """Let the outcome become the status when it is held."""
    decided = decide_in_secret

    def and_tell(world):
        decided(world)
        Application.objects.filter(pk=world.eois[0].pk).update(status=S.OFFERED)

    patch.setattr(f"{__name__}.decide_in_secret", and_tell)


@pytest.mark.parametrize(
    ("role", "name", "remove"),
    [
        ("submitter", "documents:download", without(LetterQuerySet, "visible_to", everything)),
        ("submitter", "documents:download", without(LetterQuerySet, "released", everything)),
        (IN_CONFLICT, "admin:applications_release_letter", without(DecisionQuerySet, "visible_to", everything)),
        ("office without decisions", "documents:download", without_permissions("applications.view_decision")),
        ("office without decisions", "admin:applications_scenario_change", without_permissions("applications.view_scenario")),
        ("office without decisions", "admin:applications_decision_changelist", without_permissions("applications.view_decision")),
        ("office without decisions", "admin:applications_scenario_impact", without_permissions("applications.view_scenario")),
        ("office without decisions", "admin:applications_decision_decide", without_permissions("applications.decide_application")),
        ("staff", "admin:applications_release_letter", lambda _: None),
        ("submitter", "home", shown_at_once),
        ("editor", "applications:eoi", shown_at_once),
        ("office without decisions", "admin:applications_application_export", shown_at_once),
    ],
)
def test_without_each_guard_somebody_would_read_it(selection, monkeypatch, role, name, remove):
    remove(monkeypatch)
    assert list(leaks(selection, [role], [name])) != []
