"""The members of panels in the office, and what staff do about one of them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.panel_pages import MAY_RUN
from applications.forms.panel import WithdrawMemberForm
from applications.models import PanelMember, Review
from applications.services.panel import invite_again, make_chair, remind_member, send_invitation_again, withdraw_member
from applications.states import MemberStatus
from upstream.accounts.models import User
from upstream.office import Act, ColumnFilter, ReadOnlyAdmin, moment, tag

MEMBER_TONES = {MemberStatus.INVITED: "yellow", MemberStatus.ACTIVE: "green", MemberStatus.WITHDRAWN: "grey"}
INVITED_AT, DECLARED_AT = moment("invited_at", "Invited"), moment("declared_at", "Declared", "Not yet")


def withdraw(member: PanelMember, user: User, *, reason: str) -> str:
    """End a member's seat."""
    withdraw_member(member_id=member.pk, reason=reason, by=user)
    counts = Review.objects.counting().filter(assignment__member=member).exists()
    return f"{member} no longer sits on the panel.{' What they had submitted still counts.' if counts else ''}"


def again(member: PanelMember, user: User) -> str:
    """Invite a member again."""
    invite_again(member_id=member.pk, by=user)
    return f"We have emailed {member} a new invitation."


def resend(member: PanelMember, user: User) -> str:
    """Send an invitation again that has no answer."""
    send_invitation_again(member_id=member.pk, by=user)
    return f"We have emailed {member} the invitation again."


def chair(member: PanelMember, user: User) -> str:
    """Make a member the chair."""
    make_chair(member_id=member.pk, by=user)
    return f"{member} now chairs the panel."


def remind(member: PanelMember, user: User) -> str:
    """Remind a member."""
    remind_member(member_id=member.pk, by=user)
    return f"We have emailed {member} a reminder."


def is_seated(member: PanelMember, _user: Any) -> bool:
    """Return whether the member has not withdrawn."""
    return member.status != MemberStatus.WITHDRAWN


def is_invited(member: PanelMember, _user: Any) -> bool:
    """Return whether the member has not answered the invitation."""
    return member.status == MemberStatus.INVITED


def has_withdrawn(member: PanelMember, _user: Any) -> bool:
    """Return whether the member may be invited again."""
    return member.status == MemberStatus.WITHDRAWN


def may_chair(member: PanelMember, _user: Any) -> bool:
    """Return whether the member could be made the chair."""
    return member.status != MemberStatus.WITHDRAWN and not member.is_chair


def is_behind(member: PanelMember, _user: Any) -> bool:
    """Return whether there is something to remind the member of."""
    return Review.objects.waiting().filter(assignment__member=member).exists()


class MemberStatusFilter(ColumnFilter):
    """By where the member stands."""

    title = "status"
    parameter_name = column = "status"
    labels = MemberStatus.choices


@admin.register(PanelMember)
class PanelMemberAdmin(ReadOnlyAdmin):
    """One member, reached from the panel's page of progress."""

    list_display = ("person", "panel", "standing", "role", DECLARED_AT)
    list_select_related = ("user", "panel__call")
    list_filter = (MemberStatusFilter,)
    search_fields = ("user__full_name", "user__email")
    search_help_text = "Search by name or email address"
    empty_list = "Nobody has been invited to a panel yet. You invite members on the panel's page of members and progress."
    fields = (
        "person",
        "address_shown",
        "panel_link",
        "standing",
        "role",
        "invited_by",
        INVITED_AT,
        DECLARED_AT,
        "general_interest",
        "why_withdrawn",
    )
    readonly_fields = ("person", "address_shown", "panel_link", "standing", "role", INVITED_AT, DECLARED_AT, "why_withdrawn")
    acts: ClassVar[tuple[Act, ...]] = (
        Act(
            name="remind",
            label="Remind",
            permission=MAY_RUN,
            run=remind,
            consequence="We email a gentle reminder of what is left to score, unless we have reminded them within the last 24 hours.",
            offered=is_behind,
        ),
        Act(
            name="resend",
            label="Send the invitation again",
            permission=MAY_RUN,
            run=resend,
            consequence="We email the invitation again, unless we have written within the last 24 hours. "
            "If there is no answer, the reminders follow 3 and 7 days later.",
            offered=is_invited,
        ),
        Act(
            name="chair",
            label="Make the chair",
            permission=MAY_RUN,
            run=chair,
            consequence="Only the chair may waive conflicts of interest. Whoever chairs now no longer does.",
            offered=may_chair,
        ),
        Act(
            name="reinvite",
            label="Invite again",
            permission=MAY_RUN,
            run=again,
            consequence="We email an invitation. They declare their conflicts of interest anew.",
            offered=has_withdrawn,
        ),
        Act(
            name="withdraw",
            label="Withdraw from the panel",
            permission=MAY_RUN,
            run=withdraw,
            form=WithdrawMemberForm,
            consequence="What they have not submitted is taken back, and can be given to others. Submitted scores stay and count. "
            "We email them.",
            offered=is_seated,
            danger=True,
        ),
    )

    @admin.display(description="Status", ordering="status")
    def standing(self, member: PanelMember) -> SafeString:
        """Where the member stands."""
        return tag(member.get_status_display(), MEMBER_TONES[MemberStatus(member.status)])

    @admin.display(description="Why they withdrew")
    def why_withdrawn(self, member: PanelMember) -> str:
        """The reason that was noted with the withdrawal."""
        return member.withdrawn_reason

    @admin.display(description="Role", ordering="-is_chair")
    def role(self, member: PanelMember) -> str:
        """Whether the member chairs."""
        return "Chair" if member.is_chair else "Member"

    @admin.display(description="Member", ordering="user__full_name")
    def person(self, member: PanelMember) -> User:
        """Who sits on the panel."""
        return member.user

    @admin.display(description="Email address")
    def address_shown(self, member: PanelMember) -> str:
        """Where we write to them."""
        return member.user.email

    @admin.display(description="Panel")
    def panel_link(self, member: PanelMember) -> SafeString:
        """The way back to the panel's progress."""
        url = reverse("admin:applications_panel_progress", args=[member.panel_id])
        return format_html('<a href="{}">{}</a>', url, member.panel)
