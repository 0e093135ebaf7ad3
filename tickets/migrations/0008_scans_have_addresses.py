"""What names a scan in the address of its verdict, instead of its nonce."""

import django.contrib.postgres.functions
from django.db import migrations, models

import events.links


class Migration(migrations.Migration):
    dependencies = [("tickets", "0007_alarms_are_mailed")]

    operations = [
        migrations.AddField(
            model_name="scan",
            name="link_id",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=events.links.new_link_id,
                editable=False,
                unique=True,
            ),
        ),
    ]
