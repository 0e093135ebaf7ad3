"""What a capacity was and when hours changed: kept by the database itself, whoever writes."""

import django.db.models.deletion
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION events_keep_capacity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.capacity IS DISTINCT FROM OLD.capacity THEN
        INSERT INTO events_capacitychange (event_id, capacity, at)
        VALUES (NEW.event_id, NEW.capacity, clock_timestamp());
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER events_seats_keep_capacity
    AFTER INSERT OR UPDATE OF capacity ON events_seats
    FOR EACH ROW EXECUTE FUNCTION events_keep_capacity();
INSERT INTO events_capacitychange (event_id, capacity, at)
    SELECT event_id, capacity, '2000-01-01' FROM events_seats;

CREATE FUNCTION events_note_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.opens_at, NEW.closes_at) IS DISTINCT FROM (OLD.opens_at, OLD.closes_at) THEN
        NEW.hours_changed_at := clock_timestamp();
    ELSE
        NEW.hours_changed_at := OLD.hours_changed_at;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER events_event_note_hours BEFORE UPDATE OF opens_at, closes_at, hours_changed_at ON events_event
    FOR EACH ROW EXECUTE FUNCTION events_note_hours();
CREATE TRIGGER events_fest_note_hours BEFORE UPDATE OF opens_at, closes_at, hours_changed_at ON events_fest
    FOR EACH ROW EXECUTE FUNCTION events_note_hours();
"""
BACKWARDS = """
DROP TRIGGER events_fest_note_hours ON events_fest;
DROP TRIGGER events_event_note_hours ON events_event;
DROP FUNCTION events_note_hours();
DROP TRIGGER events_seats_keep_capacity ON events_seats;
DROP FUNCTION events_keep_capacity();
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="hours_changed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="opening hours changed"),
        ),
        migrations.AddField(
            model_name="fest",
            name="hours_changed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="opening hours changed"),
        ),
        migrations.CreateModel(
            name="CapacityChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("capacity", models.PositiveIntegerField(editable=False, verbose_name="capacity")),
                ("at", models.DateTimeField(editable=False, verbose_name="from")),
                (
                    "event",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="capacity_changes",
                        to="events.event",
                        verbose_name="event",
                    ),
                ),
            ],
            options={"ordering": ["at", "pk"]},
        ),
        migrations.AddIndex(
            model_name="capacitychange",
            index=models.Index(fields=["event", "at"], name="capacity_of_a_moment"),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
