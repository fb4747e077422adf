"""What panel members fill in: their conflicts of interest and their scores; and what staff fill in about the panel."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.forms.boundfield import BoundField
from django.utils.html import format_html

from applications.forms.extensions import MomentField
from applications.models import Application, Conflict, Criterion, Review
from applications.models.triage import HIGHEST_SCORE
from applications.services.conflicts import Interest
from applications.services.reviews import REASON_WORDS, Judgement, judgements
from applications.states import ApplicationStatus, ConflictKind, ConflictStatus
from upstream.accounts.models import User
from upstream.fields import LongTextField, RadioField, ShortTextField

NONE = "none"
MOST_CHARACTERS = 20_000


@dataclass(frozen=True)
class DeclaredRow:
    """An EoI on the declaration's page: its two fields, or the conflict that already stands."""

    application: Application
    standing: Conflict | None
    found: str
    is_new: bool
    kind: BoundField | None = None
    detail: BoundField | None = None


class DeclarationForm(forms.Form):
    """What a member declares: about the call as a whole, and about each EoI, those first that are `new` since they last did.

    `conflicts` are those on record and `found` what the system detects, both by EoI. What is active or waived is settled.
    """

    general = LongTextField(
        label="Anything about the call as a whole that could affect your judgement, or be seen to",
        help_text="For example, work that you do for the programme. If there is nothing, leave it empty.",
        required=False,
        max_length=MOST_CHARACTERS,
    )

    def __init__(
        self,
        *args: Any,
        applications: Iterable[Application],
        conflicts: Mapping[int, Conflict],
        found: Mapping[int, str],
        new: Collection[int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.applications = sorted(applications, key=lambda application: application.pk not in new)
        self.new = new
        self.standing = {
            pk: conflict for pk, conflict in conflicts.items() if conflict.status in {ConflictStatus.ACTIVE, ConflictStatus.WAIVED}
        }
        # Somebody who has once answered what was found is not asked again.
        proposed = {pk: conflict.detail for pk, conflict in conflicts.items() if conflict.status == ConflictStatus.PROPOSED}
        self.found = {pk: how for pk, how in found.items() if pk not in conflicts} | proposed
        for application in self.applications:
            if application.pk not in self.standing:
                self.fields[f"kind_{application.pk}"] = forms.ChoiceField(
                    label="Your interest",
                    choices=[(NONE, "No conflict"), *ConflictKind.choices],
                    initial=ConflictKind.COUNCIL if application.pk in self.found else NONE,
                    error_messages={
                        "required": f"Select whether you have an interest in {application.council}",
                        "invalid_choice": "Select one of the choices on the page",
                    },
                )
                label = "Details, or why it is not a conflict" if application.pk in self.found else "Details of a conflict"
                self.fields[f"detail_{application.pk}"] = ShortTextField(label=label, required=False, max_length=1000)
                self.fields[f"detail_{application.pk}"].wanted = True  # type: ignore[attr-defined]  # wherever there is a conflict

    def rows(self) -> Iterator[DeclaredRow]:
        """Yield the EoIs in order."""
        for application in self.applications:
            pk = application.pk
            if pk in self.standing:
                yield DeclaredRow(application, self.standing[pk], "", is_new=False)
            else:
                yield DeclaredRow(application, None, self.found.get(pk, ""), pk in self.new, self[f"kind_{pk}"], self[f"detail_{pk}"])

    def clean(self) -> dict[str, Any]:
        """Ask for the details of a conflict, and for a reason where what was found is said not to be one."""
        for application in self.applications:
            kind, detail = self.cleaned_data.get(f"kind_{application.pk}"), self.cleaned_data.get(f"detail_{application.pk}")
            if detail != "" or kind is None:
                continue
            if kind != NONE:
                self.add_error(f"detail_{application.pk}", f"Enter details of your interest in {application.council}")
            elif application.pk in self.found:
                self.add_error(f"detail_{application.pk}", f"Enter why {application.council} is not a conflict")
        return self.cleaned_data

    def interests(self) -> dict[int, Interest]:
        """Return the conflicts that were declared, by EoI."""
        declared = [application.pk for application in self.applications if self.cleaned_data.get(f"kind_{application.pk}", NONE) != NONE]
        return {pk: Interest(ConflictKind(self.cleaned_data[f"kind_{pk}"]), self.cleaned_data[f"detail_{pk}"]) for pk in declared}

    def dismissals(self) -> dict[int, str]:
        """Return why what was found is no conflict, by EoI."""
        return {pk: self.cleaned_data[f"detail_{pk}"] for pk in self.found if self.cleaned_data[f"kind_{pk}"] == NONE}


class ConflictForm(forms.Form):
    """A conflict with one EoI."""

    kind = RadioField(label="What is your interest?", choices=ConflictKind.choices, error_messages={"required": "Select your interest"})
    detail = LongTextField(label="Details", word_limit=REASON_WORDS, error_messages={"required": "Enter details of your interest"})


class AnswerForm(forms.Form):
    """What somebody says to a conflict that was found."""

    kind = RadioField(
        label="What is your interest?",
        choices=[(NONE, "I have no conflict of interest"), *ConflictKind.choices],
        error_messages={"required": "Select your interest, or that you have none"},
    )
    detail = LongTextField(
        label="Details, or why it is no conflict",
        word_limit=REASON_WORDS,
        error_messages={"required": "Enter details of your interest, or why it is no conflict"},
    )


class WaiveForm(forms.Form):
    """Why the chair waives a conflict."""

    reason = LongTextField(label="Why this conflict does not matter", help_text="The member is told. It is kept on record.")


class ScoreForm(forms.Form):
    """Scores and reasons of one review, in the order of the criteria. A draft may be saved however unfinished."""

    note = LongTextField(
        label="Anything else for the panel's meeting",
        help_text="Councils do not see this.",
        required=False,
        max_length=MOST_CHARACTERS,
    )

    def __init__(self, *args: Any, review: Review, criteria: Iterable[Criterion], **kwargs: Any) -> None:
        stored, nothing = judgements(review), Judgement(None, "")
        initial: dict[str, Any] = {"note": review.note}
        self.criteria = list(criteria)
        for criterion in self.criteria:
            judgement = stored.get(criterion.pk, nothing)
            initial |= {f"score_{criterion.pk}": judgement.score, f"reason_{criterion.pk}": judgement.reason}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for criterion in self.criteria:
            self.fields[f"score_{criterion.pk}"] = score_field(criterion)
            self.fields[f"reason_{criterion.pk}"] = ReasonField(
                label="Reason for your score",
                help_text="The council may see this as feedback.",
                word_limit=REASON_WORDS,
                max_length=MOST_CHARACTERS,
                required=False,
            )
            for name in ("score", "reason"):
                self.fields[f"{name}_{criterion.pk}"].wanted = True  # type: ignore[attr-defined]  # needed in the end, though not yet

    def fields_of(self, criterion: Criterion) -> tuple[BoundField, BoundField]:
        """Return the score's and the reason's field."""
        return self[f"score_{criterion.pk}"], self[f"reason_{criterion.pk}"]

    def values(self) -> dict[int, Judgement]:
        """Return what was typed, by criterion, for everything that could be read."""
        return {
            criterion.pk: Judgement(self._score(criterion), self.cleaned_data[f"reason_{criterion.pk}"])
            for criterion in self.criteria
            if {f"score_{criterion.pk}", f"reason_{criterion.pk}"} <= self.cleaned_data.keys()
        }

    def _score(self, criterion: Criterion) -> int | None:
        chosen = self.cleaned_data[f"score_{criterion.pk}"]
        return int(chosen) if chosen else None

    def note_or(self, stored: str) -> str:
        """Return the note, or what is stored where it cannot be read."""
        note: str = self.cleaned_data.get("note", stored)
        return note

    def typed(self) -> list[tuple[str, str]]:
        """Return what was typed as it was sent, each with what it is: what cannot be saved any more is handed back."""
        names = [(f"{criterion}: {word}", f"{word}_{criterion.pk}") for criterion in self.criteria for word in ("score", "reason")]
        return [(label, self.data[name]) for label, name in [*names, (str(self["note"].label), "note")] if self.data.get(name)]

    def unreadable(self) -> list[str]:
        """Return a sentence for each field that cannot be kept as it was typed."""
        return [f"“{self.fields[name].label}”: {messages[0]}" for name, messages in self.errors.items()]


class ReasonField(LongTextField):
    """A reason that shows its word limit and keeps whatever is typed."""

    def validate(self, value: str) -> None:
        """Accept text over the limit, as this is a draft."""


def score_field(criterion: Criterion) -> RadioField:
    """Return the radios from 0 to 5, each with what it means."""
    anchors = criterion.anchors or [""] * (HIGHEST_SCORE + 1)
    choices = [
        (str(score), format_html("<strong>{}</strong> &ndash; {}", score, anchor) if anchor else str(score))
        for score, anchor in enumerate(anchors)
    ]
    return RadioField(label=f"Score for {criterion.name}", choices=choices, required=False)


class PanelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A panel's own columns."""

    due_at = MomentField(
        label="Scores are due",
        help_text="Date and time in the UK. Members are reminded before it, and on the morning after.",
        error_messages={"required": "Enter the date and time at which scores are due"},
    )


class InviteMemberForm(forms.Form):
    """Whom to invite to the panel."""

    name = ShortTextField(label="Full name", max_length=150, error_messages={"required": "Enter the person's full name"})
    email = forms.EmailField(
        label="Email address",
        error_messages={
            "required": "Enter the person's email address",
            "invalid": "Enter an email address in the correct format, like name@example.org",
        },
    )
    is_chair = forms.BooleanField(label="Chairs the panel, and may waive conflicts of interest", required=False)


class WithdrawMemberForm(forms.Form):
    """Why a member leaves."""

    reason = LongTextField(label="Reason", help_text="Only staff read this.", error_messages={"required": "Enter why they leave the panel"})


class TakeBackForm(forms.Form):
    """Why a committed assignment is taken back."""

    reason = LongTextField(label="Reason", help_text="The member is told.", error_messages={"required": "Enter why it is taken back"})


class ReopenForm(forms.Form):
    """Why submitted scores may change."""

    reason = LongTextField(label="Reason", help_text="The member is told.", error_messages={"required": "Enter why the scores may change"})


class RecordConflictForm(forms.Form):
    """A conflict that staff record for anybody who judges: a panel member, an assessor or an interviewer."""

    person = forms.ModelChoiceField(
        label="Person", queryset=User.objects.none(), empty_label="Select the person", error_messages={"required": "Select the person"}
    )
    application = forms.ModelChoiceField(
        label="Expression of interest",
        queryset=Application.objects.none(),
        empty_label="Select the expression of interest",
        error_messages={"required": "Select the expression of interest"},
    )
    kind = forms.ChoiceField(
        label="Interest", choices=[("", "Select the interest"), *ConflictKind.choices], error_messages={"required": "Select the interest"}
    )
    detail = LongTextField(label="Details", error_messages={"required": "Enter details of the interest"})

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        judges = Q(panel_seats__isnull=False) | Q(is_staff=True)
        self.fields["person"].queryset = User.objects.filter(judges, is_active=True).distinct()  # type: ignore[attr-defined]
        applications = Application.objects.visible_to(by).exclude(status=ApplicationStatus.DRAFT).select_related("council")
        self.fields["application"].queryset = applications  # type: ignore[attr-defined]
