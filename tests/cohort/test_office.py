"""Councils and their people in the office."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cohort.models import Council, FocusArea
from cohort.policies import can_act_for
from cohort.states import ContactStatus
from tests.cohort.test_register import csv_of
from tests.factories import CohortFactory, ContactFactory, CouncilFactory, StaffFactory, UserFactory
from upstream.audit.models import Entry

pytestmark = pytest.mark.django_db
LOAD = "/admin/cohort/council/load/"


@pytest.fixture
def staff(roles: None) -> Client:
    client = Client()
    client.force_login(StaffFactory())
    return client


def chosen(data: bytes) -> dict[str, SimpleUploadedFile]:
    return {"file": SimpleUploadedFile("councils.csv", data, "text/csv")}


def confirm(preview: object) -> dict[str, str]:
    return {"file": preview.context["file"], "confirmed": preview.context["fingerprint"]}


def test_every_list_and_object_page_opens(staff):
    contact = ContactFactory()
    for model in ("council", "councilcontact", "cohort", "focusarea", "servicearea"):
        assert staff.get(reverse(f"admin:cohort_{model}_changelist")).status_code == 200, model
    assert staff.get(reverse("admin:cohort_council_change", args=[contact.council.pk])).status_code == 200
    assert staff.get(reverse("admin:cohort_councilcontact_change", args=[contact.pk])).status_code == 200


def test_edits_by_hand_are_in_the_trail_with_the_fields_that_changed(staff):
    council, area = CouncilFactory(), FocusArea.objects.create(name="Places")
    form = {name: getattr(council, name) or "" for name in ("code", "gss_code", "name", "official_name", "kind", "nation", "region")}
    inlines = {f"{name}-{part}_FORMS": 0 for name in ("controls", "domains") for part in ("TOTAL", "INITIAL")}
    domain = {"domains-TOTAL_FORMS": 1, "domains-0-domain": "barset.gov.uk", "domains-0-council": council.pk}
    staff.post(reverse("admin:cohort_council_change", args=[council.pk]), form | inlines | domain | {"name": "Barset New"})
    rows = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": area.pk, "form-0-position": 3, "_save": "Save"}
    staff.post(reverse("admin:cohort_focusarea_changelist"), rows)
    assert council.domains.exists()
    assert [(entry.verb, entry.data["fields"]) for entry in Entry.objects.order_by("pk")] == [
        ("council.changed", ["name", "domains"]),
        ("focusarea.changed", ["position", "offered"]),
    ]


def test_councils_are_filtered_by_their_control_today_and_by_existence(staff):
    labour, ended = CouncilFactory(), CouncilFactory(ends_on="2020-03-31")
    labour.controls.create(since="2019-05-03", control="labour")

    def listed(**query: str) -> list[Council]:
        return list(staff.get(reverse("admin:cohort_council_changelist"), query).context["cl"].result_list)

    assert listed(control="labour") == [labour]
    assert listed(control="not-recorded") == [ended]
    assert listed(exists="past") == [ended]
    assert listed(exists="today") == [labour]


def test_the_list_of_councils_takes_as_many_queries_for_fifty_as_for_five(staff, django_assert_num_queries):
    url = reverse("admin:cohort_council_changelist")
    CouncilFactory.create_batch(5)
    staff.get(url)
    with CaptureQueriesContext(connection) as at_five:
        staff.get(url)
    CouncilFactory.create_batch(45)
    with django_assert_num_queries(len(at_five)):
        staff.get(url)


def test_a_newer_register_is_shown_before_it_is_loaded(staff):
    CouncilFactory(code="OLD", name="Old Barset")
    preview = staff.post(LOAD, chosen(csv_of({}, {"code": "OLD"}, {"code": "BAD", "kind": "parish"})))
    page = preview.content.decode()
    assert "1 added, 1 changed, 0 unchanged, 1 refused" in page
    assert "“parish” is not a known kind." in page
    assert Council.objects.get().name == "Old Barset"
    assert staff.post(LOAD, confirm(preview)).status_code == 302
    assert sorted(Council.objects.values_list("code", "name")) == [("BST", "Barset"), ("OLD", "Barset")]
    assert Entry.objects.get(verb="register.loaded").actor_id is not None


def test_a_register_that_changed_after_the_preview_is_shown_anew(staff):
    preview = staff.post(LOAD, chosen(csv_of({})))
    CouncilFactory(code="BST", name="Barset")
    again = staff.post(LOAD, confirm(preview))
    assert "The register has changed since you looked" in again.content.decode()
    assert not Entry.objects.filter(verb="register.loaded").exists()


@pytest.mark.parametrize(
    ("post", "words"),
    [
        (chosen(b"not,a,register\n1,2,3\n"), "no column called code"),
        ({}, "Select a file"),
        ({"confirmed": "x", "file": "%%%"}, "did not arrive whole"),
        (chosen(b"x" * (1024 * 1024 + 1)), "smaller than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_in_words(staff, post, words):
    assert words in staff.post(LOAD, post).content.decode()
    assert not Council.objects.exists()


def test_only_who_may_change_councils_loads_a_register(roles):
    finance = StaffFactory()
    finance.groups.set(finance.groups.model.objects.filter(name="Finance"))
    for user, answer in ((finance, 403), (UserFactory(), (302, 403, 404))):
        client = Client()
        client.force_login(user)
        for response in (client.get(LOAD), client.post(LOAD, chosen(csv_of({})))):
            assert response.status_code in (answer if isinstance(answer, tuple) else (answer,))
    assert not Council.objects.exists()


def test_staff_accept_a_request_after_a_page_that_asks(staff):
    waiting = ContactFactory(status=ContactStatus.REQUESTED)
    url = reverse("admin:cohort_councilcontact_accept", args=[waiting.pk])
    assert "Accept the request" in staff.get(url).content.decode()
    assert not can_act_for(waiting.user, waiting.council)
    staff.post(url)
    assert can_act_for(waiting.user, waiting.council)


def test_staff_refuse_change_a_role_and_end(staff):
    submitter = ContactFactory()
    other = ContactFactory(council=submitter.council, role="editor")
    waiting = ContactFactory(council=submitter.council, status=ContactStatus.REQUESTED)
    staff.post(reverse("admin:cohort_councilcontact_refuse", args=[waiting.pk]))
    staff.post(reverse("admin:cohort_councilcontact_role", args=[other.pk]), {"role": "submitter"})
    staff.post(reverse("admin:cohort_councilcontact_end", args=[submitter.pk]))
    refused = staff.post(reverse("admin:cohort_councilcontact_end", args=[other.pk]), follow=True)
    assert "is the only person who can submit" in refused.content.decode()
    for contact in (submitter, other, waiting):
        contact.refresh_from_db()
    assert (submitter.status, waiting.status) == (ContactStatus.ENDED, ContactStatus.ENDED)
    assert (other.status, other.role) == (ContactStatus.ACTIVE, "submitter")


def test_a_standing_cannot_be_edited_added_or_deleted_by_hand(staff):
    contact = ContactFactory(status=ContactStatus.REQUESTED)
    staff.post(reverse("admin:cohort_councilcontact_change", args=[contact.pk]), {"status": "active"})
    contact.refresh_from_db()
    assert contact.status == ContactStatus.REQUESTED
    assert staff.get(reverse("admin:cohort_councilcontact_add")).status_code == 403
    assert staff.get(reverse("admin:cohort_councilcontact_delete", args=[contact.pk])).status_code == 403


def test_the_list_of_councils_leads_to_loading_a_register(staff):
    assert LOAD in staff.get(reverse("admin:cohort_council_changelist")).text


def test_a_council_that_is_not_there_is_not_found(staff):
    assert staff.get(reverse("admin:cohort_council_change", args=[987654])).status_code == 404


def test_the_days_of_a_cohort_are_in_words(staff):
    CohortFactory(starts_on=date(2027, 3, 1), ends_on=date(2028, 2, 29), confirmations_due_on=date(2027, 1, 14))
    page = staff.get(reverse("admin:cohort_cohort_changelist")).text
    assert all(words in page for words in ("1 March 2027", "29 February 2028", "14 January 2027"))
