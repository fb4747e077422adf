"""Making and finding people."""

from allauth.account.models import EmailAddress
from django.contrib.auth.backends import ModelBackend
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from upstream.accounts.models import User


def people_who_may(permission: str) -> QuerySet[User]:
    """Return the active staff with a permission, by group or as superusers. For example "applications.view_application"."""
    return ModelBackend().with_perm(permission, is_active=True).filter(is_staff=True)


def find_or_invite_user(*, email: str) -> User:
    """Return the person with this address, made without a password if new: an emailed code proves the address is theirs."""
    email = email.strip().lower()
    try:
        return User.objects.filter(email=email).first() or _invite(email)
    except IntegrityError:  # somebody else has just invited the same person
        return User.objects.get(email=email)


@transaction.atomic
def _invite(email: str) -> User:
    user = User.objects.create_user(email)
    # With this row the code of the first sign-in proves the address too; without it allauth would ask for a second code.
    EmailAddress.objects.create(user=user, email=email, primary=True)
    return user


def end_sessions(*, user: User) -> None:
    """Sign a person out everywhere, from their next request on."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
    user.refresh_from_db(fields=["sessions_ended"])
