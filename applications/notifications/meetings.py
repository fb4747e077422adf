"""The minutes of a panel's meeting: one email to each member who was there."""

from applications.models import PanelMeeting, PanelMember
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.services import queue

MINUTES = "panel-minutes"


def minutes(meeting: PanelMeeting, member: PanelMember) -> OutboundEmail:
    """Send the minutes, made when the message goes out, without what the member has a conflict of interest with."""
    return queue(
        key=f"{MINUTES}:{meeting.pk}:{member.pk}",
        kind=MINUTES,
        recipient=member.user.email,
        template=f"applications/{MINUTES}",
        context={"meeting": meeting, "member": member, "call": meeting.panel.call},
        about=meeting,
        attachment=MINUTES,
    )
