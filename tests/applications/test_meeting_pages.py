"""The office's pages of the panel's meetings, and the minutes."""

import re
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from applications.documents import minutes_attachment
from applications.models import InterviewSheet, PanelMeeting
from applications.services.meeting_items import open_item
from applications.services.meetings import end_meeting, send_minutes
from tests.applications.test_query_counts import queries
from tests.factories.judging import ConflictFactory, InterviewFactory, PanelMemberFactory
from tests.factories.meeting import planned, running, scored_panel, settle
from upstream.correspondence.models import OutboundEmail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
WRITTEN = {"recommendation": "reserve", "score": "61.5", "reason": "Promising, and early.", "revision": "0"}


@pytest.fixture
def panel(db):
    return scored_panel()


@pytest.fixture
def meeting(panel, staff):
    return running(panel, staff)


@pytest.fixture
def item(meeting):
    return meeting.items.first()


@pytest.fixture
def opened(item, staff):
    return open_item(item_id=item.pk, by=staff)


def url(name, *args):
    return reverse(f"admin:applications_panelmeeting_{name}", args=args)


def item_url(item, name="item"):
    return url(name, item.meeting_id, item.pk)


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_a_meeting_is_planned_reordered_and_opened(office, panel):
    assert "No meeting is planned yet" in text(office.get(url("changelist")))
    when = {"starts_at_0": "2027-04-30", "starts_at_1": "10:00", "place": "Room 2"}
    page = text(office.post(url("plan"), when | {"panel": "", "starts_at_1": "noon"}))
    assert "Select the panel" in page
    assert "Enter a time, for example 17:30" in page
    assert "The meeting is planned" in text(office.post(url("plan"), when | {"panel": panel.pk}, follow=True))
    assert "has not ended" in text(office.post(url("plan"), when | {"panel": panel.pk}))
    meeting = PanelMeeting.objects.get()
    assert str(meeting) in text(office.get(url("changelist")))
    last = meeting.items.last()
    office.post(url("move", meeting.pk), {"move": f"{last.pk}:-1000"})
    last.refresh_from_db()
    assert last.position == 1
    for nonsense in ("", "x:1", f"{last.pk}:9", "0:1", f"{10**12}:1", "²:1"):
        assert office.post(url("move", meeting.pk), {"move": nonsense}).status_code == 302
    assert "Select who is present" in text(office.post(url("open", meeting.pk), {}))
    assert "Select who is present" in text(office.post(url("open", meeting.pk), {"present": ["x"]}))
    present = [member.pk for member in panel.members.all()]
    assert "0 of 3 settled" in text(office.post(url("open", meeting.pk), {"present": present}, follow=True))
    assert "has been opened" in text(office.post(url("open", meeting.pk), {"present": present}, follow=True))


def test_an_item_from_opening_to_the_next(office, meeting, item):
    page = text(office.get(item_url(item)))
    assert "1 of 3" in page
    assert "Open the item" in page
    page = text(office.post(item_url(item), {"action": "open"}, follow=True))
    assert "Scores, as locked at" in page
    answer = office.post(item_url(item), WRITTEN | {"action": "next"}, follow=True)
    assert answer.redirect_chain[-1][0] == item_url(meeting.items.all()[1])
    item.refresh_from_db()
    assert (item.recommendation, str(item.moderated_score), item.reason) == ("reserve", "61.5", "Promising, and early.")
    assert item.closed_at
    assert "1 of 3 settled" in text(office.get(url("change", meeting.pk)))
    again = item_url(item, "again")
    assert "Enter why the item is taken up again" in text(office.post(again, {"reason": ""}))
    office.post(again, {"reason": "A figure was wrong."})
    item.refresh_from_db()
    assert item.is_open


def test_what_is_missing_or_wrong_is_said_and_what_was_typed_stays(office, opened):
    page = office.post(item_url(opened), {"action": "next", "revision": "0"})
    assert "Select what the panel recommends" in text(page)
    assert "Enter the reason" in text(page)
    page = office.post(item_url(opened), WRITTEN | {"score": "a lot", "action": "next"})
    assert "Enter a score from 0 to 100" in text(page)
    assert "a lot" in page.content.decode()
    opened.refresh_from_db()
    assert (opened.recommendation, opened.moderated_score, opened.closed_at) == ("reserve", None, None)
    for score in ("101", "-1", "NaN", "1e400", "1.23", "9" * 400):
        assert office.post(item_url(opened), WRITTEN | {"score": score, "action": "later"}).status_code in {200, 302, 409}
    bad = {"recommendation": "select\x00", "reason": "x" * 30_000, "revision": "x", "action": "out:²"}
    assert office.post(item_url(opened), bad).status_code in {200, 302, 409}


def test_another_window_is_shown_and_not_overwritten(office, opened):
    office.post(item_url(opened), WRITTEN | {"action": "later"})
    mine = {"recommendation": "select", "reason": "Mine.", "revision": "0"}
    page = office.post(item_url(opened), mine | {"action": "later"})
    assert page.status_code == 409
    assert "Nothing has been overwritten" in text(page)
    assert "Promising, and early." in text(page)
    assert "Mine." in page.content.decode()
    assert re.search(r"You saved this at .+, in another tab or window\.", text(page))
    answer = office.post(item_url(opened, "autosave"), mine)
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    answer = office.post(item_url(opened, "autosave"), mine | {"revision": "1"})
    assert (answer.status_code, answer.json()["revision"], answer.json()["unsaved"]) == (200, 2, [])


def test_what_is_typed_into_a_closed_item_can_be_copied(office, item, staff):
    settle(item, staff)
    page = office.post(item_url(item), {"reason": "Too late", "revision": "1", "action": "later"})
    assert (page.status_code, "Too late" in text(page)) == (409, True)
    assert office.post(item_url(item, "autosave"), {"reason": "Too late", "revision": "1"}).json() == {"error": "closed"}


def test_leaving_and_coming_back(office, opened, panel):
    member, chair = panel.members.filter(is_chair=False).first(), panel.members.get(is_chair=True)
    office.post(item_url(opened), WRITTEN | {"action": f"out:{member.pk}"})
    assert "outside" in text(office.get(item_url(opened)))
    assert opened.exits.get().member == member
    office.post(item_url(opened), WRITTEN | {"action": f"back:{member.pk}"})
    assert opened.exits.get().returned_at
    assert "chairs the item cannot leave" in text(office.post(item_url(opened), WRITTEN | {"action": f"out:{chair.pk}"}, follow=True))
    office.post(item_url(opened), WRITTEN | {"action": "chair", "chair": member.pk})
    opened.refresh_from_db()
    assert (opened.chaired_by, opened.reason) == (member, "Promising, and early.")


def test_nobody_stays_in_the_room_because_a_score_was_mistyped(office, opened, panel):
    member = panel.members.filter(is_chair=False).first()
    page = office.post(item_url(opened), WRITTEN | {"score": "a lot", "action": f"out:{member.pk}"})
    assert opened.exits.get().member == member
    assert "Enter a score from 0 to 100" in text(page)
    assert "a lot" in page.content.decode()


def test_a_conflicted_chair_is_named_and_replaced(office, item, panel):
    chair, other = panel.members.get(is_chair=True), panel.members.filter(is_chair=False).first()
    ConflictFactory(application=item.application, user=chair.user)
    page = text(office.get(item_url(item)))
    assert f"{chair} has a conflict of interest and leaves when the item is opened" in page
    assert "somebody else chairs it" in page
    assert "Select somebody who is in the room" in text(office.post(item_url(item), {"action": "open"}, follow=True))
    assert "conflict of interest, left at" in text(office.post(item_url(item), {"action": "open", "chair": other.pk}, follow=True))


def test_a_conflict_recorded_while_the_item_is_discussed_leads_back_to_it(office, opened, meeting):
    member = meeting.present.last()
    record = f"{reverse('admin:applications_conflict_record')}?application={opened.application_id}"
    assert record in office.get(item_url(opened)).content.decode()
    assert f'value="{opened.application_id}" selected' in office.get(record).content.decode()
    data = {"person": member.user_id, "application": opened.application_id, "kind": "family", "detail": "Her sister works there."}
    answer = office.post(record, data, follow=True)
    assert answer.redirect_chain[-1][0] == item_url(opened)
    assert f"{member} has a conflict of interest and leaves now" in text(answer)
    office.post(item_url(opened), WRITTEN | {"action": "later"})
    assert f"{member} , conflict of interest, left at" in text(office.get(item_url(opened)))


def test_staff_with_a_conflict_find_neither_the_item_nor_its_line(office, meeting, opened, staff):
    ConflictFactory(application=opened.application, user=staff)
    for name in ("item", "autosave", "again"):
        assert office.post(item_url(opened, name), WRITTEN).status_code == 404
    page = text(office.get(url("change", meeting.pk)))
    assert opened.application.reference not in page
    assert "1 item is not shown" in page


def test_notes_latecomers_and_the_end(office, panel, staff):
    meeting = planned(panel, staff)
    late = PanelMemberFactory(panel=panel)
    office.post(url("open", meeting.pk), {"present": [panel.members.first().pk]})
    assert f"{late} is present from now on" in text(office.post(url("arrive", meeting.pk), {"member": late.pk}, follow=True))
    assert "Select a member" in text(office.post(url("arrive", meeting.pk), {"member": "x"}, follow=True))
    office.post(url("note", meeting.pk), {"note": "Coffee.", "seen": ""})
    page = office.post(url("note", meeting.pk), {"note": "Tea.", "seen": ""})
    assert (page.status_code, "Coffee." in text(page), "Tea." in text(page)) == (409, True, True)
    assert "Enter why the meeting ends" in text(office.post(url("end", meeting.pk), {"not_reached": " "}))
    assert "has ended" in text(office.post(url("end", meeting.pk), {"not_reached": "Time ran out."}, follow=True))
    assert "is not under way" in text(office.post(url("end", meeting.pk), {"not_reached": "Again."}, follow=True))


def test_the_minutes_are_downloaded_and_sent_once(office, meeting, item, staff, panel):
    member = panel.members.last()
    ConflictFactory(application=item.application, user=member.user)
    assert "once the meeting has ended" in text(office.get(url("minutes", meeting.pk), follow=True))
    settle(item, staff)
    end_meeting(meeting_id=meeting.pk, not_reached="Time ran out.", by=staff)
    answer = office.get(url("minutes", meeting.pk))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert "on their way to 3 members" in text(office.post(url("send", meeting.pk), follow=True))
    assert url("send", meeting.pk) not in office.get(url("change", meeting.pk)).content.decode()


def test_a_member_gets_no_line_about_what_they_have_a_conflict_with(meeting, item, staff, panel):
    member = panel.members.last()
    ConflictFactory(application=item.application, user=member.user)
    settle(item, staff)
    end_meeting(meeting_id=meeting.pk, not_reached="Time ran out.", by=staff)
    send_minutes(meeting_id=meeting.pk, by=staff)
    with_it = set()
    for email in OutboundEmail.objects.filter(kind="panel-minutes"):
        assert item.application.reference not in email.text
        _, content, _ = minutes_attachment(email)
        if item.application.reference in "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages):
            with_it.add(email.recipient)
    assert with_it == set(panel.members.exclude(pk=member.pk).values_list("user__email", flat=True))


def test_whoever_still_has_a_sheet_to_submit_does_not_see_the_order(office, panel, staff):
    meeting = planned(panel, staff)
    item = meeting.items.last()
    interview = InterviewFactory(application=item.application, slot__interviewer=staff)
    sheet = InterviewSheet.objects.create(interview=interview, interviewer=staff)
    page = office.get(url("change", meeting.pk)).text
    assert "it appears here once you have submitted yours" in page
    assert item.application.reference not in page
    sheet.delete()
    assert item.application.reference in office.get(url("change", meeting.pk)).text


def test_the_pages_ask_as_many_queries_for_fifty_items_as_for_five(office, staff):
    counts = []
    for number in (5, 50):
        meeting = running(scored_panel(number), staff)
        item = open_item(item_id=meeting.items.first().pk, by=staff)
        office.get(item_url(item))
        counts.append([queries(office, url("change", meeting.pk)), queries(office, item_url(item)), queries(office, url("changelist"))])
    assert counts[0] == counts[1]


def test_the_page_of_a_planned_meeting_asks_as_many_queries_for_more(office, staff):
    counts = []
    for number in (5, 50):
        meeting = planned(scored_panel(number), staff)
        counts.append(queries(office, url("change", meeting.pk)))
    assert counts[0] == counts[1]
