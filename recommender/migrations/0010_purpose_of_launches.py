from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recommender', '0009_smaller_versions'),
    ]

    operations = [
        migrations.AlterField(
            model_name='modelversion',
            name='purpose',
            field=models.CharField(choices=[('recommendation', 'What a customer may buy next'), ('product_relation', 'Which products go together'), ('reception', 'Who would take an offer'), ('launch', 'Who would buy a new product')], max_length=32),
        ),
    ]
