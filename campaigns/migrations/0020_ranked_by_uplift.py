import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0019_offer_of_a_new_product'),
    ]

    operations = [
        migrations.AddField(
            model_name='audiencemember',
            name='effect_high',
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='audiencemember',
            name='effect_low',
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='audiencemember',
            name='expected_effect',
            field=models.FloatField(blank=True, help_text='What it is expected to change, in outcomes.', null=True),
        ),
        migrations.AddField(
            model_name='trial',
            name='ends_at',
            field=models.DateTimeField(blank=True, help_text='What people did was counted until here.', null=True),
        ),
        migrations.AddField(
            model_name='trial',
            name='starts_at',
            field=models.DateTimeField(blank=True, help_text='What was known before it ends here.', null=True),
        ),
        migrations.AddConstraint(
            model_name='trial',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='trial_ends_after_its_start'),
        ),
        migrations.CreateModel(
            name='UpliftModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_open', models.BooleanField(help_text='Whether the gate lets customers be ranked by it.')),
                ('is_current', models.BooleanField(default=True, help_text='Whether it is of the newest reading of its trial.')),
                ('n_customers', models.BigIntegerField(help_text='It was learnt from.')),
                ('findings', models.JSONField(default=dict, help_text='Gate, gain and group on what the shop knows of everybody.')),
                ('params', models.JSONField(default=dict)),
                ('arrays', models.BinaryField(help_text='An .npz: slopes, trees, and the range that was seen.')),
                ('fingerprint', models.CharField(help_text='Of parameters and arrays: the same ones, the same model.', max_length=64)),
                ('seed', models.BigIntegerField()),
                ('code_version', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uplift_models', to='campaigns.trialarm')),
                ('trial', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uplift_models', to='campaigns.trial')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('arm', 'fingerprint'), name='one_uplift_model_a_fingerprint')],
            },
        ),
    ]
