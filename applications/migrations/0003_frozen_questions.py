"""The form of a published call is frozen: councils are answering it. Hints, introductions and anchors may still be bettered.

The lock on the call's row makes a change wait for a publication that is under way, and then be refused.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION refuse_change_of_published_form() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    side jsonb;
    published timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - TG_ARGV[0] = to_jsonb(NEW) - TG_ARGV[0] THEN
        RETURN NEW;
    END IF;
    FOREACH side IN ARRAY ARRAY[to_jsonb(OLD), to_jsonb(NEW)] LOOP
        SELECT published_at INTO published FROM applications_call
        WHERE id = COALESCE(
            (side ->> 'call_id')::bigint,
            (SELECT call_id FROM applications_section WHERE id = (side ->> 'section_id')::bigint)
        ) FOR SHARE;
        IF published IS NOT NULL THEN
            RAISE EXCEPTION 'the form of a published call is frozen' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;
"""
TRIGGER = """
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON applications_{table}
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_form('{free}');
"""
FREE_COLUMNS = {"question": "hint", "section": "intro", "criterion": "anchors"}


class Migration(migrations.Migration):
    dependencies = [("applications", "0002_attempts_append_only")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION refuse_change_of_published_form()"),
        *[
            migrations.RunSQL(TRIGGER.format(table=table, free=free), f"DROP TRIGGER frozen ON applications_{table}")
            for table, free in FREE_COLUMNS.items()
        ],
    ]
