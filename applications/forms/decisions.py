"""Deciding about a shortlisted EoI, and preparing and releasing the selection."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from django import forms

from applications.forms.extensions import MomentField
from applications.models import Criterion, Decision
from applications.states import OUTCOMES, ApplicationStatus, Stage
from upstream.fields import LongTextField, RadioField


class SelectionForm(forms.Form):
    """The outcome with its reason, a reserve's rank, and what the council reads about each criterion."""

    outcome = RadioField(label="The outcome", choices=[(outcome.value, outcome.label) for outcome in OUTCOMES[Stage.SELECTION]])
    reserve_rank = forms.IntegerField(
        label="Rank on the reserve list",
        required=False,
        min_value=1,
        max_value=999,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "The rank must be a whole number from 1 to 999"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 4}),
    )
    reason = LongTextField(label="The reason for the decision", help_text="For the record. Councils do not see it.")

    def __init__(self, *args: Any, criteria: Iterable[Criterion], decision: Decision | None, taken: Collection[int], **kwargs: Any) -> None:
        self.criteria = list(criteria)
        written = split_by_criterion(decision.feedback, self.criteria) if decision else {}
        if decision:
            initial = {"outcome": decision.outcome, "reserve_rank": decision.reserve_rank, "reason": decision.reason}
            kwargs["initial"] = initial | {f"feedback_{pk}": text for pk, text in written.items()}
        super().__init__(*args, **kwargs)
        used = f" Taken by others: {', '.join(map(str, sorted(taken)))}." if taken else ""
        self.fields["reserve_rank"].help_text = f"Only for a reserve. 1 is promoted first. Councils do not see it.{used}"
        for criterion in self.criteria:
            self.fields[f"feedback_{criterion.pk}"] = LongTextField(
                label=f"Feedback: {criterion.name}", help_text="Goes into the council's letter, in your words.", required=False
            )

    def clean(self) -> dict[str, Any]:
        """A reserve needs a rank, and a council that is not selected needs feedback."""
        data: dict[str, Any] = super().clean() or {}
        outcome, rank = data.get("outcome"), data.get("reserve_rank")
        if outcome == ApplicationStatus.RESERVE:
            if rank is None and "reserve_rank" not in self.errors:
                self.add_error("reserve_rank", "Enter a rank for the reserve")
        elif outcome:  # what stands in the box of the rank, read or not, is no part of it
            data["reserve_rank"] = None
            self.errors.pop("reserve_rank", None)
        if outcome == ApplicationStatus.NOT_SELECTED:
            for criterion in self.criteria:
                if not data.get(f"feedback_{criterion.pk}") and f"feedback_{criterion.pk}" not in self.errors:
                    self.add_error(f"feedback_{criterion.pk}", f"Enter the feedback about “{criterion.name}”")
        data["feedback"] = by_criterion({each: data.get(f"feedback_{each.pk}", "") for each in self.criteria})
        return data


def by_criterion(texts: dict[Criterion, str]) -> str:
    """Return feedback as one text: each criterion that has any under a heading of its own."""
    return "\n\n".join(f"### {criterion.name}\n\n{text.strip()}" for criterion, text in texts.items() if text.strip())


def split_by_criterion(feedback: str, criteria: Iterable[Criterion]) -> dict[int, str]:
    """Return the text under each criterion's heading, by criterion id. The opposite of `by_criterion`."""
    by_name = {criterion.name: criterion.pk for criterion in criteria}
    parts = re.split(rf"^### ({'|'.join(map(re.escape, by_name))})$", feedback, flags=re.MULTILINE) if by_name else []
    return {by_name[name]: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


class ResponseDateForm(forms.Form):
    """Until when councils may answer an offer."""

    respond_on = forms.DateField(
        label="Last day to answer an offer",
        help_text="A working day. An offer that nobody has answered by the end of that day, UK time, lapses.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Enter the last day to answer an offer", "invalid": "The last day to answer must be a real date"},
    )


class EmbargoForm(forms.Form):
    """When a release happens by itself."""

    at = MomentField(
        label="Release at",
        help_text="Date and time in the UK. Until then it can be called off, and no council sees or hears anything.",
        error_messages={"required": "Enter the date and time of the release"},
    )


class PromotionForm(forms.Form):
    """Why this reserve."""

    reason = LongTextField(label="Why this reserve, and why now", help_text="For the record. Councils do not see it.")
