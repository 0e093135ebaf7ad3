"""The time to confirm an address runs from the hand-over of its mail; what was released before keeps its old rule."""

from django.db import migrations, models

RELEASED_BEFORE = """
    UPDATE registrations_registration SET confirm_mailed_at = created_at
    WHERE confirm_by IS NOT NULL AND state = 'cancelled'
"""


class Migration(migrations.Migration):
    dependencies = [("registrations", "0015_addresses_are_confirmed")]

    operations = [
        migrations.AddField(
            model_name="registration",
            name="confirm_mailed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="confirmation link mailed"),
        ),
        migrations.RunSQL(RELEASED_BEFORE, migrations.RunSQL.noop),
    ]
