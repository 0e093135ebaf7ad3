"""While a student is erased a change may lose its words and its submission, and nothing else: not even the row."""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION registrations_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on'
        AND to_jsonb(NEW) - '{reason,submission_id}'::text[] = to_jsonb(OLD) - '{reason,submission_id}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""
BACKWARDS = """
CREATE OR REPLACE FUNCTION registrations_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("registrations", "0013_links_name_no_key")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
