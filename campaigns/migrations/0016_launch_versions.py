import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0015_pilots'),
        ('recommender', '0010_purpose_of_launches'),
    ]

    operations = [
        migrations.AddField(
            model_name='newproductsimulation',
            name='model_version',
            field=models.ForeignKey(blank=True, help_text='What had been learnt from earlier launches.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='new_product_simulations', to='recommender.modelversion'),
        ),
    ]
