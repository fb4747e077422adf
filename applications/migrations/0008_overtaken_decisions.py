"""Decisions keep whose scores they rest on, so that a later conflict of interest shows."""

from django.conf import settings
from django.db import migrations, models

# For decisions that are there: whoever had finished by then, those apart whose conflict already kept their scores out.
FILL = """
INSERT INTO applications_decision_assessors (decision_id, user_id)
SELECT decision.id, assessment.assessor_id
FROM applications_decision decision
JOIN applications_assessment assessment
    ON assessment.application_id = decision.application_id AND assessment.completed_at <= decision.decided_at
WHERE NOT EXISTS (
    SELECT FROM applications_conflict conflict
    WHERE conflict.application_id = decision.application_id AND conflict.user_id = assessment.assessor_id
    AND conflict.status = 'active' AND COALESCE(conflict.decided_at, conflict.created_at) <= decision.decided_at
);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0007_interviews'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='assessors',
            field=models.ManyToManyField(help_text='Those whose scores counted when it was made.', related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
