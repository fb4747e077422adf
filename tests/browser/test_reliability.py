"""The pages of a call's scores, empty, refused and full, by axe-core and on a screen of 320 pixels."""

import pytest
from playwright.sync_api import expect

from applications.states import ApplicationStatus
from tests.factories import CallFactory, CohortFactory, CriterionFactory, StaffFactory
from tests.factories.judging import ConflictFactory, PanelFactory, PanelMemberFactory, SubmittedFactory, reviewed

PLACES = 4


@pytest.fixture
def call(transactional_db, roles):
    call = CallFactory(cohort=CohortFactory(places=PLACES))
    CriterionFactory.create_batch(3, call=call, weight=30)
    return call


def pages(call):
    return [f"/admin/applications/call/{call.pk}/{page}/" for page in ("scores", "reliability")]


def test_the_pages_of_a_calls_scores(visit, review, call):
    page = visit("/admin/", StaffFactory())
    review(page, *pages(call))
    members = PanelMemberFactory.create_batch(3, panel=PanelFactory(call=call))
    found = SubmittedFactory.create_batch(12, call=call, status=ApplicationStatus.SHORTLISTED)
    reviewed(found[0], members[0], 5, 5, 5)
    review(page, *pages(call))
    for place, application in enumerate(found[1:]):
        for turn in (0, 1):
            mark = (place // 2 + turn) % 6
            reviewed(application, members[(place + turn) % 3], mark, mark, max(0, mark - turn))
    ConflictFactory(application=found[3], user=members[2].user, detail="Paid adviser until June.")
    review(page, *pages(call))
    for summary in page.locator("details.office-details > summary").all():
        summary.click()
    expect(page.get_by_role("columnheader", name="Mean of 3")).to_be_visible()
    review(page)


def test_a_heading_sorts_the_table_without_a_script(visit, call):
    members = PanelMemberFactory.create_batch(2, panel=PanelFactory(call=call))
    for mark, application in enumerate(SubmittedFactory.create_batch(5, call=call, status=ApplicationStatus.SHORTLISTED)):
        for member in members:
            reviewed(application, member, mark, mark, 0)
    page = visit(pages(call)[0], StaffFactory(), java_script_enabled=False)
    first = page.locator(".office-scores tbody th").first
    expect(first).to_have_text(application.reference)
    page.get_by_role("link", name="Raw mean").click()
    expect(page.get_by_role("columnheader", name="Raw mean")).to_have_attribute("aria-sort", "ascending")
    expect(first).not_to_have_text(application.reference)
