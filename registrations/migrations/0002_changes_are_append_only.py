"""A Change is never rewritten: the database itself refuses it, but for an erasure that says so."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION registrations_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('techfest.erasing', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER registrations_change_append_only
    BEFORE UPDATE OR DELETE ON registrations_change
    FOR EACH ROW EXECUTE FUNCTION registrations_refuse_rewriting();
"""
BACKWARDS = """
DROP TRIGGER registrations_change_append_only ON registrations_change;
DROP FUNCTION registrations_refuse_rewriting();
"""


class Migration(migrations.Migration):
    dependencies = [("registrations", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
