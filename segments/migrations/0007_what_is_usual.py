from django.db import migrations, models

# Earlier runs kept means: until customers are divided again these are what is known of them.
USUAL = """
WITH told AS (
    SELECT s.segmentation_id, one.key,
        sum(one.value::float8 * (s.profile->>'n_customers')::float8) / sum((s.profile->>'n_customers')::float8) AS usual
    FROM segments_segment s CROSS JOIN LATERAL jsonb_each_text(s.profile->'means') one
    WHERE s.segmentation_id IS NOT NULL AND s.profile ? 'means'
    GROUP BY s.segmentation_id, one.key
), of_all AS (
    SELECT segmentation_id, jsonb_object_agg(key, usual) AS usual FROM told GROUP BY segmentation_id
)
UPDATE segments_segment s
SET profile = s.profile - 'means' || jsonb_build_object('usual', s.profile->'means', 'usual_of_all', of_all.usual)
FROM of_all WHERE of_all.segmentation_id = s.segmentation_id AND s.profile ? 'means'
"""
MEANS = """
UPDATE segments_segment
SET profile = profile - 'usual' - 'usual_of_all' || jsonb_build_object('means', profile->'usual')
WHERE profile ? 'usual'
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0006_rules")]

    operations = [
        migrations.AlterField(
            model_name="segment",
            name="profile",
            field=models.JSONField(default=dict, help_text="What is usual, and how far means are from that of all."),
        ),
        migrations.RunSQL(USUAL, MEANS),
    ]
