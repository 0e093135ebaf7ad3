"""What Gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from .encoding import reading_unicode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")
# A row lock waits twice, for its turn and for the transaction that holds it, and `lock_timeout` limits each of the
# two. Only this ends both within the 3 s that a request may wait, and costs no round trip.
os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "3000")

application = reading_unicode(get_wsgi_application())
