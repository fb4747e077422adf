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
    await_first_code(user=user)
    return user


def await_first_code(*, user: User) -> None:
    """Let the code of a new person's first sign-in prove their address too; without this they would be asked for a second one."""
    EmailAddress.objects.create(user=user, email=user.email, primary=True)


def end_sessions(*, user: User) -> None:
    """Sign a person out everywhere, from their next request on."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
    user.refresh_from_db(fields=["sessions_ended"])
