from django.db import migrations, models

REASONS = [
    ("full", "full"),
    ("closed", "closed"),
    ("too_soon", "not yet open"),
    ("paused", "paused"),
    ("ineligible", "not for this grade"),
    ("clash", "clash"),
    ("already", "already registered"),
    ("unknown", "unknown event"),
    ("events_cap", "too many events"),
]
OF_A_LIST = [*REASONS, ("doubt", "not clear who it is"), ("failed", "could not be done")]


class Migration(migrations.Migration):
    dependencies = [("registrations", "0008_questions")]

    operations = [
        migrations.AlterField(
            model_name="refusal",
            name="reason",
            field=models.CharField(choices=REASONS, max_length=10, verbose_name="reason"),
        ),
        migrations.AlterField(
            model_name="classlistentry",
            name="reason",
            field=models.CharField(blank=True, choices=OF_A_LIST, max_length=10),
        ),
    ]
