"""The policy: how every address of the site answers each role.

A row gives answers for GET and for POST in columns: one for everybody; two for "anonymous" and everybody who is signed in;
three for staff, finance and superuser, in the office, where nobody else gets past the door; or one for each role, in order:

    anonymous, stranger, editor, submitter, staff, finance, superuser

The stranger acts for another council and once acted for this one. An answer is the HTTP status, `in` for being sent to sign in
or `door` for being sent to the office's entrance, and ends with `+` where something was written. Names share a row where they
are answered alike: `a_{b,c}` is `a_b` and `a_c`.

What is another council's answers an editor and a submitter as it answers a stranger, unless a row says otherwise.
"""

import itertools
import re
from dataclasses import dataclass

DOOR = ["door"] * 3


@dataclass(frozen=True)
class Row:
    """How some addresses answer; `other_get` and `other_post` where what is not one's own answers by another rule."""

    addresses: str
    get: str
    post: str
    other_get: str = ""
    other_post: str = ""

    def names(self) -> list[str]:
        """Return the names with their braces spelled out."""
        return [name for pattern in self.addresses.split() for name in spelled_out(pattern)]

    def expected(self, method: str, side: str) -> list[str]:
        """Return the answer to each role."""
        own = columns(self.get if method == "GET" else self.post, method)
        if side == "own":
            return own
        anonymous, stranger, _, _, *office = own
        said = self.other_get if method == "GET" else self.other_post
        return columns(said, method) if said else [anonymous, stranger, stranger, stranger, *office]


def spelled_out(pattern: str) -> list[str]:
    """Return the names that a pattern with braces stands for."""
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    return ["".join(choice) for choice in itertools.product(*parts)]


def columns(text: str, method: str) -> list[str]:
    """Return the answers of a row for the seven roles."""
    answers = text.split()
    match len(answers):
        case 1:
            return answers * 7
        case 2:
            return answers[:1] + answers[1:] * 6
        case 3:
            return (["in"] if method == "GET" else ["401"]) + DOOR + answers
        case _:
            return answers


LISTS = "cohort_{focusarea,servicearea}"
UNPUBLISHED = "404 404 404 404 200 404 200"

TABLE = (
    # The website, and signing in
    Row("home healthz accessibility privacy cookies account_reset_password", "200", "200"),
    Row("account", "in 200", "401 200"),
    Row("account_{login,signup,request_login_code}", "200 302", "200 302"),
    Row("account_logout", "302 200", "302"),
    Row("account_{inactive,password_reset_completed}", "200", "405"),
    Row("account_{reauthenticate,change_password}", "in 200", "401 200"),
    Row("account_email", "in 200+", "401 302+"),
    Row("account_{email_verification_sent,confirm_login_code} mfa_authenticate", "in 302", "in 302"),
    Row("account_set_password mfa_{activate_totp,generate_recovery_codes,reauthenticate}", "in 302", "401 302"),
    Row("account_confirm_password_reset_code", "in", "in"),
    Row("account_complete_password_reset", "302", "302"),
    Row("mfa_index", "in 200", "401 405"),
    Row("mfa_{deactivate_totp,download_recovery_codes}", "in 404", "401 404"),
    Row("mfa_view_recovery_codes", "in 404", "401 405"),
    # Councils and the people who act for them
    Row("cohort:request", "in 200", "401 302+ 302 302 302+ 302+ 302+"),
    Row("cohort:standing", "in 200", "401 405", "in 404", "401 405"),
    Row("cohort:invitation", "in 200", "401 302+", "in 404", "401 404"),
    Row("cohort:{accept,role}", "in 405", "401 404 403 302+ 302+ 404 302+"),
    Row("cohort:{refuse,end}", "in 404 403 200 200 404 200", "401 404 403 302+ 302+ 404 302+"),
    Row("cohort:people", "in 404 200 200 200 404 200", "401 404 403 302+ 302+ 404 302+"),
    # Calls; another's is one that is not published
    Row("applications:{call,questions,questions_pdf,terms}", "200", "405", UNPUBLISHED, "405"),
    Row("applications:start applications:start_{council,confirm,initiative,people}", "200", "302", UNPUBLISHED, UNPUBLISHED),
    Row("applications:{can_apply,advice}", "200", "200", UNPUBLISHED, UNPUBLISHED),
    Row("applications:begin", "in 302 200 200 302 302 302", "401 302 302+ 302+ 302 302 302", "in 404", "401 404"),
    # Expressions of interest
    Row("documents:download applications:{eoi,answers,pdf,receipt}", "in 404 200 200 200 404 200", "401 405"),
    Row("applications:section", "in 404 200 200 302 404 302", "401 404 302+ 302+ 409 404 409"),
    Row("applications:{autosave,presence}", "in 405", "401 404 200+ 200+ 409 404 409"),
    Row("applications:check", "in 404 200 200 302 404 302", "401 404 302 302+ 302 404 302"),
    Row("applications:withdraw", "in 404 302 200 302 404 302", "401 404 302 302+ 302 404 302"),
    # The office's entrance
    Row("admin:index admin:app_list", "door door door door 200 200 200", "200 200 200"),
    Row("admin:login", "in 403 403 403 302 302 302", "in 403 403 403 302 302 302"),
    Row("admin:logout", "door 302 302 302 200 200 200", "401 302"),
    Row("admin:password_change", "door door door door 302 302 302", "302 302 302"),
    Row("admin:{password_change_done,autocomplete,jsi18n}", "door door door door 200 200 200", "405 405 405"),
    Row("admin:view_on_site admin/(?P<url>.*)$", "door door door door 404 404 404", "404 404 404"),
    # The office: people, whom staff read and a superuser changes
    Row("admin:accounts_user_{changelist,history}", "200 403 200", "200 403 200"),
    Row("admin:accounts_user_change", "200 403 200", "403 403 200"),
    Row("admin:accounts_user_add", "403 403 200", "403 403 200"),
    # The office: old addresses of records, which only lead on
    Row(
        "admin/{accounts/user,audit/entry,correspondence/outboundemail,correspondence/remindersent,"
        "cohort/council,cohort/councilcontact,cohort/cohort,cohort/focusarea,cohort/servicearea,"
        "applications/application,applications/call,applications/section,applications/extension}/<path:object_id>/",
        "302 302 302",
        "302 302 302",
    ),
    # The office: what is read, and never edited, added or deleted by hand
    Row("admin:{audit_entry,correspondence_remindersent}_{changelist,history}", "200 403 200", "200 403 200"),
    Row(
        "admin:{correspondence_outboundemail,cohort_councilcontact,applications_application,applications_extension}_changelist",
        "200 403 200",
        "200 403 200",
    ),
    Row(
        "admin:{correspondence_outboundemail,cohort_councilcontact,applications_application,applications_extension}_history",
        "200 404 200",
        "200 404 200",
    ),
    Row(
        "admin:{audit_entry,correspondence_outboundemail,correspondence_remindersent,cohort_councilcontact,applications_extension}_change",
        "200 403 200",
        "403 403 403",
    ),
    Row(
        "admin:{audit_entry,correspondence_outboundemail,correspondence_remindersent,cohort_councilcontact,applications_application,"
        "applications_extension,applications_section}_{add,delete}",
        "403 403 403",
        "403 403 403",
    ),
    Row("admin:correspondence_outboundemail_forecast", "200 403 200", "200 403 200"),
    Row("admin:correspondence_outboundemail_{hold,release,retry,confirm}", "200 404 200", "302+ 404 302+"),
    Row("admin:cohort_councilcontact_{accept,refuse,role,end}", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_extension_{approve,refuse}", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_extension_ask", "200 403 200", "200 403 200"),
    Row("admin:applications_application_extend", "200 404 200", "200 404 200"),
    Row("admin:applications_application_change", "200 404 200", "405 405 405"),
    Row("admin:applications_application_export", "405 405 405", "200+ 403 200+"),
    # The office: what is edited, and never deleted
    Row("admin:cohort_{council,cohort}_{changelist,history}", "200 200 200", "200 200 200"),
    Row("admin:cohort_{council,cohort}_change", "200 200 200", "200 403 200"),
    Row("admin:cohort_{council,cohort}_add admin:cohort_council_load", "200 403 200", "200 403 200"),
    Row(f"admin:{LISTS}_{{changelist,add,history,change}}", "200 403 200", "200 403 200"),
    Row(
        f"admin:{LISTS}_delete admin:{{accounts_user,cohort_council,cohort_cohort,applications_call}}_delete", "403 403 403", "403 403 403"
    ),
    Row("admin:applications_call_{changelist,add,change}", "200 403 200", "200 403 200"),
    Row("admin:applications_section_{changelist,history,change}", "200 403 200", "200 403 200"),
    Row("admin:applications_call_history", "200 302 200", "200 302 200"),
    Row("admin:applications_call_{preview,publish}", "200 404 200", "200 404 200"),
    Row("admin:applications_call_unpublish", "200 403 200", "302+ 403 302+"),
    Row("admin:applications_call_{scores,reliability}", "200 404 200", "405 405 405"),
    Row("admin:applications_call_export", "405 405 405", "200+ 404 200+"),
)
