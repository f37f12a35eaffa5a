import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0014_forecast_ledger'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='audience',
            name='kind',
            field=models.CharField(choices=[('everybody', 'Everybody'), ('segment', 'A segment'), ('best', 'The people most likely to take it'), ('imported', 'The people it was really sent to'), ('lookalike', 'People like those on a list'), ('pilot', 'Some of them, drawn at random')], max_length=16),
        ),
        migrations.CreateModel(
            name='Pilot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seed', models.BigIntegerField()),
                ('drawn_at', models.DateTimeField()),
                ('called_off_at', models.DateTimeField(blank=True, null=True)),
                ('campaign', models.OneToOneField(help_text='Goes to the people who were drawn.', on_delete=django.db.models.deletion.CASCADE, related_name='pilot', to='campaigns.campaign')),
                ('drawn_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='pilots_drawn', to=settings.AUTH_USER_MODEL)),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pilots', to='campaigns.campaign')),
                ('rest', models.ForeignKey(help_text='Everybody who was not drawn.', on_delete=django.db.models.deletion.PROTECT, related_name='left_by_pilots', to='campaigns.audience')),
                ('simulation', models.ForeignKey(help_text='The forecast it makes surer.', on_delete=django.db.models.deletion.CASCADE, related_name='pilots', to='campaigns.simulation')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('called_off_at__isnull', True)), fields=('of',), name='one_pilot_of_a_campaign_at_a_time')],
            },
        ),
    ]
