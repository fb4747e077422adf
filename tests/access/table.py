"""The policy: how every address of the site answers each role.

A row gives answers for GET and for POST in columns: one for everybody; two for "anonymous" and everybody who is signed in;
three for staff, finance and superuser, in the office, where nobody else gets past the door; or one for each role, in order:

    anonymous, stranger, editor, submitter, staff, finance, superuser

The stranger acts for another council and once acted for this one. An answer is the HTTP status, `in` for being sent to sign in
or `door` for being sent to the office's entrance, and ends with `+` where something was written. Names share a row where they
are answered alike: `a_{b,c}` is `a_b` and `a_c`.

What is another council's answers an editor and a submitter as it answers a stranger, unless a row says otherwise.

Two more roles sit on the panel and score one's own EoI, or would, had one of them no conflict of interest with it: "panel member", who
also chairs, and "conflicted panel member". They are answered like the stranger, unless `panel` gives four answers: to the member and
the conflicted one for GET, then for POST, about one's own.

The last, "conflicted staff", is staff with a conflict of interest with every EoI that is one's own or the office's. What is about such
an EoI is listed under HIDDEN_BY_CONFLICT and answered 404, and everything else like staff, unless `conflicted` gives two answers, for
GET and for POST.
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
    panel: str = ""
    conflicted: str = ""

    def names(self) -> list[str]:
        """Return the names with their braces spelled out."""
        return [name for pattern in self.addresses.split() for name in spelled_out(pattern)]

    def expected(self, name: str, method: str, side: str) -> list[str]:
        """Return the answer to each role, the panel's two and the conflicted staff's last."""
        answers = self.usual(method, side)
        panel, staff = [answers[1]] * 2, answers[4]
        if side == "own" and self.panel:
            said = self.panel.split()
            panel = said[:2] if method == "GET" else said[2:]
        if side == "own" and name in HIDDEN_BY_CONFLICT[method]:
            staff = "404"
        elif self.conflicted:
            staff = self.conflicted.split()[method == "POST"]
        return [*answers, *panel, staff]

    def usual(self, method: str, side: str) -> list[str]:
        """Return the answer to each other role."""
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
    Row("account_details", "in 200", "401 302+"),
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
    Row("applications:{eoi,answers,pdf,receipt}", "in 404 200 200 200 404 200", "401 405"),
    Row("documents:download", "in 404 200 200 200 404 200", "401 405", panel="200 404 405 405"),
    Row("applications:section", "in 404 200 200 302 404 302", "401 404 302+ 302+ 409 404 409"),
    Row("applications:{autosave,presence}", "in 405", "401 404 200+ 200+ 409 404 409"),
    Row("applications:check", "in 404 200 200 302 404 302", "401 404 302 302+ 302 404 302"),
    Row("applications:withdraw", "in 404 302 200 302 404 302", "401 404 302 302+ 302 404 302"),
    # Interviews; the office is shown where the EoI stands instead
    Row("applications:interview", "in 404 200 200 302 404 302", "401 404 302+ 302+ 302 404 302"),
    Row("applications:interview_{change,cancel}", "in 404 200 200 302 404 302", "401 404 302+ 302+ 302 404 302"),
    # The panel; whoever has a conflict of interest finds nothing of that EoI
    Row("applications:panel", "in 404", "401 405", panel="200 200 405 405"),
    Row("applications:panel_declare", "in 404", "401 404", panel="200 200 302+ 302+"),
    Row("applications:panel_check", "in 404", "401 404", panel="200 200 302+ 302"),
    Row("applications:panel_conflicts", "in 404", "401 405", panel="200 404 405 405"),
    Row("applications:{score_conflict,panel_waive}", "in 404", "401 404", panel="200 404 302+ 404"),
    Row("applications:score", "in 404", "401 404", panel="200 404 302+ 404"),
    Row("applications:score_autosave", "in 405", "401 404", panel="405 405 200+ 404"),
    # The office's entrance
    Row("admin:index admin:app_list", "door door door door 200 200 200", "200 200 200"),
    Row("admin:login", "in 403 403 403 302 302 302", "in 403 403 403 302 302 302"),
    Row("admin:logout", "door 302 302 302 200 200 200", "401 302"),
    Row("admin:password_change", "door door door door 302 302 302", "302 302 302"),
    Row("admin:{password_change_done,autocomplete,jsi18n}", "door door door door 200 200 200", "405 405 405"),
    Row("admin:view_on_site admin/(?P<url>.*)$", "door door door door 404 404 404", "404 404 404"),
    # The office: people, whom staff read and a superuser changes
    Row("admin:accounts_user_changelist", "200 403 200", "200 403 200"),
    Row("admin:accounts_user_change", "200 403 200", "403 403 200"),
    Row("admin:accounts_user_add", "403 403 200", "403 403 200"),
    # The office: old addresses of records, which only lead on
    Row(
        "admin/{accounts/user,audit/entry,correspondence/outboundemail,correspondence/remindersent,"
        "cohort/council,cohort/councilcontact,cohort/cohort,cohort/focusarea,cohort/servicearea,"
        "applications/application,applications/call,applications/section,applications/extension,applications/assessment,"
        "applications/release,applications/interview,applications/interviewslot,applications/panel,applications/panelmember,"
        "applications/conflict,applications/review,applications/panelmeeting,applications/decision,applications/offer,"
        "applications/scenario,cohort/membership,cohort/delegate}/<path:object_id>/",
        "302 302 302",
        "302 302 302",
    ),
    # The office: what is read, and never edited, added or deleted by hand
    Row("admin:{audit_entry,correspondence_remindersent}_changelist", "200 403 200", "200 403 200"),
    Row(
        "admin:{correspondence_outboundemail,cohort_councilcontact,applications_application,applications_extension}_changelist",
        "200 403 200",
        "200 403 200",
    ),
    # The office: a record's history, which leads to the audit trail
    Row("admin:cohort_{council,cohort}_history", "302 302 302", "302 302 302"),
    Row(
        f"admin:{{accounts_user,applications_section}}_history admin:{LISTS}_history",
        "302 403 302",
        "302 403 302",
    ),
    Row(
        "admin:{audit_entry,correspondence_outboundemail,correspondence_remindersent,cohort_councilcontact}_history"
        " admin:applications_{application,extension,interview,interviewslot,call,release,panel,panelmember,conflict,review}_history"
        " admin:applications_scenario_history",
        "302 404 302",
        "302 404 302",
    ),
    Row("admin:applications_assessment_history", "302 404 404", "302 404 404"),
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
    # The office: interviews. The staff of this table ring nobody themselves, so no sheet is theirs to write
    Row("admin:applications_interview{,slot}_changelist", "200 403 200", "200 403 200"),
    Row("admin:applications_interview{,slot}_{add,delete}", "403 403 403", "403 403 403"),
    Row("admin:applications_interviewslot_change", "200 403 200", "403 403 403"),
    Row("admin:applications_interview_change", "200 404 200", "403 404 403"),
    Row("admin:applications_interview_unbooked", "200 403 200", "405 405 405"),
    Row("admin:applications_interview_export", "405 405 405", "200+ 403 200+"),
    Row("admin:applications_interview_autosave", "405 405 405", "409 404 409"),
    Row("admin:applications_interview_{missed,held}", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_interview_swap-{first,second}", "200 404 200", "200 404 200"),
    Row("admin:applications_interviewslot_{offer,series}", "200 403 200", "200 403 200"),
    Row("admin:applications_interviewslot_withdraw", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_application_nudge", "200 404 200", "302+ 404 302+"),
    # The office: what is edited, and never deleted
    Row("admin:cohort_{council,cohort}_changelist", "200 200 200", "200 200 200"),
    Row("admin:cohort_{council,cohort}_change", "200 200 200", "200 403 200"),
    Row("admin:cohort_{council,cohort}_add admin:cohort_council_load", "200 403 200", "200 403 200"),
    Row(f"admin:{LISTS}_{{changelist,add,change}}", "200 403 200", "200 403 200"),
    Row(
        f"admin:{LISTS}_delete admin:{{accounts_user,cohort_council,cohort_cohort,applications_call}}_delete", "403 403 403", "403 403 403"
    ),
    Row("admin:applications_call_{changelist,add,change}", "200 403 200", "200 403 200"),
    Row("admin:applications_section_{changelist,change}", "200 403 200", "200 403 200"),
    Row("admin:applications_call_{preview,publish}", "200 404 200", "200 404 200"),
    Row("admin:applications_call_unpublish", "200 403 200", "302+ 403 302+"),
    # The office: triage. The assessment is the staff's own and not finished: a superuser may give it back, and not read it
    Row("admin:applications_assessment_{changelist,board}", "200 403 200", "405 405 405"),
    Row("admin:applications_assessment_change", "200 404 404", "302+ 404 404"),
    Row("admin:applications_assessment_autosave", "405 405 405", "200+ 403 404"),
    Row("admin:applications_assessment_return", "200 403 200", "302+ 403 200"),
    Row("admin:applications_assessment_reopen", "200 404 404", "302+ 404 404"),
    Row("admin:applications_assessment_take", "405 405 405", "302+ 403 302+"),
    Row("admin:applications_assessment_{next,third,clear}", "405 405 405", "302 403 302"),
    Row("admin:applications_assessment_accept", "200 403 200", "302 403 302"),
    Row("admin:applications_assessment_compare", "200 403 200", "302+ 403 302+"),
    Row("admin:applications_assessment_export", "405 405 405", "200+ 403 200+"),
    # The office: releases
    Row("admin:applications_release_{changelist,prepare}", "200 403 200", "200 403 200"),
    Row("admin:applications_release_{change,letter}", "200 404 200", "405 405 405"),
    Row("admin:applications_release_release", "200 404 200", "302 404 302"),
    Row("admin:applications_release_cancel", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_{assessment,release}_{add,delete}", "403 403 403", "403 403 403"),
    # The office: the panel
    Row("admin:applications_panel_{changelist,add,change}", "200 403 200", "200 403 200"),
    Row("admin:applications_{panelmember,conflict,review}_changelist", "200 403 200", "200 403 200"),
    Row("admin:applications_{panelmember,conflict,review}_change", "200 403 200", "403 403 403"),
    Row("admin:applications_{panelmember,conflict,review}_{add,delete} admin:applications_panel_delete", "403 403 403", "403 403 403"),
    Row("admin:applications_panelmember_{remind,chair,withdraw,reinvite,resend}", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_review_reopen admin:applications_panel_{assign,commit,take_back}", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_panel_{progress,invite}", "200 404 200", "200 404 200"),
    Row("admin:applications_panel_reviewers", "200 404 200", "302 404 302"),
    Row("admin:applications_conflict_record", "200 403 200", "200 403 200"),
    Row("admin:applications_call_{scores,reliability}", "200 404 200", "405 405 405"),
    Row("admin:applications_call_export", "405 405 405", "200+ 404 200+"),
    # The office: interviews on behalf of a council, and what becomes of one that did not answer
    Row("admin:applications_application_{book,chance,leave}", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_interview_{move,cancel}", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_interview_submit", "403 404 403", "403 404 403"),
    Row("admin:applications_call_reliability_export", "405 405 405", "200+ 404 200+"),
    Row("admin:applications_review_export", "405 405 405", "200+ 403 200+"),
    # The office: the panel's meeting. One is planned, one is under way with an item that is open
    Row("admin:applications_panelmeeting_changelist", "200 403 200", "200 403 200"),
    Row("admin:applications_panelmeeting_plan", "200 403 200", "200 403 200"),
    Row("admin:applications_panelmeeting_{add,delete}", "403 403 403", "403 403 403"),
    Row("admin:applications_panelmeeting_history", "302 404 302", "302 404 302"),
    Row("admin:applications_panelmeeting_change", "200 404 200", "405 405 405"),
    Row("admin:applications_panelmeeting_{reschedule,open}", "200 404 200", "200 404 200"),
    Row("admin:applications_panelmeeting_{anew,end,send,again}", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_panelmeeting_note", "405 405 405", "302+ 404 302+"),
    Row("admin:applications_panelmeeting_{move,arrive}", "405 405 405", "302 404 302"),
    Row("admin:applications_panelmeeting_minutes", "200 404 200", "405 405 405"),
    Row("admin:applications_panelmeeting_item", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_panelmeeting_autosave", "405 405 405", "200+ 404 200+"),
    # The selection: what a council is offered, and its members. The delegate is the submitter
    Row("applications:offer", "in 404 200 200 200 404 200", "401 404 302 302+ 302 404 302"),
    Row("applications:offer_decline", "in 404 302 200 302 404 302", "401 404 302 302+ 302 404 302"),
    Row("applications:agreement", "in 404 200 200 200 404 200", "401 405"),
    Row("cohort:member", "in 404 200 200 200 404 200", "401 404 403 302+ 403 404 403"),
    Row("cohort:delegate", "in 404 404 200 404 404 404", "401 404 404 302+ 404 404 404", "in 404", "401 404"),
    Row("cohort:replace", "in 404 403 200 403 404 403", "401 404 403 302+ 403 404 403"),
    Row("admin:applications_decision_changelist", "200 403 200", "405 405 405"),
    Row("admin:applications_decision_decide", "200 403 200", "302+ 403 302+"),
    Row("admin:applications_decision_clear", "405 405 405", "302 403 302"),
    Row("admin:applications_decision_promote", "200 403 200", "200 403 200"),
    Row("admin:{applications_offer,cohort_membership,cohort_delegate}_changelist", "200 403 200", "200 403 200"),
    Row("admin:{applications_decision,applications_offer,cohort_membership,cohort_delegate}_change", "200 403 200", "403 403 403"),
    Row("admin:{applications_decision,applications_offer,cohort_membership,cohort_delegate}_{add,delete}", "403 403 403", "403 403 403"),
    Row("admin:{applications_decision,applications_offer,cohort_membership,cohort_delegate}_history", "302 404 302", "302 404 302"),
    Row("admin:applications_release_call-off", "200 404 200", "302+ 404 302+"),
    # The office: the selection workbench
    Row("admin:applications_scenario_changelist", "200 403 200", "200 403 200"),
    Row("admin:applications_scenario_workbench", "200 403 200", "302+ 403 302+", conflicted="200 200"),
    Row("admin:applications_scenario_compare", "200 403 200", "405 405 405"),
    Row("admin:applications_scenario_impact", "200 403 200", "302 403 302", conflicted="200 200"),
    Row("admin:applications_scenario_{change,save}", "200 404 200", "200 404 200"),
    Row("admin:applications_scenario_lots", "405 405 405", "302+ 403 302+", conflicted="405 302"),
    Row("admin:applications_scenario_again", "405 405 405", "302 404 302"),
    Row("admin:applications_scenario_renew", "405 405 405", "302+ 404 302+"),
    Row("admin:applications_scenario_adopt", "200 404 200", "302+ 404 302+"),
    Row("admin:applications_scenario_{add,delete}", "403 403 403", "403 403 403"),
    # The office: what was found about oneself, which nobody else answers
    Row("admin:applications_conflict_answer", "200 404 200", "302+ 404 302"),
)

# About one EoI: to read and to act on, only to read, and only to act on.
READ_AND_SENT = (
    "applications:{section,check,withdraw,interview,interview_change,interview_cancel}"
    " admin:{audit_entry,correspondence_remindersent,correspondence_outboundemail}_history"
    " admin:applications_{application,extension,interview,conflict,review,assessment}_history"
    " admin:correspondence_outboundemail_{hold,release,retry,confirm}"
    " admin:applications_extension_{approve,refuse} admin:applications_application_{extend,nudge,book,chance,leave}"
    " admin:applications_interview_{change,missed,held,move,cancel,swap-first,swap-second}"
    " admin:applications_assessment_{change,return,reopen,compare}"
    " admin:applications_review_reopen admin:applications_panel_{take_back,reviewers}"
    " admin:applications_panelmeeting_{item,again} admin:applications_decision_{decide,promote,history} admin:applications_offer_history"
    " admin:applications_conflict_answer admin:applications_interview_submit admin:applications_scenario_{adopt,change,history,save}"
    " applications:{offer,offer_decline}"
)
READ = (
    "applications:{eoi,answers,pdf,receipt} documents:download"
    " admin:{audit_entry,correspondence_remindersent,correspondence_outboundemail}_change"
    " admin:applications_{application,extension,conflict,review,decision,offer}_change admin:applications_release_letter"
    " applications:agreement"
)
SENT = (
    "applications:{autosave,presence} admin:applications_interview_autosave admin:applications_assessment_{autosave,take,third,clear}"
    " admin:applications_panelmeeting_autosave admin:applications_decision_clear admin:applications_scenario_{again,renew}"
)
HIDDEN_BY_CONFLICT = {
    "GET": {name for pattern in f"{READ_AND_SENT} {READ}".split() for name in spelled_out(pattern)},
    "POST": {name for pattern in f"{READ_AND_SENT} {SENT}".split() for name in spelled_out(pattern)},
}
