"""Members, the people they send, and how many places are taken."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cohort', '0003_joined_at'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Delegate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seat', models.PositiveSmallIntegerField()),
                ('is_lead', models.BooleanField(default=False)),
                ('status', models.CharField(choices=[('invited', 'Asked to confirm'), ('confirmed', 'Confirmed'), ('declined', 'Declined'), ('replaced', 'Replaced')], default='invited', max_length=20)),
                ('named_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('membership', 'seat', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('active', 'Member'), ('ended', 'Left')], default='active', max_length=20)),
                ('initiative_title', models.CharField(blank=True, max_length=250)),
                ('initiative_summary', models.TextField(blank=True)),
                ('joined_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ('cohort', 'council__name'),
            },
        ),
        migrations.AddField(
            model_name='cohort',
            name='places_taken',
            field=models.PositiveSmallIntegerField(default=0, editable=False, help_text='Members: never more than places.'),
        ),
        migrations.AddConstraint(
            model_name='cohort',
            constraint=models.CheckConstraint(condition=models.Q(('places_taken__lte', models.F('places'))), name='never_more_members_than_places', violation_error_message='There are more members than that already.'),
        ),
        migrations.AddField(
            model_name='delegate',
            name='named_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='delegate',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='membership',
            name='cohort',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='cohort.cohort'),
        ),
        migrations.AddField(
            model_name='membership',
            name='council',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='cohort.council'),
        ),
        migrations.AddField(
            model_name='delegate',
            name='membership',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegates', to='cohort.membership'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('cohort', 'council'), name='one_membership_per_council_and_cohort'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['active', 'ended'])), name='membership_status_known'),
        ),
        migrations.AddConstraint(
            model_name='delegate',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('invited', 'confirmed'))), fields=('membership', 'seat'), name='one_delegate_per_seat'),
        ),
        migrations.AddConstraint(
            model_name='delegate',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('invited', 'confirmed'))), fields=('membership', 'user'), name='one_seat_per_delegate'),
        ),
        migrations.AddConstraint(
            model_name='delegate',
            constraint=models.UniqueConstraint(condition=models.Q(('is_lead', True), ('status__in', ('invited', 'confirmed'))), fields=('membership',), name='one_lead_delegate'),
        ),
        migrations.AddConstraint(
            model_name='delegate',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['invited', 'confirmed', 'declined', 'replaced'])), name='delegate_status_known'),
        ),
    ]
