"""Which registrations an alarm is about, as filters of their list at the desk."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0004_desk_and_door")]

    operations = [
        migrations.AddField(
            "alarm",
            "filters",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=200),
        ),
    ]
