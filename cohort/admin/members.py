"""The members of each cohort and the people whom they send, in the office."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from cohort.models import Delegate, Membership
from cohort.states import DelegateStatus, MembershipStatus
from upstream.office import ReadOnlyAdmin, moment, tag

NAMED = moment("named_at", "Named")
LEFT = moment("ended_at", "Left")
DELEGATE_TONES = {DelegateStatus.INVITED: "yellow", DelegateStatus.CONFIRMED: "green"}


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who has joined. A council joins by accepting its offer."""

    list_display = ("council", "cohort", "status_tag", "people", "initiative_title", moment("joined_at", "Joined"))
    list_filter = ("cohort", "status", "council__region", "council__kind")
    list_select_related = ("council", "cohort")
    search_fields = ("council__name", "council__official_name", "initiative_title")
    search_help_text = "Council or initiative"
    empty_list = "No council has joined yet. A council joins by accepting its offer of a place."
    fields = ("council", "cohort", "status", "initiative_title", "initiative_summary", moment("joined_at", "Joined"), "people")
    readonly_fields = (moment("joined_at", "Joined"), "people")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch whom each member sends."""
        return super().get_queryset(request).prefetch_related("delegates__user")

    @admin.display(description="Status", ordering="status")
    def status_tag(self, membership: Membership) -> SafeString:
        """Whether it takes part."""
        return tag(membership.get_status_display(), "green" if membership.status == MembershipStatus.ACTIVE else "grey")

    @admin.display(description="People")
    def people(self, membership: Membership) -> str:
        """The people who hold its places, and who of them has not answered."""
        held = [each for each in membership.delegates.all() if each.status in DelegateStatus.holding()]
        names = [f"{each.user}{'' if each.status == DelegateStatus.CONFIRMED else ' (asked)'}" for each in held]
        missing = membership.cohort.delegates_per_council - len(held)
        return ", ".join(names + ([f"{missing} to name"] if missing > 0 else []))


@admin.register(Delegate)
class DelegateAdmin(ReadOnlyAdmin):
    """The people whom members send, and those who were replaced or declined."""

    list_display = ("user", "council", "cohort", "status_tag", "is_lead", "named_by", NAMED, LEFT)
    list_filter = ("status", "membership__cohort", "is_lead")
    list_select_related = ("user", "membership__council", "membership__cohort", "named_by")
    search_fields = ("user__email", "user__full_name", "membership__council__name", "membership__council__official_name")
    search_help_text = "Name, address or council"
    empty_list = "No member has named its people yet."

    @admin.display(description="Council", ordering="membership__council__name")
    def council(self, delegate: Delegate) -> str:
        """The council that sends them, which need not be their employer."""
        return str(delegate.membership.council)

    @admin.display(description="Cohort", ordering="membership__cohort")
    def cohort(self, delegate: Delegate) -> str:
        """The edition that they take part in."""
        return str(delegate.membership.cohort)

    @admin.display(description="Status", ordering="status")
    def status_tag(self, delegate: Delegate) -> SafeString:
        """Whether they take part."""
        return tag(delegate.get_status_display(), DELEGATE_TONES.get(DelegateStatus(delegate.status), "grey"))
