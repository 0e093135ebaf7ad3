"""The WSGI application for Gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from .encoding import reading_unicode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")
# A request for a row lock waits twice, for its turn and for the transaction that holds the lock, and `lock_timeout`
# limits each wait separately. The statement timeout limits both to the 3 s of a request, without a round trip.
os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "3000")

application = reading_unicode(get_wsgi_application())
