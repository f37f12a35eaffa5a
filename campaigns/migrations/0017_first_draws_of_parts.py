import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0016_launch_versions")]

    operations = [
        migrations.AddField(
            model_name="scoredpart",
            name="redeemers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(),
                default=list,
                help_text="In a few simulated campaigns: what is told so far.",
                size=None,
            ),
        ),
    ]
