"""Interviews: since when a sheet is somebody's, and a guide that is frozen once somebody has scored an answer."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION refuse_change_of_scored_guide() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM applications_interviewscore score
        JOIN applications_interviewquestion question ON question.id = score.question_id
        WHERE score.score IS NOT NULL
        AND question.call_id IN ((to_jsonb(OLD) ->> 'call_id')::bigint, (to_jsonb(NEW) ->> 'call_id')::bigint)
    ) THEN
        RAISE EXCEPTION 'the guide of interviews that have been scored is frozen' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON applications_interviewquestion
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_scored_guide();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0006_triage_revision'),
    ]

    operations = [
        migrations.AddField(
            model_name='interviewsheet',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
        ),
        migrations.AlterField(
            model_name='interview',
            name='booked_at',
            field=models.DateTimeField(help_text='Or moved to where it stands now.'),
        ),
        migrations.AlterField(
            model_name='interviewscore',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='applications.interviewquestion'),
        ),
        migrations.AddConstraint(
            model_name='interviewquestion',
            constraint=models.CheckConstraint(condition=models.Q(('anchors__len', 5)), name='interview_question_has_anchors'),
        ),
        migrations.RunSQL(
            FUNCTION,
            "DROP TRIGGER frozen ON applications_interviewquestion; DROP FUNCTION refuse_change_of_scored_guide()",
        ),
    ]
