from django.db import migrations, models

# A statement and not a row has a mark, so that an import of a million rows leaves one. ALWAYS, so that also a session
# that has triggers turned off for speed leaves it.
NOTE = """
CREATE FUNCTION loyalty_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_datachange (source, n) VALUES (TG_TABLE_NAME, 1);
    RETURN NULL;
END $$;
"""
WATCH = """
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION loyalty_note_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER note_change;
"""
FORGET = "DROP TRIGGER note_change ON {table};"
TABLES = (
    "loyalty_customer", "loyalty_consent", "loyalty_category", "loyalty_product", "loyalty_order", "loyalty_orderline",
    "loyalty_interaction", "loyalty_rating",
)


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0007_kinds_of_records'),
    ]

    operations = [
        migrations.CreateModel(
            name='DataChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(help_text='The table.', max_length=63)),
                ('n', models.BigIntegerField(help_text='How many statements this mark stands for.')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['source'], name='data_change_source')],
            },
        ),
        migrations.RunSQL(NOTE, "DROP FUNCTION loyalty_note_change();"),
        migrations.RunSQL(
            "".join(WATCH.format(table=table) for table in TABLES),
            "".join(FORGET.format(table=table) for table in TABLES),
        ),
    ]
