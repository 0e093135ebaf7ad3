"""While a student is erased a change may lose its words and its submission, and nothing else: not even the row."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION registrations_keep_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on'
        AND to_jsonb(NEW) - '{reason,submission_id}'::text[] = to_jsonb(OLD) - '{reason,submission_id}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
DROP TRIGGER registrations_change_append_only ON registrations_change;
CREATE TRIGGER registrations_change_append_only
    BEFORE UPDATE OR DELETE ON registrations_change
    FOR EACH ROW EXECUTE FUNCTION registrations_keep_changes();
"""
BACKWARDS = """
DROP TRIGGER registrations_change_append_only ON registrations_change;
CREATE TRIGGER registrations_change_append_only
    BEFORE UPDATE OR DELETE ON registrations_change
    FOR EACH ROW EXECUTE FUNCTION registrations_refuse_rewriting();
DROP FUNCTION registrations_keep_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("registrations", "0013_links_name_no_key")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
