"""The audit trail of the desk, and when doors open; the trail is append-only, but for an erasure that says so."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


FORWARDS = """
CREATE FUNCTION events_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('techfest.erasing', true) = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER events_auditentry_append_only
    BEFORE UPDATE OR DELETE ON events_auditentry
    FOR EACH ROW EXECUTE FUNCTION events_refuse_rewriting();
"""
BACKWARDS = """
DROP TRIGGER events_auditentry_append_only ON events_auditentry;
DROP FUNCTION events_refuse_rewriting();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0003_seats_held"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="doors_open_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Empty: one hour before the start.",
                null=True,
                verbose_name="doors open",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="seats_kept_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Empty: the start. From then on the door may give away the seat of whoever has not come.",
                null=True,
                verbose_name="seats are kept until",
            ),
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="at")),
                ("subject_kind", models.CharField(editable=False, max_length=50, verbose_name="kind")),
                ("subject_id", models.BigIntegerField(editable=False, verbose_name="number")),
                ("what", models.CharField(editable=False, max_length=60, verbose_name="what")),
                ("before", models.JSONField(default=dict, editable=False, verbose_name="before")),
                ("after", models.JSONField(default=dict, editable=False, verbose_name="after")),
                (
                    "reason",
                    models.CharField(blank=True, editable=False, max_length=300, verbose_name="reason"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(fields=["subject_kind", "subject_id", "at"], name="audit_of_a_subject")
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
