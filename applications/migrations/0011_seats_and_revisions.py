"""Seats in place of those that a conflict of interest has emptied, and decisions that know their version."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0010_interviews_by_staff'),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='revision',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RemoveConstraint(model_name='assessment', name='assessment_seat_known'),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.CheckConstraint(condition=models.Q(('seat__gte', 1)), name='assessment_seat_known'),
        ),
    ]
