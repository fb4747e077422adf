"""The selection: scenarios of the workbench, the panel's meeting, embargoes, and offers with their agreement."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0011_seats_and_revisions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MeetingExit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('left_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('returned_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('item', 'left_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='MeetingItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('before', models.JSONField(blank=True, default=dict)),
                ('recommendation', models.CharField(blank=True, choices=[('select', 'Offer a place'), ('either', 'Could go either way'), ('reserve', 'Reserve'), ('not_select', 'Do not select')], max_length=20)),
                ('moderated_score', models.DecimalField(blank=True, decimal_places=1, help_text='Out of 100, where it changed.', max_digits=4, null=True)),
                ('reason', models.TextField(blank=True)),
                ('revision', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ('meeting', 'position', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('respond_by', models.DateTimeField(help_text='An answer received strictly before this moment is in time.')),
                ('agreement', models.TextField(help_text='Markdown, as it stood when the offer was made. Never changes.')),
                ('agreement_version', models.CharField(max_length=20)),
                ('agreement_sha256', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('signed_name', models.CharField(blank=True, max_length=150)),
                ('signed_role', models.CharField(blank=True, max_length=150)),
                ('signed_address', models.GenericIPAddressField(blank=True, null=True)),
                ('declined_at', models.DateTimeField(blank=True, null=True)),
                ('declined_reason', models.TextField(blank=True)),
                ('lapsed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('respond_by', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='PanelMeeting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='planned start')),
                ('place', models.CharField(blank=True, max_length=200)),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.TextField(blank=True, help_text='General business. Goes into the minutes.')),
            ],
            options={
                'ordering': ('-starts_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='Scenario',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, help_text='Empty while nobody has saved it.', max_length=100)),
                ('note', models.TextField(blank=True)),
                ('places', models.PositiveSmallIntegerField()),
                ('basis', models.CharField(choices=[('moderated', "The panel meeting's score where there is one, else the adjusted score"), ('adjusted', 'The adjusted score, else the raw mean'), ('raw', 'The raw mean')], max_length=20)),
                ('seed', models.PositiveIntegerField()),
                ('rules', models.JSONField(default=dict)),
                ('inputs', models.JSONField(default=dict)),
                ('result', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('adopted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.AddField(
            model_name='call',
            name='agreement',
            field=models.TextField(blank=True, help_text='What a council signs when it accepts a place.', verbose_name='member agreement'),
        ),
        migrations.AddField(
            model_name='call',
            name='agreement_version',
            field=models.CharField(default='1.0', max_length=20),
        ),
        migrations.AddField(
            model_name='decision',
            name='reserve_rank',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Of a reserve: 1 is promoted first. For staff alone.', null=True),
        ),
        migrations.AddField(
            model_name='release',
            name='respond_by',
            field=models.DateTimeField(blank=True, help_text='An answer to an offer is in time strictly before this moment.', null=True),
        ),
        migrations.AddField(
            model_name='release',
            name='scheduled_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='release',
            name='scheduled_for',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('scheduled_by__isnull', True), ('scheduled_for__isnull', True)), models.Q(('scheduled_by__isnull', False), ('scheduled_for__isnull', False), models.Q(('scheduled_by', models.F('prepared_by')), _negated=True)), _connector='OR'), name='embargo_needs_second_person'),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('stage', 'selection'), _negated=True), ('respond_by__isnull', False), _connector='OR'), name='selection_release_has_response_date'),
        ),
        migrations.AddField(
            model_name='meetingexit',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='applications.panelmember'),
        ),
        migrations.AddField(
            model_name='meetingitem',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meeting_items', to='applications.application'),
        ),
        migrations.AddField(
            model_name='meetingexit',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exits', to='applications.meetingitem'),
        ),
        migrations.AddField(
            model_name='offer',
            name='answered_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='offer',
            name='application',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='offer', to='applications.application'),
        ),
        migrations.AddField(
            model_name='offer',
            name='decision',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='offer', to='applications.decision'),
        ),
        migrations.AddField(
            model_name='panelmeeting',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='panelmeeting',
            name='panel',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='applications.panel'),
        ),
        migrations.AddField(
            model_name='panelmeeting',
            name='present',
            field=models.ManyToManyField(blank=True, related_name='+', to='applications.panelmember'),
        ),
        migrations.AddField(
            model_name='meetingitem',
            name='meeting',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='applications.panelmeeting'),
        ),
        migrations.AddField(
            model_name='scenario',
            name='adopted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='scenario',
            name='call',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='scenarios', to='applications.call'),
        ),
        migrations.AddField(
            model_name='scenario',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='decision',
            name='scenario',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='applications.scenario'),
        ),
        migrations.AddConstraint(
            model_name='meetingexit',
            constraint=models.UniqueConstraint(condition=models.Q(('returned_at__isnull', True)), fields=('item', 'member'), name='out_of_the_room_once'),
        ),
        migrations.AddConstraint(
            model_name='meetingexit',
            constraint=models.CheckConstraint(condition=models.Q(('returned_at__isnull', True), ('returned_at__gte', models.F('left_at')), _connector='OR'), name='returns_after_leaving'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('declined_at__isnull', True), ('lapsed_at__isnull', True)), models.Q(('accepted_at__isnull', True), ('lapsed_at__isnull', True)), models.Q(('accepted_at__isnull', True), ('declined_at__isnull', True)), _connector='OR'), name='offer_answered_one_way'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.CheckConstraint(condition=models.Q(('accepted_at__isnull', True), models.Q(('answered_by__isnull', False), ('signed_address__isnull', False), models.Q(('signed_name', ''), _negated=True), models.Q(('signed_role', ''), _negated=True)), _connector='OR'), name='accepted_offer_is_signed'),
        ),
        migrations.AddConstraint(
            model_name='panelmeeting',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('opened_at__isnull', False), _connector='OR'), name='ended_meeting_was_opened'),
        ),
        migrations.AddConstraint(
            model_name='panelmeeting',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('opened_at__isnull', False)), fields=('panel',), name='one_open_meeting_per_panel'),
        ),
        migrations.AddConstraint(
            model_name='meetingitem',
            constraint=models.UniqueConstraint(fields=('meeting', 'application'), name='one_item_per_meeting_and_application'),
        ),
        migrations.AddConstraint(
            model_name='meetingitem',
            constraint=models.CheckConstraint(condition=models.Q(('moderated_score__isnull', True), models.Q(('moderated_score__gte', 0), ('moderated_score__lte', 100)), _connector='OR'), name='moderated_score_in_range'),
        ),
        migrations.AddConstraint(
            model_name='meetingitem',
            constraint=models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), models.Q(models.Q(('recommendation', ''), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='closed_item_has_outcome_and_reason'),
        ),
        migrations.AddConstraint(
            model_name='scenario',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('adopted_at__isnull', True), ('adopted_by__isnull', True)), models.Q(('adopted_at__isnull', False), ('adopted_by__isnull', False)), _connector='OR'), name='adopted_scenario_names_who'),
        ),
        migrations.AddConstraint(
            model_name='scenario',
            constraint=models.CheckConstraint(condition=models.Q(('basis__in', ['moderated', 'adjusted', 'raw'])), name='scenario_basis_known'),
        ),
    ]
