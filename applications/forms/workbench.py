"""What people ask of the workbench: places, bounds and overrides, and the name of a scenario."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from applications.models import Scenario
from applications.services.workbench.candidates import DIMENSIONS, Field, label
from applications.services.workbench.rules import Bound, Lock, Rules
from applications.states import ScoreBasis
from upstream.deadlines import counted
from upstream.fields import LongTextField, ShortTextField

MOST = 1000
MOST_CHARACTERS = 5000
IN, OUT = "in", "out"

# The box stands in a narrow column, where the labels of the bases would be cut off.
IN_SHORT = {
    ScoreBasis.MODERATED: "The meeting's, else adjusted",
    ScoreBasis.ADJUSTED: "Adjusted, else the raw mean",
    ScoreBasis.RAW: "The raw mean",
}


class NumberField(forms.IntegerField):
    """A whole number from 0, in plain words."""

    def __init__(self, *, label: str, **options: Any) -> None:
        message = f"{label} must be a whole number from 0 to {MOST}"
        messages = {"required": f"Enter a number: {label[:1].lower()}{label[1:]}"} | dict.fromkeys(
            ("invalid", "min_value", "max_value"), message
        )
        widget = forms.TextInput({"inputmode": "numeric", "size": 4})
        super().__init__(label=label, min_value=0, max_value=MOST, error_messages=messages, widget=widget, **options)


@dataclass(frozen=True)
class BoundRow:
    """A group with its two fields, how many candidates it has and how many of them are chosen."""

    name: str
    low: BoundField
    high: BoundField
    candidates: int
    chosen: int

    @property
    def fields(self) -> tuple[BoundField, BoundField]:
        """Both, in their order."""
        return self.low, self.high


class RulesForm(forms.Form):
    """The rules of a scenario. Groups and candidates are those of the scenario that it starts from, so the names of its fields stand."""

    def __init__(
        self, *args: Any, scenario: Scenario, field: Field, chosen: frozenset[int], councils: dict[int, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rules = Rules.read(scenario.rules)
        # A bound of a group without a candidate stays on the page: it is a rule that cannot be met.
        self.groups = list(dict.fromkeys([*field.groups(), *((bound.dimension, bound.group) for bound in self.rules.bounds)]))
        self.all_numbers, self.chosen_numbers = field.numbers(), field.numbers(chosen)
        self.councils = councils
        self.fields["places"] = NumberField(label="Places", initial=scenario.places)
        self.fields["reserves"] = NumberField(label="Reserves", initial=self.rules.reserves)
        self.fields["basis"] = forms.ChoiceField(
            label="Score",
            choices=IN_SHORT.items(),
            initial=scenario.basis,
            error_messages=dict.fromkeys(("required", "invalid_choice"), "Select which score counts"),
        )
        bounds = {(bound.dimension, bound.group): bound for bound in self.rules.bounds}
        for i, (dimension, group) in enumerate(self.groups):
            bound = bounds.get((dimension, group), Bound(dimension, group))
            self.fields[f"low_{i}"] = NumberField(label=f"{bound.name}, at least", required=False, initial=bound.low)
            self.fields[f"high_{i}"] = NumberField(label=f"{bound.name}, at most", required=False, initial=bound.high)
        for lock in self.rules.locks:
            self.fields[f"drop_{lock.application}"] = forms.BooleanField(label=f"Take away: {councils[lock.application]}", required=False)
        free = [(pk, name) for pk, name in councils.items() if self.rules.lock_of(pk) is None]
        self.fields["lock"] = forms.TypedChoiceField(
            label="Expression of interest",
            choices=[("", "None"), *free],
            coerce=int,
            empty_value=None,
            required=False,
            error_messages={"invalid_choice": "Select one of the candidates that has no override yet"},
        )
        self.fields["side"] = forms.ChoiceField(
            label="What you want",
            choices=[(IN, "Give it a place"), (OUT, "Give it no place")],
            widget=forms.RadioSelect,
            required=False,
            error_messages={"invalid_choice": "Select whether to give it a place"},
        )
        self.fields["reason"] = LongTextField(label="Reason, for the record", required=False, max_length=MOST_CHARACTERS)
        self.fields["reason"].widget.attrs["rows"] = 3

    def first_fields(self) -> list[BoundField]:
        """Return what is asked of the selection as a whole."""
        return [self[name] for name in ("places", "reserves", "basis")]

    def lock_fields(self) -> list[BoundField]:
        """Return what makes a new override."""
        return [self[name] for name in ("lock", "side", "reason")]

    def bound_groups(self) -> Iterator[tuple[str, list[BoundRow], bool]]:
        """Yield each dimension with its rows, and whether anything is asked or wrong there."""
        for dimension, heading in DIMENSIONS.items():
            of_it = [(i, group) for i, (name, group) in enumerate(self.groups) if name == dimension]
            rows = [self._row(i, dimension, group) for i, group in of_it]
            in_use = any(row.low.value() not in {None, ""} or row.high.value() not in {None, ""} for row in rows)
            if rows:
                yield heading, rows, in_use

    def lock_rows(self) -> list[tuple[Lock, str, BoundField]]:
        """Return each override with its council and its box to take it away."""
        return [(lock, self.councils[lock.application], self[f"drop_{lock.application}"]) for lock in self.rules.locks]

    def clean(self) -> dict[str, Any]:
        """Hold each lower bound to its upper one, and an override to its side and reason."""
        data = self.cleaned_data
        for i in range(len(self.groups)):
            low, high = data.get(f"low_{i}"), data.get(f"high_{i}")
            if low is not None and high is not None and low > high:
                self.add_error(f"low_{i}", f"{self.fields[f'low_{i}'].label} cannot be more than its “at most”: {low} is more than {high}")
        if data.get("lock"):
            if not data.get("side"):
                self.add_error("side", "Select whether to give it a place")
            if "reason" in data and not data["reason"]:
                self.add_error("reason", "Enter the reason: it is kept with the decision")
        elif "lock" in data and data.get("reason"):
            self.add_error("lock", "Select the expression of interest that your reason is about")
        if not self.errors:
            kept_in = sum(lock.is_in for lock in self.asked().locks)
            if kept_in > data["places"]:
                self.add_error("places", f"You keep {kept_in} in, so enter at least {counted(kept_in, 'place')} or take an override away")
        return data

    def asked(self) -> Rules:
        """Return the rules that the form asks for."""
        data = self.cleaned_data
        bounds = (Bound(*group, data[f"low_{i}"], data[f"high_{i}"]) for i, group in enumerate(self.groups))
        locks = [lock for lock in self.rules.locks if not data[f"drop_{lock.application}"]]
        if data["lock"]:
            locks.append(Lock(data["lock"], data["side"] == IN, data["reason"]))
        return Rules(tuple(bound for bound in bounds if bound.low is not None or bound.high is not None), tuple(locks), data["reserves"])

    def _row(self, i: int, dimension: str, group: str) -> BoundRow:
        key = dimension, group
        return BoundRow(label(*key), self[f"low_{i}"], self[f"high_{i}"], self.all_numbers[key], self.chosen_numbers[key])


class NameForm(forms.Form):
    """The name under which a scenario is listed."""

    name = ShortTextField(
        label="Name", max_length=100, help_text="For example: Two from every region", error_messages={"required": "Enter a name"}
    )
    note = LongTextField(label="Note (optional)", required=False, max_length=MOST_CHARACTERS)
