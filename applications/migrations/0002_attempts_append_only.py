"""Attempts to submit are only ever added."""

from django.db import migrations

TRIGGERS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON applications_submissionattempt
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON applications_submissionattempt
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial"), ("audit", "0002_append_only")]
    operations = [
        migrations.RunSQL(
            TRIGGERS,
            "DROP TRIGGER append_only ON applications_submissionattempt;"
            "DROP TRIGGER append_only_truncate ON applications_submissionattempt",
        ),
    ]
