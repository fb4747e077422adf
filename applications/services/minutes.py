"""What the minutes of a meeting say to one reader: nothing of an EoI that they have a conflict of interest with."""

from dataclasses import dataclass

from django.db.models import Prefetch

from applications.models import MeetingExit, MeetingItem, PanelMeeting, PanelMember
from applications.states import ApplicationStatus
from upstream.accounts.models import User


@dataclass(frozen=True)
class Minutes:
    """The meeting as one person may read of it. `hidden` is how many items are left out."""

    meeting: PanelMeeting
    present: list[PanelMember]
    absent: list[PanelMember]
    items: list[MeetingItem]
    hidden: int

    @property
    def settled(self) -> list[MeetingItem]:
        """The items with an outcome, in the order in which they were taken up."""
        return sorted((item for item in self.items if item.closed_at), key=lambda item: item.opened_at)  # type: ignore[arg-type,return-value]

    @property
    def withdrawn(self) -> list[MeetingItem]:
        """The items that were not discussed as the council had withdrawn."""
        return [item for item in self.items if not item.closed_at and item.application.status == ApplicationStatus.WITHDRAWN]

    @property
    def not_reached(self) -> list[MeetingItem]:
        """The other items without an outcome."""
        return [item for item in self.items if not item.closed_at and item.application.status != ApplicationStatus.WITHDRAWN]


def minutes_for(meeting: PanelMeeting, reader: User) -> Minutes:
    """Return the minutes for a member or for somebody of the office, in five queries."""
    present = list(meeting.present.select_related("user").order_by("user__full_name", "pk"))
    there = {member.pk for member in present}
    seated = meeting.panel.members.seated().select_related("user").order_by("user__full_name", "pk")
    items = meeting.items.without_conflict_of(reader).select_related("application__council", "chaired_by__user")
    shown = list(items.prefetch_related(Prefetch("exits", MeetingExit.objects.select_related("member__user"))))
    return Minutes(
        meeting=meeting,
        present=present,
        absent=[member for member in seated if member.pk not in there],
        items=shown,
        hidden=meeting.items.count() - len(shown),
    )
