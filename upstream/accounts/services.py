"""Making and finding people."""

from upstream.accounts.models import User


def find_or_invite_user(*, email: str) -> User:
    """Return the person with this address, made without a password if new: an emailed code proves the address is theirs."""
    email = email.strip().lower()
    return User.objects.filter(email=email).first() or User.objects.create_user(email)
