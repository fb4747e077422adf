"""People. The email address is the login."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    """Makes people with lower-case email addresses."""

    def create_user(self, email: str, full_name: str = "", password: str | None = None, **fields: Any) -> "User":
        """Create a person. Without a password they sign in by emailed code."""
        user = self.model(email=email.strip().lower(), full_name=full_name, **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create somebody who may do everything in the office."""
        return self.create_user(email, password=password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by email address, whatever its case."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in: a council officer, a panel member or staff."""

    email = models.EmailField("email address", unique=True)
    full_name = models.CharField(max_length=150)
    job_title = models.CharField(max_length=150, blank=True)
    phone = models.CharField("phone number", max_length=30, blank=True)
    is_active = models.BooleanField("can sign in", default=True)
    is_staff = models.BooleanField("can enter the office", default=False)
    sessions_ended = models.PositiveIntegerField("times signed out everywhere", default=0, editable=False)
    date_joined = models.DateTimeField("joined", default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ("full_name", "email")
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_case"),)

    def __str__(self) -> str:
        return self.get_full_name()

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Return whether the person may do this in the office. Nobody else has permissions, and asking costs them no query."""
        return self.is_staff and super().has_perm(perm, obj)

    def get_session_auth_hash(self) -> str:
        """Return what a session must hold to go on: it changes with the password, and whenever all sessions are ended."""
        return f"{super().get_session_auth_hash()}:{self.sessions_ended}"

    def get_full_name(self) -> str:
        """Return the person's name, or their email address while they have not given one."""
        return self.full_name or self.email
