"""How many of the taken seats wait for a name. With a default of the database, for the running release's inserts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0002_history")]

    operations = [
        migrations.AddField(
            model_name="seats",
            name="held",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name="held"),
        ),
    ]
