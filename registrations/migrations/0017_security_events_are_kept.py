"""What happened to accounts is never rewritten nor deleted, not even while a student is erased."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION registrations_keep_security_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
DROP TRIGGER registrations_securityevent_append_only ON registrations_securityevent;
CREATE TRIGGER registrations_securityevent_append_only
    BEFORE UPDATE OR DELETE ON registrations_securityevent
    FOR EACH ROW EXECUTE FUNCTION registrations_keep_security_events();
"""
BACKWARDS = """
DROP TRIGGER registrations_securityevent_append_only ON registrations_securityevent;
CREATE TRIGGER registrations_securityevent_append_only
    BEFORE UPDATE OR DELETE ON registrations_securityevent
    FOR EACH ROW EXECUTE FUNCTION registrations_refuse_rewriting();
DROP FUNCTION registrations_keep_security_events();
"""


class Migration(migrations.Migration):
    dependencies = [("registrations", "0016_confirmation_time_runs_from_the_mail")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
