"""The outbox, before anything is sent."""

import pytest

from tests.factories import CouncilFactory, UserFactory
from upstream.correspondence import services
from upstream.correspondence.models import OutboundEmail
from upstream.correspondence.states import EmailStatus

pytestmark = pytest.mark.django_db


def test_a_message_is_a_row_with_text_and_html_made_from_the_same_words(queue):
    email = queue()
    assert email.status == EmailStatus.QUEUED
    assert email.subject == "Hello Sam"
    assert email.text.startswith("Dear **Sam**,")
    assert "<strong>Sam</strong>" in email.html
    assert 'href="http://127.0.0.1:8000/page/"' in email.html


def test_an_address_of_this_site_becomes_a_link_and_no_other_does():
    body = services.message_body("Go to:\n\nhttp://127.0.0.1:8000/eoi/T-1/\n\nhttps://evil.example/")
    assert '<a href="http://127.0.0.1:8000/eoi/T-1/"' in body
    assert 'href="https://evil' not in body


def test_the_same_key_twice_is_the_first_message(queue):
    first = queue()
    assert queue(context={"name": "Alex"}) == first
    assert OutboundEmail.objects.get().subject == "Hello Sam"


def test_a_name_with_line_breaks_cannot_add_headers(queue):
    email = queue(context={"name": "Sam\r\nBcc: everyone@example.org\n"})
    assert email.subject == "Hello Sam Bcc: everyone@example.org"


def test_a_name_in_markdown_or_html_cannot_become_a_link_or_markup(queue):
    email = queue(context={"name": "[win](https://evil.example/) <script>alert(1)</script> & Co"})
    assert 'href="https://evil' not in email.html
    assert "<script" not in email.html
    assert "& Co" in email.text
    assert "&amp; Co" in email.html


def test_suppress_calls_off_what_waits_about_one_record_and_nothing_else(queue):
    council, other = CouncilFactory(), CouncilFactory()
    waiting = queue(about=council)
    held = queue(key="2", about=council)
    services.hold(email_id=held.pk, by=UserFactory())
    another_kind = queue(key="3", about=council, kind="receipt")
    another_record = queue(key="4", about=other)
    assert services.suppress(about=council, kinds={"test"}, reason="Withdrawn") == 2
    rows = dict(OutboundEmail.objects.values_list("pk", "status"))
    assert rows == {
        waiting.pk: EmailStatus.SUPPRESSED,
        held.pk: EmailStatus.SUPPRESSED,
        another_kind.pk: EmailStatus.QUEUED,
        another_record.pk: EmailStatus.QUEUED,
    }
