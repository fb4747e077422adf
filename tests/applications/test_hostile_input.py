"""What nobody types by accident: null characters, endless text, half a form, the wrong kind of everything."""

import io
import os
import random
import time
import unicodedata

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms import modelform_factory
from django.test import Client
from django.urls import reverse
from PIL import Image

from applications.documents import render_eoi_pdf
from applications.forms.calls import QuestionForm
from applications.models import Question, Section
from applications.services.calls import question_problems
from applications.services.eoi import attach_file
from applications.states import QuestionKind, QuestionPurpose
from cohort.states import ContactRole, ContactStatus
from tests.applications.conftest import question
from tests.factories import ContactFactory, StaffFactory, UserFactory
from upstream.accounts.models import User
from upstream.accounts.services import find_or_invite_user
from upstream.audit.models import Entry
from upstream.correspondence.models import OutboundEmail

pytestmark = pytest.mark.django_db
LONG_ADDRESS = f"{'a' * 60}@{'.'.join(['b' * 50] * 4)}.example.org"
NASTY = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\r\n",
        "a\r\nBcc: x@example.org",
        "e\u0301",
        "\ufeff",
        "\u202eevil",
        "\x01\x0b\x7f",
        "\ufffe\uffff",
        "💥" * 200,
    ),
    *(
        "x" * 300,
        "y" * 60_000,
        "<script>alert(1)</script>",
        "{{ 7 }}",
        "%s%n",
        "'; drop table x;--",
        "9" * 5000,
        "-1",
        "9" * 25,
        "NaN",
        "²",
    ),
    *("2027-02-30", "[]", "../../etc/passwd", "foo", "//evil.example", "http://[", "javascript:1", "yes", "no", LONG_ADDRESS),
    *("person@example.org", "a@example.org\n", "Barset", "Upstream", "live", "council", "later", "accept", "submitter"),
)
ACCEPT = (
    "*/*",
    "application/json",
    "text/html;q=abc, application/json;q=0.9",
    ";;;",
    "application/json; q=nan",
    "x/y;=;q",
    "text/html;q=-1",
)
FILES = (
    (".pdf", b"%PDF-1.4 junk"),
    ("a.docx", b"PK\x03\x04"),
    ("x" * 500 + ".png", b"\x89PNG\r\n\x1a\n"),
    ("é.jpg", b"\xff\xd8\xff"),
    ("a.pdf", b""),
)
NAMES = (
    "council",
    "next",
    "name",
    "choosing",
    "revision",
    "remove",
    "action",
    "answer",
    "completed",
    "agree",
    "code",
    "choose",
    "email",
    "role",
)
NAMES += ("lead", "initiative", "people", "full_name", "job_title", "login", "password", "reason", "action_add", "action_send")


def hostile_form(chance, names):
    form = {}
    for name in [*names, *chance.sample(NAMES, 6)]:
        if chance.random() < 0.1:
            file_name, content = chance.choice(FILES)
            form[name] = SimpleUploadedFile(file_name, content)
        else:
            form[name] = chance.choices(NASTY, k=chance.choice((1, 1, 1, 2)))
    return form


def test_a_thousand_hostile_forms_cause_no_server_error(draft, officer, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    seed = int(os.environ.get("HOSTILE_SEED", "20190715"))
    chance = random.Random(seed)
    editor = ContactFactory(council=draft.council, role=ContactRole.EDITOR)
    invitation = ContactFactory(user=officer, status=ContactStatus.INVITED)
    call, eoi = f"/calls/{draft.call.slug}", f"/eoi/{draft.reference}"
    public = [f"{call}/start/{page}" for page in ("", "council/", "initiative/", "people/")]
    public += [reverse(f"account_{name}") for name in ("login", "signup", "reset_password", "request_login_code")]
    own = [f"{eoi}/{page}/" for page in ("sections/initiative", "sections/evidence", "sections/evidence/autosave", "check")]
    own += ["/councils/request/", f"/councils/{draft.council.code}/people/", f"/councils/invitations/{invitation.pk}/", f"{call}/begin/"]
    own += [f"/councils/people/{editor.pk}/role/", reverse("account_email"), reverse("account_reauthenticate")]
    fields = [asked.field_name for asked in Question.objects.filter(section__call=draft.call)]
    fields += [f"{name}_{part}" for name in fields for part in ("day", "month", "year")]
    stranger, member = Client(), Client()
    member.force_login(officer)
    for _ in range(1000):
        address = chance.choice(public + own)
        client = member if address in own else stranger
        form = hostile_form(chance, fields if "/sections/" in address else [])
        response = client.post(address, form, headers={"accept": chance.choice(ACCEPT)})
        assert response.status_code < 500, (f"HOSTILE_SEED={seed}", address, form)


@pytest.mark.parametrize(
    "text", ["e\u0301te\u0301 & <b>bold</b>", "  \u202e\u200b💥\n\n\ttabs  \x01 end", "{{ x }} %s \\ ' \"", "\u2028\u2029\ufeffx"]
)
def test_text_comes_back_to_the_letter(client, draft, officer, text):
    client.force_login(officer)
    asked = question(draft, QuestionKind.LONG_TEXT)
    client.post(f"/eoi/{draft.reference}/sections/evidence/autosave/", {"revision": "0", asked.field_name: text.replace("\n", "\r\n")})
    assert draft.answers.get(question=asked).value == unicodedata.normalize("NFC", text).strip()


@pytest.mark.parametrize(
    ("text", "sentence"), [("a\0b", "Remove the hidden character"), ("y" * 50_001, "must be 50,000 characters or fewer")]
)
def test_autosave_never_claims_to_have_saved_what_it_could_not(client, whole, officer, text, sentence):
    client.force_login(officer)
    asked = question(whole, QuestionKind.LONG_TEXT)
    before = whole.answers.get(question=asked).value
    page = f"/eoi/{whole.reference}/sections/evidence/"
    unsaved = client.post(f"{page}autosave/", {"revision": "1", asked.field_name: text}).json()["unsaved"]
    assert len(unsaved) == 1
    assert asked.text in unsaved[0]
    assert sentence in unsaved[0]
    assert whole.answers.get(question=asked).value == before
    assert "has been saved as a draft" not in client.post(page, {"revision": "2", asked.field_name: text}).content.decode()


def test_a_null_character_in_an_address_is_a_bad_request(client, officer, roles):
    client.force_login(officer)
    assert client.get("/councils/request/?council=%00").status_code == 400
    assert client.post("/councils/request/", {"council": "\0"}).status_code == 404
    client.force_login(StaffFactory())
    for page in ("applications/application/?focus_area=%00", "cohort/council/?control=%00", "audit/entry/?verb=%00"):
        assert client.get(f"/admin/{page}").status_code == 400


@pytest.mark.parametrize("address", ["foo", "home", "//evil.example/", "https://evil.example/", "\\\\evil.example"])
def test_next_leads_only_to_addresses_of_ours(client, draft, officer, address):
    client.force_login(officer)
    response = client.get("/councils/request/", {"council": draft.council.code, "next": address})
    assert response.url == reverse("cohort:people", args=[draft.council.code])


@pytest.mark.parametrize("name", ["login", "request_login_code", "reset_password", "signup"])
def test_an_email_address_that_no_mailbox_can_have_is_refused(client, name):
    form = {"login": LONG_ADDRESS, "email": LONG_ADDRESS, "password": "long enough to be one", "full_name": "Sam"}
    assert "in the correct format" in client.post(reverse(f"account_{name}"), form).content.decode()
    assert not OutboundEmail.objects.exists()


def test_an_invitation_to_such_an_address_is_refused_too(client, draft, officer):
    client.force_login(officer)
    response = client.post(f"/councils/{draft.council.code}/people/", {"email": LONG_ADDRESS, "role": "editor"})
    assert "254 characters or fewer" in response.content.decode()


def test_a_name_is_one_line_so_that_it_brings_no_paragraphs_into_emails(client):
    client.post(reverse("account_signup"), {"email": "bob@example.org", "full_name": "Bob\r\n\r\n# Your council has won"})
    assert User.objects.get(email="bob@example.org").full_name == "Bob  # Your council has won"


def test_an_invited_persons_name_stays_theirs_until_they_accept(client, draft, officer):
    client.force_login(officer)
    invited = ContactFactory(council=draft.council, status=ContactStatus.INVITED, user=UserFactory(full_name="Vera Victim"))
    seen = client.post(reverse("cohort:role", args=[invited.pk]), {"role": "editor"}, follow=True).content
    seen += client.get(reverse("cohort:refuse", args=[invited.pk])).content
    seen += client.post(reverse("cohort:end", args=[invited.pk]), follow=True).content
    assert b"Vera Victim" not in seen
    assert invited.user.email.encode() in seen


def test_inviting_the_same_stranger_twice_makes_one_person_without_a_password():
    assert find_or_invite_user(email=" New@Example.org ") == find_or_invite_user(email="new@example.org")
    assert not User.objects.get(email="new@example.org").has_usable_password()


def test_the_count_of_failed_sign_ins_outlives_a_thousand_other_visitors():
    cache.set("a-visitor-whose-key-sorts-first", 10, 300)
    for visitor in range(1000):
        cache.set(f"visitor-{visitor}", 1, 300)
    assert cache.get("a-visitor-whose-key-sorts-first") == 10


@pytest.mark.parametrize("kind", [QuestionKind.SHORT_TEXT, QuestionKind.ONE_OF])
def test_a_call_whose_list_of_areas_is_no_list_cannot_be_published(kind):
    asked = Question(section=Section(), text="Which?", kind=kind, purpose=QuestionPurpose.FOCUS_AREAS, options=["a", "b"])
    assert list(question_problems(asked)) == ["The question “Which?” is read as a list of areas, so it must be “Some of a list”."]


def test_a_call_whose_title_is_a_list_cannot_be_published():
    asked = Question(section=Section(), text="Which?", kind=QuestionKind.SOME_OF, purpose=QuestionPurpose.TITLE, options=["a", "b"])
    assert list(question_problems(asked)) == ["The question “Which?” is read as text, so it cannot be “Some of a list”."]


def test_a_choice_sent_twice_is_kept_once(client, draft, officer):
    client.force_login(officer)
    asked = question(draft, QuestionKind.SOME_OF)
    client.post(f"/eoi/{draft.reference}/sections/initiative/autosave/", {"revision": "0", asked.field_name: ["Upstream", "Upstream"]})
    assert draft.answers.get(question=asked).value == ["Upstream"]


def test_choices_with_a_null_character_are_an_error_on_the_form():
    form = modelform_factory(Question, form=QuestionForm, fields=["text", "kind", "options"])(
        {"text": "Which?", "kind": QuestionKind.ONE_OF, "options": "a\0b"}, instance=Question(options=["a"])
    )
    assert form.has_changed()
    assert "options" in form.errors


@pytest.mark.parametrize("file", ["é", "=="])
def test_a_register_that_does_not_arrive_whole_is_asked_for_again(client, roles, file):
    client.force_login(StaffFactory())
    response = client.post(reverse("admin:cohort_council_load"), {"confirmed": "x", "file": file})
    assert response.status_code == 200


def test_an_endless_word_does_not_hold_up_the_document(whole):
    whole.answers.filter(question=question(whole, QuestionKind.LONG_TEXT)).update(value="w" * 50_000)
    start = time.monotonic()
    assert render_eoi_pdf(whole).startswith(b"%PDF")
    assert time.monotonic() - start < 15, "took 42 seconds before long words could break"


def test_looking_into_a_new_file_never_holds_up_the_audit_trail(draft, officer):
    """The first entry locks the trail for everybody until the end, so nothing slow may come after it."""
    asked = question(draft, QuestionKind.FILE)
    for revision in range(2):
        picture = io.BytesIO()
        Image.new("RGB", (4, 4)).save(picture, "PNG")
        upload = SimpleUploadedFile("a.png", picture.getvalue())
        attach_file(application_id=draft.pk, question=asked, upload=upload, revision=revision, by=officer)
    verbs = Entry.objects.filter(verb__startswith="file.").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["file.stored", "file.stored", "file.removed"]
