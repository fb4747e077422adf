"""The panel's meeting: its order, who is in the room, what is saved, and what never changes again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.models import Application, Conflict, InterviewScore, InterviewSheet, MeetingItem
from applications.services.meeting_items import (
    ItemClosed,
    ItemConflict,
    Outcome,
    arrive,
    close_item,
    in_room,
    let_back,
    name_chair,
    open_item,
    reopen_item,
    save_item,
    send_out,
)
from applications.services.meeting_order import outlooks
from applications.services.meetings import (
    end_meeting,
    move_item,
    open_meeting,
    order_anew,
    plan_meeting,
    reschedule_meeting,
    save_note,
    send_minutes,
    to_be_discussed,
)
from applications.services.minutes import minutes_for
from applications.states import ApplicationStatus, ConflictStatus, InterviewStatus, MemberStatus, Outlook
from tests.factories import StaffFactory
from tests.factories.judging import (
    AssignmentFactory,
    ConflictFactory,
    InterviewFactory,
    InterviewQuestionFactory,
    PanelMemberFactory,
    ReviewFactory,
    ShortlistedFactory,
)
from tests.factories.meeting import planned, running, scored_panel, settle
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail
from upstream.transitions import InvalidTransition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("roles")]
GOOD = Outcome("select", None, "Everybody agreed.")


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
def chair(panel):
    return panel.members.get(is_chair=True)


@pytest.fixture
def member(panel):
    return panel.members.filter(is_chair=False).first()


def kept_out(item, member):
    return ConflictFactory(application=item.application, user=member.user)


def save(item, by, outcome=GOOD, revision=None):
    item.refresh_from_db()
    return save_item(item_id=item.pk, revision=item.revision if revision is None else revision, outcome=outcome, by=by)


# Planning


def test_the_order_is_the_certain_ones_then_those_either_way_then_the_rest(staff):
    panel = scored_panel(9)
    panel.call.cohort.places = 4
    panel.call.cohort.save()
    meeting = planned(panel, staff)
    applications = [item.application for item in meeting.items.select_related("application")]
    found = outlooks(panel.call, applications, staff)
    listed = [(list(Outlook).index(found[application.pk]), application.reference) for application in applications]
    assert listed == sorted(listed)
    assert {found[application.pk] for application in applications} >= {Outlook.EITHER, Outlook.REST}
    assert [item.position for item in meeting.items.all()] == list(range(1, 10))


def test_a_second_meeting_draws_the_line_through_the_whole_shortlist(staff):
    panel = scored_panel(9)
    panel.call.cohort.places = 4
    panel.call.cohort.save()
    applications = list(panel.call.applications.order_by("pk"))
    found = outlooks(panel.call, applications, staff)
    left = applications[:4]  # as many as there are places, and the weakest
    assert outlooks(panel.call, left, staff) == {application.pk: found[application.pk] for application in left}
    assert Outlook.STRONG not in outlooks(panel.call, left, staff).values()


def test_the_order_is_the_same_for_somebody_who_may_not_see_all(panel, staff):
    other = StaffFactory()
    ConflictFactory(application=panel.call.applications.first(), user=other)
    applications = list(panel.call.applications.all())
    assert outlooks(panel.call, applications, staff) == outlooks(panel.call, applications, other)


def test_only_what_is_shortlisted_and_not_settled_is_discussed_and_one_meeting_at_a_time(panel, staff):
    first, *_ = panel.call.applications.all()
    first.status = ApplicationStatus.WITHDRAWN
    first.save()
    meeting = running(panel, staff)
    assert meeting.items.count() == 2
    with pytest.raises(ValidationError, match="has not ended"):
        planned(panel, staff)
    settle(meeting.items.first(), staff)
    end_meeting(meeting_id=meeting.pk, not_reached="Time ran out.", by=staff)
    assert to_be_discussed(panel) == [meeting.items.last().application]
    second = running(panel, staff)
    settle(second.items.get(), staff)
    end_meeting(meeting_id=second.pk, not_reached="", by=staff)
    with pytest.raises(ValidationError, match="nothing to discuss"):
        planned(panel, staff)


def test_moving_ordering_anew_and_rescheduling(panel, staff):
    meeting = planned(panel, staff)
    first, second, third = meeting.items.all()
    move_item(item_id=third.pk, places=-2, by=staff)
    assert list(meeting.items.all()) == [third, first, second]
    move_item(item_id=first.pk, places=50, by=staff)
    assert list(meeting.items.all()) == [third, second, first]
    ShortlistedFactory(call=panel.call)
    order_anew(meeting_id=meeting.pk, by=staff)
    assert meeting.items.count() == 4
    later = timezone.now() + timedelta(days=9)
    assert reschedule_meeting(meeting_id=meeting.pk, starts_at=later, place="Online", by=staff).place == "Online"
    open_meeting(meeting_id=meeting.pk, present=[panel.members.first().pk], by=staff)
    for late in (
        lambda: order_anew(meeting_id=meeting.pk, by=staff),
        lambda: reschedule_meeting(meeting_id=meeting.pk, starts_at=later, place="", by=staff),
    ):
        with pytest.raises(InvalidTransition):
            late()
    verbs = list(Entry.objects.about(meeting).order_by("pk").values_list("verb", flat=True))
    assert verbs == [
        "meeting.planned",
        "meeting.item_moved",
        "meeting.item_moved",
        "meeting.ordered_anew",
        "meeting.rescheduled",
        "meeting.opened",
    ]


def test_what_is_open_or_settled_stays_where_it_is(meeting, staff):
    first, second, third = meeting.items.all()
    settle(second, staff)
    with pytest.raises(InvalidTransition):
        move_item(item_id=second.pk, places=1, by=staff)
    move_item(item_id=first.pk, places=1, by=staff)
    assert list(meeting.items.all()) == [third, second, first]


# Who is there


def test_only_members_who_have_declared_take_part(panel, staff):
    meeting = planned(panel, staff)
    invited = PanelMemberFactory(panel=panel, status=MemberStatus.INVITED, declared_at=None)
    stranger = PanelMemberFactory()
    for present in ([], [invited.pk], [stranger.pk, panel.members.first().pk]):
        with pytest.raises(ValidationError, match="who is present"):
            open_meeting(meeting_id=meeting.pk, present=present, by=staff)
    open_meeting(meeting_id=meeting.pk, present=[panel.members.first().pk], by=staff)
    with pytest.raises(ValidationError):
        arrive(meeting_id=meeting.pk, member_id=invited.pk, by=staff)
    late = panel.members.filter(status=MemberStatus.ACTIVE).last()
    open_item(item_id=meeting.items.first().pk, by=staff)
    kept_out(meeting.items.first(), late)
    arrive(meeting_id=meeting.pk, member_id=late.pk, by=staff)
    assert [each.member for each in meeting.items.first().exits.all()] == [late]


def test_a_conflicted_member_is_out_from_the_opening_to_the_close(item, member, staff):
    kept_out(item, member)
    open_item(item_id=item.pk, by=staff)
    gone = item.exits.get()
    assert (gone.member, gone.is_conflict, gone.returned_at) == (member, True, None)
    assert member not in in_room(MeetingItem.objects.get(pk=item.pk))
    with pytest.raises(ValidationError, match="conflict of interest"):
        let_back(item_id=item.pk, member_id=member.pk, by=staff)
    save(item, staff)
    close_item(item_id=item.pk, by=staff)
    gone.refresh_from_db()
    assert gone.returned_at >= gone.left_at


def test_a_conflict_that_comes_up_in_the_discussion_puts_its_person_out_with_the_next_write(item, member, chair, staff):
    open_item(item_id=item.pk, by=staff)
    save(item, staff)
    kept_out(item, member)
    kept_out(item, chair)
    save(item, staff)
    assert {each.member for each in item.exits.filter(is_conflict=True)} == {member, chair}
    item.refresh_from_db()
    assert item.chaired_by is None
    assert Entry.objects.filter(verb="meeting.left").count() == 1
    with pytest.raises(ValidationError) as missing:
        close_item(item_id=item.pk, by=staff)
    assert set(missing.value.message_dict) == {"chair"}


def test_others_leave_and_come_back_but_not_whoever_chairs(item, member, chair, staff):
    open_item(item_id=item.pk, by=staff)
    send_out(item_id=item.pk, member_id=member.pk, by=staff)
    with pytest.raises(InvalidTransition):
        send_out(item_id=item.pk, member_id=member.pk, by=staff)
    let_back(item_id=item.pk, member_id=member.pk, by=staff)
    with pytest.raises(InvalidTransition):
        let_back(item_id=item.pk, member_id=member.pk, by=staff)
    with pytest.raises(ValidationError, match="chairs"):
        send_out(item_id=item.pk, member_id=chair.pk, by=staff)
    name_chair(item_id=item.pk, member_id=member.pk, by=staff)
    send_out(item_id=item.pk, member_id=chair.pk, by=staff)
    with pytest.raises(ValidationError):
        name_chair(item_id=item.pk, member_id=chair.pk, by=staff)
    assert item.exits.count() == 2


def test_a_conflicted_chair_does_not_chair(item, member, chair, staff):
    kept_out(item, chair)
    for chair_id in (None, chair.pk, 0):
        with pytest.raises(ValidationError, match="no conflict"):
            open_item(item_id=item.pk, chair_id=chair_id, by=staff)
    assert open_item(item_id=item.pk, chair_id=member.pk, by=staff).chaired_by == member


def test_a_conflicted_person_keeps_no_record(item, meeting, staff):
    open_item(item_id=item.pk, by=staff)
    other = StaffFactory()
    ConflictFactory(application=item.application, user=other)
    member = meeting.present.filter(is_chair=False).first()
    for write in (
        lambda: send_out(item_id=item.pk, member_id=member.pk, by=other),
        lambda: name_chair(item_id=item.pk, member_id=member.pk, by=other),
        lambda: close_item(item_id=item.pk, by=other),
    ):
        with pytest.raises(InvalidTransition):
            write()
    with pytest.raises(ItemClosed):
        save(item, other)


def test_who_has_yet_to_score_opens_nothing(panel, staff):
    application = ShortlistedFactory(call=panel.call)
    seat = PanelMemberFactory(panel=panel, user=staff)
    ReviewFactory(assignment=AssignmentFactory(member=seat, application=application))
    meeting = running(panel, staff)
    item = meeting.items.get(application=application)
    with pytest.raises(InvalidTransition, match="your own scores"):
        open_item(item_id=item.pk, by=staff)
    assert open_item(item_id=item.pk, by=StaffFactory()).before == {"scores": []}


def test_who_has_an_interview_sheet_to_submit_opens_nothing(item, staff):
    interview = InterviewFactory(application=item.application, slot__interviewer=staff)
    InterviewSheet.objects.create(interview=interview, interviewer=staff)
    with pytest.raises(InvalidTransition, match="your own scores"):
        open_item(item_id=item.pk, by=staff)


def test_a_conflict_finds_whoever_was_out_already_and_none_that_was_waived(item, member, chair, staff):
    open_item(item_id=item.pk, by=staff)
    send_out(item_id=item.pk, member_id=member.pk, by=staff)
    kept_out(item, member)
    ConflictFactory(application=item.application, user=chair.user, status=ConflictStatus.WAIVED, decided_by=staff, reason="Long ago")
    save(item, staff)
    assert [(each.member, each.is_conflict) for each in item.exits.all()] == [(member, True)]


def put_out_by(write, item, staff):
    """Return who is out of the room after this, of an item that a conflict has come up with since it was opened."""
    open_item(item_id=item.pk, by=staff)
    save(item, staff)
    last = list(item.meeting.present.filter(is_chair=False))[-1]
    kept_out(item, last)
    write(item.meeting.present.filter(is_chair=False).first())
    return last, [each.member for each in item.exits.filter(is_conflict=True)]


@pytest.mark.parametrize("act", [send_out, name_chair])
def test_whoever_has_a_conflict_by_now_leaves_with_another(item, staff, act):
    last, out = put_out_by(lambda member: act(item_id=item.pk, member_id=member.pk, by=staff), item, staff)
    assert out == [last]


def test_whoever_has_a_conflict_by_now_leaves_before_the_close(item, staff):
    last, out = put_out_by(lambda _: close_item(item_id=item.pk, by=staff), item, staff)
    assert out == [last]


# One item


def test_a_withdrawn_council_is_neither_opened_nor_opened_again(item, meeting, staff):
    settle(item, staff)
    Application.objects.filter(meeting_items__meeting=meeting).update(status=ApplicationStatus.WITHDRAWN)
    with pytest.raises(InvalidTransition, match="cannot be opened again"):
        reopen_item(item_id=item.pk, reason="Again", by=staff)
    with pytest.raises(InvalidTransition, match="cannot be opened"):
        open_item(item_id=meeting.items.last().pk, by=staff)


def test_nothing_is_opened_again_beside_an_open_item(item, meeting, staff):
    settle(item, staff)
    open_item(item_id=meeting.items.last().pk, by=staff)
    with pytest.raises(InvalidTransition, match="Another item is being discussed"):
        reopen_item(item_id=item.pk, reason="Again", by=staff)


def test_nobody_leaves_returns_or_chairs_but_in_a_discussion(item, member, staff):
    for act in (send_out, let_back, name_chair):
        with pytest.raises(InvalidTransition, match="not being discussed"):
            act(item_id=item.pk, member_id=member.pk, by=staff)


@pytest.mark.parametrize("why", ["not submitted", "in conflict"])
def test_only_final_sheets_without_a_conflict_make_the_mean_of_the_interview(item, staff, why):
    interview = InterviewFactory(application=item.application, status=InterviewStatus.HELD)
    question = InterviewQuestionFactory(call=item.application.call)
    for person, mark in zip(interview.slot.interviewers, (4, 2), strict=True):
        sheet = InterviewSheet.objects.create(interview=interview, interviewer=person, submitted_at=timezone.now())
        InterviewScore.objects.create(sheet=sheet, question=question, score=mark)
    if why == "in conflict":
        ConflictFactory(application=item.application, user=interview.slot.second_interviewer)
    else:
        InterviewSheet.objects.filter(interviewer=interview.slot.second_interviewer).update(submitted_at=None)
    assert open_item(item_id=item.pk, by=staff).before["interview"] == 4


def test_opening_freezes_the_scores(item, panel, staff):
    opened = open_item(item_id=item.pk, by=staff)
    before = opened.before
    assert before["raw"] == round(sum(each["score"] for each in before["scores"]) / 3, 1)
    assert {each["user"] for each in before["scores"]} == set(panel.members.values_list("user", flat=True))
    Conflict.objects.create(application=item.application, user=panel.members.last().user, kind="other")
    save(item, staff)
    item.refresh_from_db()
    assert item.before == before


def test_one_item_at_a_time_and_each_once(meeting, staff):
    first, second, _ = meeting.items.all()
    open_item(item_id=first.pk, by=staff)
    for pk in (first.pk, second.pk):
        with pytest.raises(InvalidTransition):
            open_item(item_id=pk, by=staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        MeetingItem.objects.filter(pk=second.pk).update(opened_at=timezone.now())


def test_an_outcome_is_saved_and_a_score_that_did_not_change_is_none(item, staff):
    opened = open_item(item_id=item.pk, by=staff)
    same = Decimal(str(opened.score_before))
    assert save(item, staff, Outcome("select", same, "Yes.")).moderated_score is None
    saved = save(item, staff, Outcome("select", same + 1, "Yes."))
    assert (saved.moderated_score, saved.revision, saved.saved_by) == (same + 1, 2, staff)
    assert save(item, staff, Outcome("select", same + 1, "Yes."), revision=0).revision == 2


def test_an_older_page_overwrites_nothing(item, staff):
    open_item(item_id=item.pk, by=staff)
    save(item, staff)
    with pytest.raises(ItemConflict) as conflict:
        save(item, StaffFactory(), Outcome("reserve", None, "No."), revision=0)
    assert conflict.value.item.reason == "Everybody agreed."


def test_closing_needs_a_recommendation_and_a_reason(item, staff):
    open_item(item_id=item.pk, by=staff)
    with pytest.raises(ValidationError) as missing:
        close_item(item_id=item.pk, by=staff)
    assert set(missing.value.message_dict) == {"recommendation", "reason"}
    save(item, staff)
    close_item(item_id=item.pk, by=staff)
    with pytest.raises(ItemClosed):
        save(item, staff, Outcome("reserve", None, "No."))
    with pytest.raises(InvalidTransition):
        close_item(item_id=item.pk, by=staff)


def test_a_closed_item_is_opened_again_with_the_conflicted_out(item, meeting, member, staff):
    kept_out(item, member)
    settle(item, staff)
    reopened = reopen_item(item_id=item.pk, reason="A figure was wrong.", by=staff)
    assert (reopened.closed_at, reopened.reopened_reason) == (None, "A figure was wrong.")
    assert item.exits.filter(returned_at=None).count() == 1
    with pytest.raises(InvalidTransition):
        reopen_item(item_id=item.pk, reason="Again", by=staff)
    other = meeting.items.last()
    with pytest.raises(InvalidTransition):
        open_item(item_id=other.pk, by=staff)


def test_the_trail_tells_no_outcome(item, staff):
    settle(item, staff)
    said = str(list(Entry.objects.filter(verb__startswith="meeting.").values_list("data", flat=True)))
    assert "select" not in said
    assert "agreed" not in said
    assert Entry.objects.filter(verb="meeting.item_closed").exists()


# The end


def test_a_meeting_ends_when_all_is_settled_or_it_says_why_not_and_never_changes(item, meeting, member, staff):
    open_item(item_id=item.pk, by=staff)
    with pytest.raises(ValidationError, match="still being discussed"):
        end_meeting(meeting_id=meeting.pk, not_reached="Late", by=staff)
    send_out(item_id=item.pk, member_id=member.pk, by=staff)
    save(item, staff)
    close_item(item_id=item.pk, by=staff)
    with pytest.raises(ValidationError, match="before every item"):
        end_meeting(meeting_id=meeting.pk, not_reached="", by=staff)
    assert end_meeting(meeting_id=meeting.pk, not_reached="Time ran out.", by=staff).not_reached == "Time ran out."
    other = meeting.items.last()
    for write in (
        lambda: open_item(item_id=other.pk, by=staff),
        lambda: reopen_item(item_id=item.pk, reason="Again", by=staff),
        lambda: move_item(item_id=other.pk, places=-1, by=staff),
        lambda: save_note(meeting_id=meeting.pk, note="More", seen="", by=staff),
        lambda: arrive(meeting_id=meeting.pk, member_id=member.pk, by=staff),
        lambda: end_meeting(meeting_id=meeting.pk, not_reached="", by=staff),
    ):
        with pytest.raises(InvalidTransition):
            write()


def test_a_meeting_ends_though_a_council_withdrew_in_the_discussion_and_everybody_is_back(meeting, member, staff):
    first, *others = meeting.items.all()
    open_item(item_id=first.pk, by=staff)
    send_out(item_id=first.pk, member_id=member.pk, by=staff)
    Application.objects.filter(pk=first.application_id).update(status=ApplicationStatus.WITHDRAWN)
    with pytest.raises(ValidationError, match="before every item"):
        end_meeting(meeting_id=meeting.pk, not_reached="", by=staff)
    Application.objects.filter(meeting_items__in=others).update(status=ApplicationStatus.WITHDRAWN)
    ended = end_meeting(meeting_id=meeting.pk, not_reached="Nobody asked.", by=staff)
    assert ended.not_reached == ""
    assert first.exits.get().returned_at == ended.ended_at


def test_the_note_is_not_overwritten_unseen(meeting, staff):
    save_note(meeting_id=meeting.pk, note="Coffee at eleven.", seen="", by=staff)
    with pytest.raises(ValidationError, match="Coffee at eleven"):
        save_note(meeting_id=meeting.pk, note="Tea.", seen="", by=staff)
    save_note(meeting_id=meeting.pk, note="Tea.", seen="Coffee at eleven.", by=staff)
    meeting.refresh_from_db()
    assert meeting.note == "Tea."


def test_minutes_leave_out_what_the_reader_has_a_conflict_with(item, meeting, member, staff):
    kept_out(item, member)
    settle(item, staff)
    with pytest.raises(InvalidTransition):
        send_minutes(meeting_id=meeting.pk, by=staff)
    end_meeting(meeting_id=meeting.pk, not_reached="Time ran out.", by=staff)
    assert minutes_for(meeting, member.user).settled == []
    assert minutes_for(meeting, member.user).hidden == 1
    assert minutes_for(meeting, staff).settled == [item]
    assert len(minutes_for(meeting, staff).not_reached) == 2
    send_minutes(meeting_id=meeting.pk, by=staff)
    assert OutboundEmail.objects.filter(kind="panel-minutes").count() == 3
    with pytest.raises(InvalidTransition):
        send_minutes(meeting_id=meeting.pk, by=staff)


def test_there_is_no_meeting_of_a_panel_without_eois(staff):
    panel = scored_panel(0)
    with pytest.raises(ValidationError, match="nothing to discuss"):
        plan_meeting(panel_id=panel.pk, starts_at=timezone.now(), place="", by=staff)
