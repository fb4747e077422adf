"""Who may do what for a council, as things stand now."""

from cohort.models import Council, CouncilContact
from cohort.states import ContactRole
from upstream.accounts.models import User


def can_act_for(user: User, council: Council) -> bool:
    """Return whether the person is active for the council, in whichever role."""
    return CouncilContact.objects.active().filter(user=user, council=council).exists()


def can_submit_for(user: User, council: Council) -> bool:
    """Return whether the person is an active submitter of the council."""
    return CouncilContact.objects.active().filter(user=user, council=council, role=ContactRole.SUBMITTER).exists()


def can_see_people(user: User, council: Council) -> bool:
    """Return whether the person may see who acts for the council: those who do, and the office."""
    return user.has_perm("cohort.view_councilcontact") or can_act_for(user, council)


def can_manage_people(user: User, council: Council) -> bool:
    """Return whether the person decides who acts for the council: its submitters and the office do."""
    return user.has_perm("cohort.change_councilcontact") or can_submit_for(user, council)
