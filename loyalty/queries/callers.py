"""Who calls with a key, whether it may, and what is left of its calls: parts of statements that ask for more as well.

A call that is made a thousand times a second cannot afford a question for each of them. What these parts refuse is
refused in words by the ordinary way, which asks them one by one.
"""

# The key, when it works, has one of the scopes and its person may do what is asked for.
CALLER = """
SELECT k.id, k.user_id, k.last_used_at FROM loyalty_apikey k JOIN auth_user u ON u.id = k.user_id
WHERE k.prefix = %(prefix)s AND k.secret_sha256 = %(secret_sha256)s AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > %(at)s) AND k.scopes && %(scopes)s AND u.is_active
    AND (u.is_superuser OR EXISTS (
        SELECT FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
        WHERE t.app_label = %(app_label)s AND p.codename = %(codename)s AND p.id IN (
            SELECT permission_id FROM auth_user_user_permissions WHERE user_id = u.id
            UNION ALL
            SELECT of_group.permission_id FROM auth_user_groups g
            JOIN auth_group_permissions of_group ON of_group.group_id = g.group_id WHERE g.user_id = u.id
        )
    ))
"""
# One call of `caller` counted as in `services.budgets`: for the key, and for all keys of its person together.
SPENT = """
INSERT INTO loyalty_callbudget AS b (caller, spent_until)
SELECT bucket.name, statement_timestamp() + bucket.step FROM {asked}, LATERAL (VALUES
    ('key ' || caller.id || %(right)s, %(step)s), ('all of ' || caller.user_id || %(right)s, %(step_of_all)s)
) bucket (name, step)
ON CONFLICT (caller) DO UPDATE
SET spent_until = GREATEST(b.spent_until, clock_timestamp()) + (excluded.spent_until - statement_timestamp())
WHERE GREATEST(b.spent_until, clock_timestamp()) + (excluded.spent_until - statement_timestamp())
    <= clock_timestamp() + %(span)s
RETURNING b.caller LIKE 'key %%' AS is_own, EXTRACT(epoch FROM b.spent_until - clock_timestamp())::float8 AS ahead
"""
TYPES = {
    "prefix": "text",
    "secret_sha256": "text",
    "at": "timestamptz",
    "scopes": "varchar[]",
    "app_label": "text",
    "codename": "text",
    "right": "text",
    "step": "interval",
    "step_of_all": "interval",
    "span": "interval",
}
