"""Which process has claimed what, and what the disk stopped; when each kind of worker was last heard; whether the provider takes mails."""

from django.db import migrations, models

CLAIMS = (
    ("booklet", "claimed_by"),
    ("delivery", "claimed_by"),
    ("printout", "claimed_by"),
    ("ticket", "render_claimed_by"),
)
FAULTS = (("booklet", "is_blocked"), ("printout", "is_blocked"), ("ticket", "render_is_blocked"))


class Migration(migrations.Migration):
    dependencies = [("tickets", "0008_scans_have_addresses")]

    operations = [
        *(
            migrations.AddField(
                model,
                field,
                models.CharField(blank=True, db_default="", default="", editable=False, max_length=100),
            )
            for model, field in CLAIMS
        ),
        *(
            migrations.AddField(
                model, field, models.BooleanField(db_default=False, default=False, editable=False)
            )
            for model, field in FAULTS
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("kind", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ProviderOutage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("failures", models.PositiveIntegerField(default=0)),
                ("reason", models.CharField(max_length=300)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(id=1), name="provider_outage_is_one"),
                ],
            },
        ),
    ]
