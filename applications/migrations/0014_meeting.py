"""What a meeting keeps of itself: who chaired and saved each item, why one was reopened, what was not reached, the minutes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0013_dated_letters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='meetingexit',
            name='is_conflict',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='meetingitem',
            name='chaired_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='applications.panelmember'),
        ),
        migrations.AddField(
            model_name='meetingitem',
            name='reopened_reason',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='meetingitem',
            name='saved_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='meetingitem',
            name='saved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='panelmeeting',
            name='minutes_sent_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='panelmeeting',
            name='not_reached',
            field=models.TextField(blank=True, help_text='Why the meeting ended before every item was settled.'),
        ),
        migrations.AddConstraint(
            model_name='meetingitem',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True), ('opened_at__isnull', False)), fields=('meeting',), name='one_open_item_per_meeting'),
        ),
    ]
