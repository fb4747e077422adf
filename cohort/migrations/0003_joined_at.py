"""When a person began to act for the council, apart from when anything about their standing last changed."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cohort", "0002_addresses")]
    operations = [
        migrations.AddField(
            model_name="councilcontact",
            name="joined_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                editable=False,
                help_text="When the person last began to act, once they do.",
            ),
        ),
        migrations.RunSQL("UPDATE cohort_councilcontact SET joined_at = changed_at", migrations.RunSQL.noop),
    ]
