import django.core.validators
from django.db import migrations, models

import techfest.core.db.triggers


class Migration(migrations.Migration):
    dependencies = [("events", "0002_summary_is_optional")]

    operations = [
        migrations.AddField(
            model_name="fest",
            name="events_per_student",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text=(
                    "Leave empty for no limit. Events for which a student waits count too. If you enter fewer than a"
                    " student has, they keep them all."
                ),
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="most events for each student",
            ),
        ),
        migrations.AddField(
            model_name="fest",
            name="caps_changed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="limits changed"),
        ),
        migrations.AddConstraint(
            model_name="fest",
            constraint=models.CheckConstraint(
                condition=models.Q(events_per_student=None) | models.Q(events_per_student__gte=1),
                name="fest_events_per_student_at_least_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="fest",
            constraint=techfest.core.db.triggers.Trigger(
                name="events_fest_note_caps",
                event="BEFORE UPDATE OF events_per_student, caps_changed_at",
                function="events_note_fest_caps",
                body="""
                    BEGIN
                        IF NEW.events_per_student IS DISTINCT FROM OLD.events_per_student THEN
                            NEW.caps_changed_at := clock_timestamp();
                        ELSE
                            NEW.caps_changed_at := OLD.caps_changed_at;
                        END IF;
                        RETURN NEW;
                    END
                """,
            ),
        ),
    ]
