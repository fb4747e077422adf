"""The questions that come before the form, on whether this council may apply at all."""

from typing import Any

from django import forms

from applications.states import Lead, Readiness
from cohort.models import Council
from upstream.fields import RadioField, ShortTextField, YesNoField


class OneQuestionForm(forms.Form):
    """A form with one question, which is its page's heading."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.heads_page = True  # type: ignore[attr-defined]


class LeadForm(OneQuestionForm):
    """What kind of organisation leads."""

    lead = RadioField(
        label="What kind of organisation would lead?",
        choices=Lead.choices,
        error_messages={"required": "Select what kind of organisation would lead"},
    )


class CouncilForm(OneQuestionForm):
    """The council's name. The page offers a list, and any name may be typed."""

    council = ShortTextField(
        label="Which council would lead?",
        help_text="Enter its full name. For example, Oxford City Council or Oxfordshire County Council.",
        error_messages={"required": "Enter the name of the council that would lead"},
        widget=forms.TextInput(attrs={"list": "councils", "autocomplete": "off", "spellcheck": "false"}),
    )


class WhichCouncilForm(OneQuestionForm):
    """One of a few councils, or none of them."""

    NONE = "none"

    code = RadioField(label="Which council do you mean?", error_messages={"required": "Select the council that would lead"})

    def __init__(self, *args: Any, councils: list[Council], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(council.code, f"{council.official_name}, {council.get_region_display()}") for council in councils]
        self.fields["code"].choices = [*choices, (self.NONE, "None of these")]  # type: ignore[attr-defined]


class InitiativeForm(OneQuestionForm):
    """Whether there is something to work on."""

    initiative = RadioField(
        label="Does the council have an initiative to work on during the 12 months?",
        help_text="One specific piece of work that moves upstream of services. It can be in any service, or across a place.",
        choices=Readiness.choices,
        error_messages={"required": "Select whether the council has an initiative to work on"},
    )


class PeopleForm(OneQuestionForm):
    """Whether two people can take part."""

    people = YesNoField(
        label="Can two senior people take part, and come to both residentials?",
        help_text="One of the two may work for a partner. Their expenses at the residentials are paid.",
        error_messages={"required": "Select yes if two senior people can take part and come to both residentials"},
    )
