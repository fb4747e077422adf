import re

import pytest
from django.http import HttpRequest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.views.defaults import server_error

from cohort.states import ContactRole, ContactStatus
from tests.factories import CallFactory, ContactFactory, UserFactory
from upstream.accounts.models import User
from upstream.audit.models import Entry

PUBLIC = [
    "home",
    "accessibility",
    "privacy",
    "cookies",
    "account_login",
    "account_signup",
    "account_request_login_code",
    "account_reset_password",
]
OWN = ["account", "account_details", "account_email", "account_set_password", "account_logout", "mfa_index"]


def lands_on_controls(html):
    links = re.findall(r'govuk-error-summary__list">(.*?)</ul>', html, re.DOTALL)
    targets = re.findall(r'href="#([^"]+)"', links[0])
    controls = re.findall(r'<(?:input|textarea|select)[^>]* id="([^"]+)"', html)
    return bool(targets) and set(targets) <= set(controls)


@pytest.mark.django_db
@pytest.mark.parametrize("name", PUBLIC)
def test_anybody_can_read_the_page(client, name):
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert response.content.decode().count("<h1") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", OWN)
def test_somebody_signed_in_can_read_the_page(client, name):
    client.force_login(User.objects.create_user("sam@example.org"))
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert response.content.decode().count("<h1") == 1


@pytest.mark.django_db
def test_somebody_without_a_council_finds_the_way_to_one(client):
    client.force_login(UserFactory())
    assert f'href="{reverse("cohort:request")}">Ask to act for a council' in client.get("/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "told"), [(ContactRole.SUBMITTER, True), (ContactRole.EDITOR, False)])
def test_a_submitter_is_told_at_home_who_waits_to_be_accepted(client, role, told):
    contact = ContactFactory(role=role)
    ContactFactory(council=contact.council, status=ContactStatus.REQUESTED, user__full_name="Sam Okafor")
    ContactFactory(status=ContactStatus.REQUESTED, user__full_name="Alex Elsewhere")
    client.force_login(contact.user)
    html = client.get("/").content.decode()
    assert ("Sam Okafor asks to act for" in html) is told
    assert "Alex Elsewhere" not in html


@pytest.mark.django_db
def test_people_change_their_own_details_and_the_trail_holds_no_names(client):
    person = UserFactory(full_name="")
    client.force_login(person)
    html = client.post(reverse("account_details"), {"full_name": " ", "phone": "1"}).content.decode()
    assert "Enter your full name" in html
    assert lands_on_controls(html)
    details = {"full_name": "Sam Okafor", "job_title": "Head of Change", "phone": "01632 960001"}
    shown = client.post(reverse("account_details"), details, follow=True).content.decode()
    assert all(words in shown for words in details.values())
    entry = Entry.objects.about(person).get()
    assert (entry.actor_id, entry.data) == (person.pk, {"fields": ["full_name", "job_title", "phone"]})


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_request_login_code", "account_reset_password"])
def test_an_empty_form_says_what_to_enter_and_its_links_land(client, name):
    html = client.post(reverse(name), {}).content.decode()
    assert "<title>Error: " in html
    assert "Enter your email address" in html
    assert lands_on_controls(html)


@pytest.mark.django_db
def test_a_wrong_email_address_is_answered_in_our_words(client):
    html = client.post(reverse("account_request_login_code"), {"email": "sam at barset"}).content.decode()
    assert html.count("Enter an email address in the correct format") == 2


@pytest.mark.django_db
def test_the_front_page_shows_the_open_call(client):
    call = CallFactory(title="Call for rivers")
    assert "Call for rivers" in client.get("/").content.decode()
    call.published_at = None
    call.save()
    assert "Call for rivers" not in client.get("/").content.decode()


@pytest.mark.django_db
def test_a_missing_page_says_so_and_offers_to_sign_in(client):
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "Page not found" in response.content.decode()


def test_the_page_for_faults_needs_neither_context_nor_database():
    response = server_error(HttpRequest())
    assert response.status_code == 500
    assert "There is a problem with this service" in response.content.decode()


@pytest.mark.django_db
def test_a_form_sent_after_signing_out_hands_back_what_was_typed(client):
    response = client.post(
        reverse("account"), {"answer": "We tried <b>three</b> things", "action": "later"}, headers={"sec-fetch-site": "same-origin"}
    )
    html = response.content.decode()
    assert response.status_code == 401
    assert "We tried &lt;b&gt;three&lt;/b&gt; things</pre>" in html
    assert "later</pre>" not in html
    assert 'name="action" value="later"' in html
    assert "away for a while" not in html
    assert 'target="_blank"' in html
    assert 'name="answer" value="We tried &lt;b&gt;three&lt;/b&gt; things"' in html


@pytest.mark.django_db
def test_the_form_that_sends_again_is_accepted():
    user = UserFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    ours = {"origin": "http://testserver"}  # what a browser says that does not know Sec-Fetch-Site yet
    html = client.post(reverse("account"), {"answer": "typed"}, headers=ours).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"[^>]*>\s*<input type="hidden" name="answer"', html)[1]
    assert client.post(reverse("account"), {"answer": "typed", "csrfmiddlewaretoken": token}).status_code == 200


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}, {}])
@pytest.mark.django_db
def test_a_strangers_form_gets_no_button_to_send_again(headers):
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    response = client.post(reverse("account"), {"answer": "typed"}, headers=headers)
    assert response.status_code == 403
    assert "Send again" not in response.content.decode()


@pytest.mark.django_db
def test_every_page_carries_the_strict_policy_and_nothing_inline(client):
    response = client.get("/")
    html = response.content.decode()
    assert set(response.headers["Content-Security-Policy"].split("; ")) == {
        "default-src 'none'",
        *(f"{kind} 'none'" for kind in ("base-uri", "frame-ancestors")),
        *(f"{kind}-src 'self'" for kind in ("connect", "font", "img", "manifest", "script", "style")),
        "form-action 'self'",
    }
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*src)|\son\w+=", html)


@pytest.mark.parametrize("name", ["login_code", "email_confirmation", "password_reset_code"])
def test_the_code_is_in_the_message_and_not_in_the_subject_that_staff_can_read(name):
    context = {"code": "ABC123"}
    assert "ABC123" not in get_template(f"account/email/{name}_subject.txt").render(context)
    assert "ABC123" in get_template(f"account/email/{name}_message.txt").render(context)
