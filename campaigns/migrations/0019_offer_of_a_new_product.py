import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0018_launch_ledger'),
    ]

    operations = [
        migrations.AddField(
            model_name='offer',
            name='new_product',
            field=models.ForeignKey(blank=True, help_text='A product it is for that is not on sale yet.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='campaigns.newproduct'),
        ),
    ]
