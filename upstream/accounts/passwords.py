"""Django's rules for passwords, in our own words."""

from django.contrib.auth import password_validation


class LongEnough(password_validation.MinimumLengthValidator):
    """Refuses a short password."""

    def get_error_message(self) -> str:
        """Return what to do."""
        return f"Your password must have {self.min_length} characters or more"


class HardToGuess(password_validation.CommonPasswordValidator):
    """Refuses a password that many people have."""

    def get_error_message(self) -> str:
        """Return what to do."""
        return "Choose a password that is harder to guess: many people have this one"


class NotLikeThePerson(password_validation.UserAttributeSimilarityValidator):
    """Refuses a password that anybody who knows the person would try."""

    def get_error_message(self) -> str:
        """Return what to do."""
        return "Choose a password that is less like your %(verbose_name)s"
