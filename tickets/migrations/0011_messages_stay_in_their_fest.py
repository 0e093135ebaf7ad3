"""A message goes to students of its own fest only: refused by the database, whoever writes the delivery."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION tickets_refuse_other_fest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT fest_id FROM tickets_message WHERE id = NEW.message_id)
        IS DISTINCT FROM (SELECT fest_id FROM registrations_student WHERE id = NEW.student_id) THEN
        RAISE EXCEPTION 'a message of one fest goes to no student of another'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_message_of_its_fest';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tickets_delivery_message_of_its_fest
    BEFORE INSERT OR UPDATE OF message_id, student_id ON tickets_delivery
    FOR EACH ROW WHEN (NEW.message_id IS NOT NULL AND NEW.student_id IS NOT NULL)
    EXECUTE FUNCTION tickets_refuse_other_fest();
CREATE FUNCTION tickets_refuse_moved_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a message stays in its fest'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'message_stays_in_its_fest';
END
$$;
CREATE TRIGGER tickets_message_stays_in_its_fest
    BEFORE UPDATE OF fest_id ON tickets_message
    FOR EACH ROW WHEN (NEW.fest_id IS DISTINCT FROM OLD.fest_id)
    EXECUTE FUNCTION tickets_refuse_moved_message();
"""
BACKWARDS = """
DROP TRIGGER tickets_message_stays_in_its_fest ON tickets_message;
DROP FUNCTION tickets_refuse_moved_message();
DROP TRIGGER tickets_delivery_message_of_its_fest ON tickets_delivery;
DROP FUNCTION tickets_refuse_other_fest();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0010_search_counts"),
        ("registrations", "0006_purge_plan"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
