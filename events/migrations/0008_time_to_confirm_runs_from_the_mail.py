from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0007_addresses_are_confirmed")]

    operations = [
        migrations.AlterField(
            model_name="fest",
            name="confirms_addresses",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Against registrations made by a program. Students then need an e-mail address, and must confirm it within 30 minutes after our mail was sent, or the seat is given to the next person. Class lists of teachers are not concerned.",
                verbose_name="e-mail addresses must be confirmed",
            ),
        ),
    ]
