"""What Gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from .encoding import reading_unicode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")

application = reading_unicode(get_wsgi_application())
