from django.db import migrations

# The same marks as of whole tables, but of one customer each, so that what was worked out for one of them does not go
# stale when another one buys. Rows are only ever added: no writer waits for another. ALWAYS, so that also a session
# that has triggers turned off for speed leaves them.
NOTE_CUSTOMERS = """
CREATE FUNCTION loyalty_note_customers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO loyalty_datachange (source, n) VALUES ('customers', 1);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO loyalty_datachange (source, n)
        SELECT 'customer ' || customer_id, 1 FROM new_rows WHERE customer_id IS NOT NULL GROUP BY customer_id;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO loyalty_datachange (source, n)
        SELECT 'customer ' || customer_id, 1 FROM old_rows WHERE customer_id IS NOT NULL GROUP BY customer_id;
    ELSE
        INSERT INTO loyalty_datachange (source, n)
        SELECT 'customer ' || customer_id, 1
        FROM (SELECT customer_id FROM old_rows UNION SELECT customer_id FROM new_rows) touched
        WHERE customer_id IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
"""
NOTE_BUYERS = """
CREATE FUNCTION loyalty_note_buyers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO loyalty_datachange (source, n) VALUES ('customers', 1);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO loyalty_datachange (source, n)
        SELECT 'customer ' || o.customer_id, 1 FROM new_rows l JOIN loyalty_order o ON o.id = l.order_id
        WHERE o.customer_id IS NOT NULL GROUP BY o.customer_id;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO loyalty_datachange (source, n)
        SELECT 'customer ' || o.customer_id, 1 FROM old_rows l JOIN loyalty_order o ON o.id = l.order_id
        WHERE o.customer_id IS NOT NULL GROUP BY o.customer_id;
    ELSE
        INSERT INTO loyalty_datachange (source, n)
        SELECT 'customer ' || o.customer_id, 1
        FROM (SELECT order_id FROM old_rows UNION SELECT order_id FROM new_rows) l
        JOIN loyalty_order o ON o.id = l.order_id
        WHERE o.customer_id IS NOT NULL GROUP BY o.customer_id;
    END IF;
    RETURN NULL;
END $$;
"""
# How many pieces are there matters to no list: whether there are any does, and what people read of a product.
NOTE_SHELF = """
CREATE FUNCTION loyalty_note_shelf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO loyalty_datachange (source, n)
    SELECT 'shelf', 1 FROM old_rows o JOIN new_rows n USING (id)
    WHERE (COALESCE(o.stock, 1) <= 0) <> (COALESCE(n.stock, 1) <= 0)
        OR (o.sku, o.name, o.price, o.currency, o.category_id)
            IS DISTINCT FROM (n.sku, n.name, n.price, n.currency, n.category_id)
    LIMIT 1;
    RETURN NULL;
END $$;
"""
TABLES = {"loyalty_order": "customers", "loyalty_consent": "customers", "loyalty_orderline": "buyers"}
EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
    "TRUNCATE": "",
}
WATCH = """
CREATE TRIGGER {name} AFTER {event} ON {table} {rows} FOR EACH STATEMENT EXECUTE FUNCTION loyalty_note_{what}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name};
"""
FORGET = "DROP TRIGGER {name} ON {table};"


def watched():
    for table, what in TABLES.items():
        for event, rows in EVENTS.items():
            yield {"name": f"note_{what}_{event.lower()}", "event": event, "table": table, "rows": rows, "what": what}
    yield {
        "name": "note_shelf", "event": "UPDATE", "table": "loyalty_product", "rows": EVENTS["UPDATE"], "what": "shelf",
    }


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0014_special_lines'),
    ]

    operations = [
        migrations.RunSQL(NOTE_CUSTOMERS, "DROP FUNCTION loyalty_note_customers();"),
        migrations.RunSQL(NOTE_BUYERS, "DROP FUNCTION loyalty_note_buyers();"),
        migrations.RunSQL(NOTE_SHELF, "DROP FUNCTION loyalty_note_shelf();"),
        migrations.RunSQL(
            "".join(WATCH.format(**one) for one in watched()), "".join(FORGET.format(**one) for one in watched())
        ),
    ]
