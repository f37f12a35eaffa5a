from django.db import migrations

# Features tell of campaigns sent and taken, too, so these tables leave marks when they change.
WATCH = """
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION loyalty_note_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER note_change;
"""
FORGET = "DROP TRIGGER note_change ON {table};"
TABLES = ("campaigns_campaign", "campaigns_audiencemember", "campaigns_redemption")


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0004_kinds_of_records'),
        ('loyalty', '0008_data_changes'),
    ]

    operations = [
        migrations.RunSQL(
            "".join(WATCH.format(table=table) for table in TABLES),
            "".join(FORGET.format(table=table) for table in TABLES),
        ),
    ]
