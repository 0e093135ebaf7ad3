"""What names a student or a submission in a link: random, while a primary key is given again after a restore."""

import django.contrib.postgres.functions
from django.db import migrations, models

import events.links


class Migration(migrations.Migration):
    dependencies = [("registrations", "0012_account_sessions")]

    operations = [
        migrations.AddField(
            model_name="student",
            name="link_id",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=events.links.new_link_id,
                editable=False,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="link_id",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=events.links.new_link_id,
                editable=False,
                unique=True,
            ),
        ),
    ]
