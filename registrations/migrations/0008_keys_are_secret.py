"""Where a submission was sent from, and a random idempotency key for each row of a class list."""

import django.contrib.postgres.functions
from django.db import migrations, models

import events.links

OF_A_LIST = """
UPDATE registrations_submission s SET origin = 'list', key = gen_random_uuid()
FROM registrations_classlistrow w WHERE w.submission_id = s.id;
UPDATE registrations_submission s SET origin = 'teacher'
WHERE origin <> 'list' AND EXISTS (
    SELECT FROM registrations_change c
    WHERE c.submission_id = s.id AND c.from_state = '' AND c.actor = 'teacher'
);
UPDATE registrations_classlistrow SET key = gen_random_uuid() WHERE job_id IS NOT NULL AND done_at IS NULL;
UPDATE registrations_classlistjob SET link_id = key, key = gen_random_uuid()
"""
"""Keys of lists followed from the job's, which stands in its address, so all are given anew; addresses stay."""


class Migration(migrations.Migration):
    dependencies = [("registrations", "0007_database_marker")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="origin",
            field=models.CharField(
                choices=[
                    ("form", "public form"),
                    ("student", "my registrations"),
                    ("teacher", "teacher's pages"),
                    ("list", "class list"),
                ],
                default="form",
                editable=False,
                max_length=10,
                verbose_name="sent from",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="classlistrow",
            name="key",
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="classlistjob",
            name="link_id",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=events.links.new_link_id,
                editable=False,
                unique=True,
            ),
        ),
        migrations.RunSQL(OF_A_LIST, migrations.RunSQL.noop),
    ]
