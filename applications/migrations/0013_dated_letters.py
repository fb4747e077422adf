"""Letters bear the day on which their release is meant for. Those that are there get the day on which councils heard, or nearly."""

from django.db import migrations, models

DAY = "UPDATE applications_release SET dated_on = (COALESCE(released_at, prepared_at) AT TIME ZONE 'Europe/London')::date"


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0012_selection'),
    ]

    operations = [
        migrations.AddField(
            model_name='release',
            name='dated_on',
            field=models.DateField(null=True),
        ),
        migrations.RunSQL(DAY, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='release',
            name='dated_on',
            field=models.DateField(help_text='The day that the letters bear, and on which alone they can be released.', verbose_name='letters dated'),
        ),
    ]
