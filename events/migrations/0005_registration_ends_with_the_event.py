"""No event stays open for registration after its end; the moves of an event count as changed hours."""

from django.db import migrations, models

FORWARDS = """
DROP TRIGGER events_event_note_hours ON events_event;
UPDATE events_event e SET hours_changed_at = clock_timestamp(),
        closes_at = CASE WHEN e.closes_at > e.ends_at THEN e.ends_at ELSE e.closes_at END
    FROM events_fest f
    WHERE f.id = e.fest_id AND (e.closes_at > e.ends_at OR e.closes_at IS NULL AND e.starts_at < f.closes_at);

CREATE FUNCTION events_note_event_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.opens_at, NEW.closes_at, NEW.starts_at, NEW.ends_at)
        IS DISTINCT FROM (OLD.opens_at, OLD.closes_at, OLD.starts_at, OLD.ends_at) THEN
        NEW.hours_changed_at := clock_timestamp();
    ELSE
        NEW.hours_changed_at := OLD.hours_changed_at;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER events_event_note_hours
    BEFORE UPDATE OF opens_at, closes_at, starts_at, ends_at, hours_changed_at ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_note_event_hours();
"""
BACKWARDS = """
DROP TRIGGER events_event_note_hours ON events_event;
DROP FUNCTION events_note_event_hours();
CREATE TRIGGER events_event_note_hours BEFORE UPDATE OF opens_at, closes_at, hours_changed_at ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_note_hours();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0004_audit_and_doors")]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closes_at__isnull", True), ("closes_at__lte", models.F("ends_at")), _connector="OR"
                ),
                name="event_closes_by_its_end",
            ),
        ),
    ]
