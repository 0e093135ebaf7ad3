"""How many names each person searched for at the door, hour by hour, and the alarm past the limit."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0009_workers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("guessing", "somebody tries codes"),
                    ("cluster", "many registrations of one kind"),
                    ("searching", "very many names searched for at the door"),
                ],
                editable=False,
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="SearchCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "hour",
                    models.DateTimeField(editable=False, help_text="When it began.", verbose_name="hour"),
                ),
                ("minute", models.PositiveSmallIntegerField(editable=False)),
                ("in_minute", models.PositiveIntegerField(editable=False)),
                ("searches", models.PositiveIntegerField(editable=False, verbose_name="searches")),
                ("refused", models.PositiveIntegerField(default=0, editable=False, verbose_name="refused")),
                (
                    "user",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "hour"), name="search_count_once_an_hour")
                ],
            },
        ),
    ]
