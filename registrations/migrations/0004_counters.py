"""The counters of tries: a table in the form that Django's database cache wants.

Unlogged, since each row lives for minutes: after a crash of the server whoever guessed begins anew.
"""

from django.db import migrations

FORWARDS = """
CREATE UNLOGGED TABLE registrations_counter (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX registrations_counter_expires ON registrations_counter (expires);
"""
BACKWARDS = "DROP TABLE registrations_counter"


class Migration(migrations.Migration):
    dependencies = [("registrations", "0003_teachers")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
