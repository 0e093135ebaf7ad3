"""Which process is at a class list, so that what a dead one held is free at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registrations", "0008_keys_are_secret")]

    operations = [
        migrations.AddField(
            "classlistjob",
            "claimed_by",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=100),
        ),
    ]
