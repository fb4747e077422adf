"""Every page of the office, by axe-core and on a screen of 320 pixels: each list empty and filled, each record and each form."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from applications.services.extensions import request_extension
from applications.services.submission import submit_application
from applications.services.workbench.scenarios import begin
from cohort.models import FocusArea, ServiceArea
from cohort.states import ContactStatus
from tests.cohort.test_register import csv_of
from tests.factories import CallFactory, ContactFactory, CriterionFactory, QuestionFactory, StaffFactory
from tests.factories.judging import (
    AssessmentFactory,
    ConflictFactory,
    InterviewFactory,
    ReleaseFactory,
    ReviewFactory,
    ShortlistedFactory,
    SubmittedFactory,
)
from tests.factories.meeting import planned, scored_panel
from tests.factories.selection import place_of
from upstream.accounts.models import User
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail, ReminderSent
from upstream.correspondence.states import EmailStatus

pytestmark = pytest.mark.usefixtures("roles")


def address(model, page, *record):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=record)


def models():
    """Return whatever the office has lists of."""
    return [model for model in admin.site._registry if model.__module__.startswith(("upstream", "cohort", "applications"))]


@pytest.fixture
def superuser(db):
    return User.objects.create_superuser("root@example.org", full_name="Robin Hale")


@pytest.fixture
def busy(whole, officer, superuser):
    """One record at least of everything that the office has a list of."""
    User.objects.filter(pk=officer.pk).update(email="an.address.longer.than.a.phone.is.wide@barset.example.org")
    officer.refresh_from_db()
    CriterionFactory(call=whole.call)
    council = whole.council
    council.controls.create(since="2019-05-03", control="labour", source="The council")
    council.domains.create(domain="barset.gov.uk")
    submit_application(application_id=whole.pk, by=officer)
    until = whole.call.closes_at + timedelta(days=3)
    request_extension(call_id=whole.call_id, council_id=ContactFactory().council_id, until=until, reason="A flood", by=superuser)
    ReminderSent.objects.create(
        rule="draft-deadline", subject=f"applications.application:{whole.pk}", recipient=officer.email, occurrence="3 days"
    )
    review = ReviewFactory(assignment__member__panel__call=whole.call)
    ConflictFactory(application=whole, user=review.assignment.member.user)
    InterviewFactory()
    AssessmentFactory(application=SubmittedFactory(call=whole.call), assessor=superuser)
    ReleaseFactory()
    place_of(council)
    planned(scored_panel())
    begin(call=ShortlistedFactory().call, by=superuser)
    FocusArea.objects.create(name="Upstream")
    ServiceArea.objects.create(name="Prevention")
    return whole


def test_lists_with_nothing_in_them(visit, review):
    page = visit("/admin/", StaffFactory())
    review(page, "/admin/", *(address(model, "changelist") for model in models()))


def test_lists_with_something_in_them_and_every_record(visit, review, busy, superuser):
    page = visit("/admin/", superuser)
    review(page, "/admin/", "/admin/applications/")
    for model in models():
        record = model._default_manager.first()
        assert record, f"The tests of the office need a {model._meta.verbose_name} to look at"
        review(page, address(model, "changelist"), address(model, "change", record.pk))
    review(page, address(User, "history", superuser.pk))  # one and the same page for all models


def test_what_staff_may_only_read(visit, review, busy, officer):
    page = visit("/admin/", StaffFactory())
    review(page, address(User, "changelist"), address(User, "change", officer.pk))
    review(page, address(User, "changelist") + "?q=nobody-of-this-name", address(Entry, "changelist") + "?verb=application.submitted")


def test_forms_to_add_something(visit, review, superuser):
    page = visit("/admin/", superuser)
    for model in models():
        page.goto(address(model, "changelist"))
        if page.locator(".object-tools .addlink").count():
            review(page, address(model, "add"))
            page.get_by_role("button", name="Save", exact=True).click()
            page.wait_for_load_state()
            assert page.title().startswith("Error:")
            review(page)


def test_a_call_and_its_sections_in_preparation_and_published(visit, review):
    page = visit("/admin/", StaffFactory())
    for published_at in (None, timezone.now()):
        call = CallFactory(published_at=published_at, opens_at=timezone.now() + timedelta(days=1))
        criterion = CriterionFactory(call=call)
        section = QuestionFactory(section__call=call, criterion=criterion).section
        act = "unpublish" if published_at else "publish"
        review(page, *(address(type(call), name, call.pk) for name in ("change", "preview", act)))
        review(page, address(type(section), "change", section.pk))
        page.locator("[name$='-hint']").first.fill("A hint.")
        page.get_by_role("button", name="Save and continue editing").click()
        review(page)


def test_our_own_pages(visit, review, busy, superuser):
    page = visit("/admin/", superuser)
    review(page, "/admin/correspondence/outboundemail/forecast/", "/admin/applications/extension/ask/", "/admin/cohort/council/load/")
    data = csv_of({"code": "NEW"}, {"code": "BAD", "kind": "x"})
    page.get_by_label("CSV file").set_input_files({"name": "councils.csv", "mimeType": "text/csv", "buffer": data})
    page.get_by_role("button", name="Show the differences").click()
    page.get_by_role("button", name="Load the register").wait_for()
    review(page)


def test_every_act_asks_first(visit, review, busy, superuser):
    """The pages that ask, for a record on which each act is offered."""
    ContactFactory(status=ContactStatus.REQUESTED)
    email = OutboundEmail.objects.first()
    for number, status in enumerate((EmailStatus.HELD, EmailStatus.FAILED, EmailStatus.UNKNOWN)):
        email.pk, email.key, email.status = None, f"copy-{number}", status
        email.save()
    page = visit("/admin/", superuser)
    for model in models():
        for act in admin.site._registry[model].acts:
            record = next((each for each in model._default_manager.all() if act.offered(each, StaffFactory())), None)
            if record:
                review(page, address(model, act.name, record.pk))
