"""A forecast is what we will be held to: the database itself refuses to change one."""

from django.db import migrations

FORBID = """
CREATE FUNCTION forecast_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A forecast cannot be changed. Run the simulation again instead.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER forecast_is_final BEFORE UPDATE ON campaigns_forecast
    FOR EACH ROW EXECUTE FUNCTION forecast_is_final();
"""
ALLOW = """
DROP TRIGGER forecast_is_final ON campaigns_forecast;
DROP FUNCTION forecast_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
