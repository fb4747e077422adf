"""How often things may be asked for, and what somebody sees who asks more often."""

import pytest
from allauth.core.internal.ratelimit import parse_rates
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from applications.states import QuestionKind
from tests.applications.conftest import question
from tests.applications.test_eoi_pages import one_page_pdf, posted
from tests.factories import UserFactory
from upstream.documents.models import StoredFile

pytestmark = pytest.mark.django_db
# What these limit is refused on the form, in words of its own, or quietly.
WITHOUT_A_PAGE = {"login_failed", "asked_for_mail"}


@pytest.fixture
def limit(settings):
    def limit_to(**rates):
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | rates

    return limit_to


def statuses(client, url, times, **meta):
    return [client.get(url, **meta).status_code for _ in range(times)]


def test_nobody_waits_longer_than_the_page_says(client, settings, call, limit):
    limit(pdf_signed_out="0/5m/ip")
    response = client.get(reverse("applications:questions_pdf", args=[call.slug]))
    assert response.status_code == 429
    assert "<h1" in response.content.decode()
    assert "Wait five minutes" in response.content.decode()
    for action, rates in settings.ACCOUNT_RATE_LIMITS.items():
        assert action in WITHOUT_A_PAGE or max(rate.duration for rate in parse_rates(rates)) <= 300


def test_documents_are_made_for_each_person_so_many_times(client, call, draft, officer, limit):
    limit(pdf="2/5m/user", pdf_signed_out="3/5m/ip")
    public, own = reverse("applications:questions_pdf", args=[call.slug]), reverse("applications:pdf", args=[draft.reference])
    assert statuses(client, public, 4) == [200, 200, 200, 429]
    assert statuses(client, public, 1, REMOTE_ADDR="10.9.8.7") == [200]
    client.force_login(officer)
    assert statuses(client, own, 1) + statuses(client, public, 2) == [200, 200, 429]
    client.force_login(UserFactory())
    assert statuses(client, public, 1) == [200]


def test_councils_are_searched_so_many_times(client, call, limit):
    limit(council_search="1/5m/user", council_search_signed_out="2/5m/ip")
    client.post(reverse("applications:start", args=[call.slug]), {"lead": "council"})
    search = reverse("applications:start_council", args=[call.slug])
    assert [client.post(search, {"council": "Nowhere"}).status_code for _ in range(3)] == [200, 200, 429]
    client.force_login(UserFactory())
    assert statuses(client, f"{reverse('cohort:request')}?name=Nowhere", 2) == [200, 429]


def test_a_file_too_many_loses_nothing_that_was_typed(client, draft, officer, limit):
    limit(upload="1/5m/user")
    client.force_login(officer)
    asked, written = question(draft, QuestionKind.FILE), question(draft, QuestionKind.LONG_TEXT)
    section = reverse("applications:section", args=[draft.reference, "evidence"])
    for revision in (0, 2):
        upload = SimpleUploadedFile(f"letter{revision}.pdf", one_page_pdf(), "application/pdf")
        data = posted(draft, "evidence", completed="yes", revision=revision, action="continue")
        response = client.post(section, data | {written.field_name: f"Version {revision}", asked.field_name: upload})
    page = response.content.decode()
    assert "Wait five minutes, then choose this file again" in page
    assert "What you wrote has been saved as a draft." in page
    assert draft.answers.get(question=written).value == "Version 2"
    assert StoredFile.objects.get().name == "letter0.pdf"


def test_saving_while_typing_is_never_refused(client, settings, draft, officer, limit):
    limit(**{action: f"0/{rate.partition('/')[2]}" for action, rate in settings.ACCOUNT_RATE_LIMITS.items()})
    client.force_login(officer)
    written = question(draft, QuestionKind.LONG_TEXT)
    autosave = reverse("applications:autosave", args=[draft.reference, "evidence"])
    assert client.post(autosave, {"revision": 0, written.field_name: "Kept"}).status_code == 200
    section = reverse("applications:section", args=[draft.reference, "evidence"])
    assert client.post(section, posted(draft, "evidence", revision=1, action="later")).status_code == 302
