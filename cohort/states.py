"""Kinds, places and standings that the councils' register knows."""

from django.db.models import TextChoices


class Nation(TextChoices):
    ENGLAND = "england", "England"
    SCOTLAND = "scotland", "Scotland"
    WALES = "wales", "Wales"
    NORTHERN_IRELAND = "northern-ireland", "Northern Ireland"


class Region(TextChoices):
    """The nine English regions and the three other nations: twelve tiles on the map."""

    NORTH_EAST = "north-east", "North East"
    NORTH_WEST = "north-west", "North West"
    YORKSHIRE_HUMBER = "yorkshire-and-the-humber", "Yorkshire and the Humber"
    EAST_MIDLANDS = "east-midlands", "East Midlands"
    WEST_MIDLANDS = "west-midlands", "West Midlands"
    EAST = "east-of-england", "East of England"
    LONDON = "london", "London"
    SOUTH_EAST = "south-east", "South East"
    SOUTH_WEST = "south-west", "South West"
    SCOTLAND = "scotland", "Scotland"
    WALES = "wales", "Wales"
    NORTHERN_IRELAND = "northern-ireland", "Northern Ireland"


class CouncilKind(TextChoices):
    DISTRICT = "district", "District"
    COUNTY = "county", "County"
    UNITARY = "unitary", "Unitary"
    METROPOLITAN = "metropolitan", "Metropolitan district"
    LONDON_BOROUGH = "london-borough", "London borough or the City"
    SCOTTISH = "scottish", "Scottish council"
    WELSH = "welsh", "Welsh council"
    NORTHERN_IRISH = "northern-irish", "Northern Irish district"
    COMBINED_AUTHORITY = "combined-authority", "Combined authority"


class Control(TextChoices):
    """A council's political control. Never a person's politics."""

    CONSERVATIVE = "conservative", "Conservative"
    LABOUR = "labour", "Labour"
    LIBERAL_DEMOCRAT = "liberal-democrat", "Liberal Democrat"
    SNP = "snp", "Scottish National Party"
    PLAID_CYMRU = "plaid-cymru", "Plaid Cymru"
    GREEN = "green", "Green"
    REFORM = "reform", "Reform UK"
    INDEPENDENT = "independent", "Independent or other"
    NO_OVERALL_CONTROL = "no-overall-control", "No overall control"
    NOT_APPLICABLE = "not-applicable", "Not applicable"
    NOT_RECORDED = "not-recorded", "Not recorded"


class ContactRole(TextChoices):
    """What a person may do for a council: an editor writes, a submitter also submits and looks after colleagues."""

    EDITOR = "editor", "Editor"
    SUBMITTER = "submitter", "Submitter"


class ContactStatus(TextChoices):
    INVITED = "invited", "Invited"
    REQUESTED = "requested", "Waiting to be accepted"
    ACTIVE = "active", "Active"
    ENDED = "ended", "Ended"


CONTACT_TRANSITIONS: dict[ContactStatus, frozenset[ContactStatus]] = {
    ContactStatus.INVITED: frozenset({ContactStatus.ACTIVE, ContactStatus.ENDED}),
    ContactStatus.REQUESTED: frozenset({ContactStatus.ACTIVE, ContactStatus.INVITED, ContactStatus.ENDED}),
    ContactStatus.ACTIVE: frozenset({ContactStatus.ENDED}),
    ContactStatus.ENDED: frozenset({ContactStatus.INVITED, ContactStatus.REQUESTED, ContactStatus.ACTIVE}),
}


class MembershipStatus(TextChoices):
    """Whether a council takes part."""

    ACTIVE = "active", "Member"
    ENDED = "ended", "Left"


class DelegateStatus(TextChoices):
    """Whether a person whom a member council named takes part."""

    INVITED = "invited", "Asked to confirm"
    CONFIRMED = "confirmed", "Confirmed"
    DECLINED = "declined", "Declined"
    REPLACED = "replaced", "Replaced"

    @classmethod
    def holding(cls) -> tuple["DelegateStatus", ...]:
        """Return the statuses that keep a seat."""
        return (cls.INVITED, cls.CONFIRMED)


DELEGATE_TRANSITIONS: dict[DelegateStatus, frozenset[DelegateStatus]] = {
    DelegateStatus.INVITED: frozenset({DelegateStatus.CONFIRMED, DelegateStatus.DECLINED, DelegateStatus.REPLACED}),
    DelegateStatus.CONFIRMED: frozenset({DelegateStatus.REPLACED}),
    DelegateStatus.DECLINED: frozenset(),
    DelegateStatus.REPLACED: frozenset(),
}
