import re
from datetime import date

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.template import Context, Template

from upstream.fields import (
    CheckboxesField,
    DatePartsField,
    LongTextField,
    RadioField,
    ShortTextField,
    YesNoField,
    clean_text,
    count_words,
)

STAGES = [("planning", "Planning to"), ("working", "Working on it")]


class EveryKindForm(forms.Form):
    title = ShortTextField(label="Title of the initiative", help_text="As you would say it aloud")
    nickname = ShortTextField(label="Other name", required=False)
    story = LongTextField(label="What have you tried?", word_limit=5)
    started = DatePartsField(label="Date it started", subject="The start date")
    stage = RadioField(label="Where you are", choices=STAGES)
    areas = CheckboxesField(label="Service areas", choices=[("housing", "Housing"), ("care", "Care")])
    agreed = YesNoField(label="Has your chief executive agreed?")
    region = forms.ChoiceField(choices=[("wales", "Wales")])
    letter = forms.FileField()
    terms = forms.BooleanField(label="I agree")
    word = forms.CharField(widget=forms.PasswordInput)


def page(form):
    template = "{% load crispy_forms_tags %}{% include 'includes/error_summary.html' %}{{ form|crispy }}"
    return Template(template).render(Context({"form": form}))


def only(field, **data):
    return type("OneField", (forms.Form,), {"it": field})(data)


def date_form(day, month, year):
    return only(DatePartsField(label="Date it started", subject="The start date"), it_day=day, it_month=month, it_year=year)


def test_every_error_link_lands_on_a_control_in_the_page():
    html = page(EveryKindForm({}))
    links = re.findall(r'<a href="#([^"]+)"', html)
    controls = re.findall(r'<(?:input|textarea|select)[^>]* id="([^"]+)"', html)
    assert len(links) == len(EveryKindForm.base_fields) - 1
    assert set(links) <= set(controls)


def test_the_link_of_a_group_lands_on_its_first_choice():
    links = re.findall(r'<a href="#([^"]+)"', page(EveryKindForm({})))
    assert {"id_stage_0", "id_areas_0", "id_agreed_0", "id_started_0"} <= set(links)


@pytest.mark.parametrize(
    ("parts", "target", "message"),
    [
        (("31", "", "2019"), "id_it_1", "The start date must include a month"),
        (("", "", "2019"), "id_it_0", "The start date must include a day and month"),
        (("31", "2", "2019"), "id_it_0", "The start date must be a real date"),
        (("3", "Smarch", "2019"), "id_it_1", "The start date must be a real date"),
        (("3", "13", "2019"), "id_it_1", "The start date must be a real date"),
        (("3", "3", "19"), "id_it_2", "The start date must have a year with 4 numbers"),
        (("٣", "3", "2019"), "id_it_0", "The start date must be a real date"),
    ],
)
def test_an_error_in_a_date_names_and_links_the_wrong_part(parts, target, message):
    html = page(date_form(*parts))
    assert f'<a href="#{target}">{message}</a>' in html
    wrong = [box for box in re.findall(r"<input[^>]*>", html) if "govuk-input--error" in box]
    assert [re.search('id="([^"]+)"', box)[1] for box in wrong] == [target]


def test_what_was_typed_in_a_wrong_date_is_still_there():
    html = page(date_form("31", "Febuary", "2019"))
    assert 'value="Febuary"' in html


@pytest.mark.parametrize("month", ["3", "03", "March", "march", "Mar", "mar.", " MAR "])
def test_a_month_may_be_a_number_or_a_word(month):
    form = date_form("5", month, "2019")
    assert form.is_valid()
    assert form.cleaned_data["it"] == date(2019, 3, 5)


def test_an_optional_date_may_be_empty():
    form = only(DatePartsField(label="Date", required=False), it_day="", it_month="", it_year="")
    assert form.is_valid()
    assert form.cleaned_data["it"] is None


def test_a_date_shows_its_initial_value_in_three_boxes():
    form = type("OneField", (forms.Form,), {"it": DatePartsField(label="Date")})(initial={"it": date(2019, 7, 15)})
    assert re.findall(r'value="(\d+)"', page(form)) == ["15", "7", "2019"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("  one\n two\tthree ", 3),
        ("non\u00a0breaking", 2),
        ("zero\ufeffwidth", 2),
        ("well-known", 1),
        ("a\x1cb", 1),
        ("café - bar", 3),
    ],
)
def test_words_are_counted_as_the_page_counts_them(text, words):
    assert count_words(text) == words


def test_line_ends_and_accents_are_made_plain():
    assert clean_text("one\r\ntwo\rthree cafe\u0301") == "one\ntwo\nthree café"


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_what_no_database_can_hold_is_refused(text):
    with pytest.raises(ValidationError):
        clean_text(text)


def test_text_over_the_word_limit_is_kept():
    form = only(LongTextField(label="Story", word_limit=3), it="one two three four")
    assert form.is_valid()
    assert "one two three four</textarea>" in page(form)


def test_a_word_limit_is_told_to_the_counter_and_to_screen_readers():
    html = page(type("OneField", (forms.Form,), {"it": LongTextField(label="Story", word_limit=3)})())
    assert 'data-module="govuk-character-count" data-maxlength="3" data-count-type="words"' in html
    assert 'aria-describedby="id_it-info"' in html
    assert 'id="id_it-info"' in html


def test_hint_and_error_describe_the_control():
    html = page(EveryKindForm({}))
    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert 'id="id_title_helptext"' in html
    assert 'id="id_title_error"' in html


def test_only_optional_fields_are_marked_and_none_carries_the_required_attribute():
    html = page(EveryKindForm())
    assert html.count("(optional)") == 1
    assert "Other name (optional)" in html
    assert not re.search(r"<(input|textarea|select)[^>]* required", html)


def test_messages_are_in_our_own_words():
    errors = {name: messages[0] for name, messages in EveryKindForm({}).errors.items()}
    assert errors["title"] == "Enter title of the initiative"
    assert errors["story"] == "Enter an answer to “What have you tried?”"
    assert errors["stage"] == "Select where you are"
    assert errors["started"] == "Enter date it started"


@pytest.mark.parametrize(("value", "meaning"), [("yes", True), ("no", False), ("", None)])
def test_yes_and_no_become_a_boolean(value, meaning):
    form = only(YesNoField(label="Agreed?", required=False), it=value)
    assert form.is_valid()
    assert form.cleaned_data["it"] is meaning


@pytest.mark.parametrize(("initial", "chosen"), [(True, "yes"), (False, "no")])
def test_a_boolean_shows_as_the_choice_made(initial, chosen):
    form = type("OneField", (forms.Form,), {"it": YesNoField(label="Agreed?")})(initial={"it": initial})
    assert re.search(r'value="(\w+)" checked', page(form))[1] == chosen


def test_an_error_of_the_whole_form_is_said_without_a_link():
    class Form(forms.Form):
        def clean(self):
            message = "These do not fit together"
            raise ValidationError(message)

    html = page(Form({}))
    assert "<li>These do not fit together</li>" in html
