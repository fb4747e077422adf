"""What each group of staff may do. `manage.py sync_roles` makes the database agree with this table."""

ROLES: dict[str, frozenset[str]] = {
    "Programme staff": frozenset(
        {
            "accounts.view_user",
            "applications.add_call",
            "applications.approve_extension",
            "applications.change_call",
            "applications.request_extension",
            "applications.view_application",
            "applications.view_call",
            "applications.view_extension",
            "audit.view_entry",
            "cohort.add_cohort",
            "cohort.add_council",
            "cohort.change_cohort",
            "cohort.change_council",
            "cohort.change_councilcontact",
            "cohort.view_cohort",
            "cohort.view_council",
            "cohort.view_councilcontact",
            "correspondence.change_outboundemail",
            "correspondence.view_outboundemail",
            "correspondence.view_remindersent",
        }
    ),
    "Finance": frozenset({"cohort.view_cohort", "cohort.view_council"}),
}
