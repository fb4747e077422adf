"""Take each guard away, one at a time: the table must notice."""

from collections.abc import Callable

import pytest

from applications.admin.triage import TriageAdmin
from applications.models.application import AnswerQuerySet, ApplicationQuerySet
from applications.models.call import CallQuerySet, ExtensionQuerySet
from applications.models.conflict import ConflictQuerySet
from applications.models.decision import LetterQuerySet
from applications.models.panel import ReviewQuerySet
from applications.models.triage import AssessmentQuerySet
from applications.views.panel import get_seat
from cohort.models import CouncilContactQuerySet
from tests.access.table import TABLE
from tests.access.test_table import wrong_cells
from upstream.accounts.models import User
from upstream.audit.models import EntryQuerySet
from upstream.correspondence.models import OutboundEmailQuerySet
from upstream.documents.models import StoredFileQuerySet
from upstream.home.middleware import SignInMiddleware
from upstream.home.office import OfficeSite
from upstream.office import OfficeAdmin, ReadOnlyAdmin

Removal = Callable[[pytest.MonkeyPatch], None]


def everything(records, *_):
    return records.all()


def yes(*_, **__):
    return True


def asked_by(_page, request, *_permissions):
    return request.user


def without(owner: object, name: str, instead: Callable[..., object] = yes) -> Removal:
    """Put something that lets everybody pass in a guard's place."""
    if isinstance(owner, str):
        return lambda patch: patch.setattr(f"{owner}.{name}", instead)
    return lambda patch: patch.setattr(owner, name, instead)


def without_permissions(*permissions: str) -> Removal:
    """Give everybody these permissions."""
    asked = User.has_perm
    return without(User, "has_perm", lambda user, name, obj=None: name in permissions or asked(user, name, obj))


GUARDS: dict[str, tuple[str, Removal]] = {
    "signing in": ("account", without(SignInMiddleware, "process_view", lambda *_: None)),
    "EoIs of one's own councils": ("applications:eoi", without(ApplicationQuerySet, "visible_to", everything)),
    "active people only": ("applications:eoi", without(CouncilContactQuerySet, "active", everything)),
    "people of one's own councils": ("cohort:accept", without(CouncilContactQuerySet, "visible_to", everything)),
    "files of what one sees": ("documents:download", without(StoredFileQuerySet, "visible_to", everything)),
    "answers of what one sees": ("documents:download", without(AnswerQuerySet, "visible_to", everything)),
    "messages for staff": ("admin:correspondence_outboundemail_hold", without(OutboundEmailQuerySet, "visible_to", everything)),
    "calls for the public": ("applications:call", without(CallQuerySet, "visible_to", everything)),
    "published calls": ("applications:begin", without(CallQuerySet, "published", everything)),
    "writing": ("applications:section", without("applications.views.sections", "can_write")),
    "submitting": ("applications:check", without("applications.services.submission", "lock_standing")),
    "withdrawing": ("applications:withdraw", without("applications.views.submission", "can_withdraw")),
    "starting for one's council": ("applications:begin", without("applications.views.eoi", "can_act_for")),
    "seeing people": ("cohort:people", without("cohort.views.contacts", "can_see_people")),
    "asking before a refusal": ("cohort:refuse", without("cohort.views.contacts", "can_manage_people")),
    "deciding about people": ("cohort:accept", without("cohort.services.contacts", "can_manage_people")),
    "the office's door": ("admin:index", without(OfficeSite, "has_permission")),
    "working in the office": ("admin:login", without("upstream.home.office", "belongs_in_the_office")),
    "permission to load a register": ("admin:cohort_council_load", without_permissions("cohort.add_council", "cohort.change_council")),
    "permission for an act": (
        "admin:applications_call_unpublish",
        without_permissions("applications.view_call", "applications.change_call"),
    ),
    "permission to see messages": ("admin:correspondence_outboundemail_changelist", without(OfficeAdmin, "has_view_permission")),
    "assessments of what one sees": ("admin:applications_assessment_change", without(AssessmentQuerySet, "visible_to", everything)),
    "permission to assess or decide": ("admin:applications_assessment_compare", without(TriageAdmin, "refuse_without", asked_by)),
    "the trail of what one sees": ("admin:audit_entry_change", without(EntryQuerySet, "visible_to", everything)),
    "extensions of what one sees": ("admin:applications_extension_approve", without(ExtensionQuerySet, "visible_to", everything)),
    "letters of what one sees": ("admin:applications_release_letter", without(LetterQuerySet, "visible_to", everything)),
    "conflicts of interest": ("applications:score", without(ConflictQuerySet, "active", lambda records: records.none())),
    "reading the files of what is open": ("documents:download", without(ReviewQuerySet, "open_to", lambda reviews, _: reviews.all())),
    "chairing": ("applications:panel_conflicts", without("applications.views.panel", "get_chair", get_seat)),
    "permission to run the panel": (
        "admin:applications_panel_assign",
        without_permissions("applications.view_panel", "applications.change_panel"),
    ),
    "nothing edited by hand": ("admin:audit_entry_change", without(ReadOnlyAdmin, "has_change_permission")),
    "nothing added by hand": ("admin:audit_entry_add", without(ReadOnlyAdmin, "has_add_permission")),
    "nothing deleted by hand": ("admin:cohort_cohort_delete", without(OfficeAdmin, "has_delete_permission")),
}


@pytest.mark.django_db
def test_the_table_notices_each_guard_that_is_gone(world, monkeypatch):
    unnoticed = []
    for guard, (name, remove) in GUARDS.items():
        row = next(row for row in TABLE if name in row.names())
        with monkeypatch.context() as patch:
            remove(patch)
            if next(wrong_cells(world, row, [name]), None) is None:
                unnoticed.append(guard)
    print(f"\nguards: {len(GUARDS)} taken away one at a time, {len(GUARDS) - len(unnoticed)} noticed by the table")
    assert unnoticed == []
