"""Factories for the records that tests need. Each makes the smallest valid record; names are invented."""

from datetime import UTC, datetime, timedelta

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from applications.models import Application, Call, Criterion, Question, Section
from applications.states import QuestionKind
from cohort.models import Cohort, Council, CouncilContact
from cohort.states import ContactRole, ContactStatus, CouncilKind, Nation, Region
from upstream.accounts.models import User


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    full_name = factory.Sequence(lambda n: f"Person {n}")


class StaffFactory(UserFactory):
    """Programme staff. Ask for the `roles` fixture first."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"staff{n}@example.org")
    is_staff = True

    @factory.post_generation
    def join(self, create: bool, extracted: object, **kwargs: object) -> None:
        self.groups.add(Group.objects.get(name="Programme staff"))


class CouncilFactory(DjangoModelFactory):
    class Meta:
        model = Council

    code = factory.Sequence(lambda n: f"T{n:04}")
    name = factory.Sequence(lambda n: f"Barset {n}")
    official_name = factory.LazyAttribute(lambda council: f"{council.name} Council")
    kind = CouncilKind.UNITARY
    nation = Nation.ENGLAND
    region = Region.SOUTH_WEST


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = CouncilContact

    council = factory.SubFactory(CouncilFactory)
    user = factory.SubFactory(UserFactory)
    role = ContactRole.SUBMITTER
    status = ContactStatus.ACTIVE


class CohortFactory(DjangoModelFactory):
    class Meta:
        model = Cohort

    name = factory.Sequence(lambda n: f"Cohort {n}")
    slug = factory.Sequence(lambda n: f"cohort-{n}")
    reference_prefix = factory.Sequence(lambda n: f"T{n}")
    confirmations_due_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=60))
    starts_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=90))
    ends_on = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=450))


class CallFactory(DjangoModelFactory):
    """A published call, open for another week: shorter than a session lasts."""

    class Meta:
        model = Call

    cohort = factory.SubFactory(CohortFactory)
    title = factory.LazyAttribute(lambda call: f"Call for {call.cohort.name}")
    summary = "Join the network."
    opens_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=14))
    closes_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))
    published_at = datetime(2019, 5, 1, tzinfo=UTC)


class FormPartFactory(DjangoModelFactory):
    """Part of a call's form. A published call's form is frozen, so the call is in preparation while the part is made."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        call = kwargs["call"] if "call" in kwargs else kwargs["section"].call
        Call.objects.filter(pk=call.pk).update(published_at=None)
        part = super()._create(model_class, *args, **kwargs)
        Call.objects.filter(pk=call.pk).update(published_at=call.published_at)
        return part


class CriterionFactory(FormPartFactory):
    class Meta:
        model = Criterion

    call = factory.SubFactory(CallFactory)
    name = factory.Sequence(lambda n: f"Criterion {n}")
    weight = 100


class SectionFactory(FormPartFactory):
    class Meta:
        model = Section

    call = factory.SubFactory(CallFactory)
    slug = factory.Sequence(lambda n: f"section-{n}")
    title = factory.Sequence(lambda n: f"Section {n}")


class QuestionFactory(FormPartFactory):
    class Meta:
        model = Question

    section = factory.SubFactory(SectionFactory)
    text = factory.Sequence(lambda n: f"Question {n}?")
    kind = QuestionKind.SHORT_TEXT


class ApplicationFactory(DjangoModelFactory):
    """A draft."""

    class Meta:
        model = Application

    call = factory.SubFactory(CallFactory)
    council = factory.SubFactory(CouncilFactory)
    reference = factory.Sequence(lambda n: f"T-{n:04}")
    created_by = factory.SubFactory(UserFactory)
