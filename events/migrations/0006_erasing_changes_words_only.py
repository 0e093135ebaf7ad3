"""While a student is erased an audit entry may lose its words: what was done, when, by whom and to which row stays."""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION events_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on'
        AND to_jsonb(NEW) - '{reason,before,after}'::text[] = to_jsonb(OLD) - '{reason,before,after}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""
BACKWARDS = """
CREATE OR REPLACE FUNCTION events_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0005_registration_ends_with_the_event")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
