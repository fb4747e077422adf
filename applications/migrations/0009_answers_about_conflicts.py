"""Members' answers by EoI: what is shortlisted after somebody declared is not assigned to them before they have answered."""

from django.db import migrations, models

# For members who have declared: whatever was on the shortlist by then.
FILL = """
INSERT INTO applications_panelmember_answered (panelmember_id, application_id)
SELECT member.id, application.id
FROM applications_panelmember member
JOIN applications_panel panel ON panel.id = member.panel_id
JOIN applications_application application ON application.call_id = panel.call_id AND application.status = 'shortlisted'
WHERE member.declared_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM applications_decision decision
    WHERE decision.application_id = application.id AND decision.stage = 'shortlist' AND decision.released_at > member.declared_at
);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0008_overtaken_decisions'),
    ]

    operations = [
        migrations.AddField(
            model_name='panelmember',
            name='answered',
            field=models.ManyToManyField(help_text='EoIs of which they have said whether there is a conflict.', related_name='+', to='applications.application'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
