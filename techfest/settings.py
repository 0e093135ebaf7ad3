"""All settings, from the environment (see env.py), safe where it says nothing."""

from django.core.exceptions import ImproperlyConfigured

from .env import BASE_DIR, broker_url, data_folder, read_environment
from .logs import logging_settings
from .mail_provider import provider_settings

env = read_environment()

# The site

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
# Former keys: what they signed (sessions, password links, workbooks on their way) stays valid until they go.
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS", "")
# The keys of the secret links in tickets and mails: the first signs, all are accepted.
LINK_KEYS = env.items("LINK_KEYS")
if min(len(key) for key in LINK_KEYS) < 32:
    raise ImproperlyConfigured("LINK_KEYS: each key must have at least 32 characters.")

_site = env.origin("SITE_URL", "http://localhost:8000")
SITE_URL = _site.geturl()
SITE_HOST = str(_site.hostname)
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = [str(_site.hostname), *env.items("ALLOWED_HOSTS", "")]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

DATA = data_folder()
MEDIA_ROOT = DATA / "media"
# Only for storage; nothing under it is served to the public but by a view.
MEDIA_URL = "media/"

INSTALLED_APPS = [
    "techfest.apps.TechfestAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "anymail",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "events",
    "registrations",
    "tickets",
    "techfest",
]

# Public pages know no session: the classes of techfest.session_paths pass them through untouched.
MIDDLEWARE = [
    # The first two add to whatever the others answer, refusals of a strange host included.
    "techfest.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "techfest.encoding.UnicodeFormMiddleware",
    # Before whatever asks the database: it limits how long they wait for it, all together.
    "registrations.database_unavailable.OutageMiddleware",
    "techfest.session_paths.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "events.middleware.FestTimeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "techfest.session_paths.AuthenticationMiddleware",
    # Remembers the request for the library's adapter; it looks at no session by itself.
    "allauth.account.middleware.AccountMiddleware",
    "techfest.session_paths.MessageMiddleware",
    "registrations.teachers.sessions.TemporaryPasswordMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# Accounts: teachers and organisers; the pages are in registrations/teachers

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/teacher/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
AUTHENTICATION_BACKENDS = ["registrations.teachers.adapter.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    # Judges nothing: Django tells it of every new password, in whatever way it was set.
    {"NAME": "registrations.teachers.account_events.NewPasswords"},
]
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_ADAPTER = "registrations.teachers.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
# A computer of the staff room forgets the login with its browser; the draft does not go with it.
ACCOUNT_SESSION_REMEMBER = False
# Pages that cost something, by visitor; a whole school shares one address. Wrong passwords and mails have
# their own limits (registrations/teachers/throttling.py).
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "signup": "30/h/ip",
    "reset_password": "60/h/ip,10/h/key",
    "reset_password_from_key": "60/m/ip",
    # Codes of the second step; passwords are counted by throttling.py.
    "login_failed": "5/5m/key",
    "confirm_email": None,
}
ACCOUNT_FORMS = {
    "login": "registrations.teachers.forms.LoginForm",
    "reset_password": "registrations.teachers.forms.RequestPasswordForm",
    "reset_password_from_key": "registrations.teachers.forms.ResetPasswordForm",
    "change_password": "registrations.teachers.forms.ChangePasswordForm",
    "set_password": "registrations.teachers.forms.SetPasswordForm",
    "reauthenticate": "registrations.teachers.forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "registrations.teachers.second_factor.SecondFactorAdapter"
# The first encrypts what second steps are made of, all are read; empty: SECRET_KEY and its fall-backs.
SECOND_FACTOR_KEYS = env.items("SECOND_FACTOR_KEYS", "")
if any(len(key) < 32 for key in SECOND_FACTOR_KEYS):
    raise ImproperlyConfigured("SECOND_FACTOR_KEYS: each key must have at least 32 characters.")
# Only accounts that owners make can sign in before their address is confirmed, and these must set up a second step.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "registrations.teachers.forms.SecondFactorForm",
    "reauthenticate": "registrations.teachers.forms.SecondFactorReauthenticateForm",
    "activate_totp": "registrations.teachers.forms.ActivateSecondFactorForm",
}
# Organisers show a code of an app, in the admin and at the door. Off only for a sample on this machine.
REQUIRE_SECOND_FACTOR = env.boolean("REQUIRE_SECOND_FACTOR", default=True)
# Whether accounts that can do nothing but check people in need it as well.
REQUIRE_SECOND_FACTOR_OF_VOLUNTEERS = env.boolean("REQUIRE_SECOND_FACTOR_OF_VOLUNTEERS", default=False)

# Sessions end after 12 hours or at the fest's midnight, in the admin also without use (teachers/sessions.py).
SESSION_ENGINE = "registrations.teachers.sessions"
SESSION_COOKIE_AGE = 12 * 3600

# Paths, without their language prefix, under which somebody may be logged in.
STAFF_PATHS = ("/admin/", "/accounts/", "/teacher/", "/door/")

ROOT_URLCONF = "techfest.urls"
WSGI_APPLICATION = "techfest.wsgi.application"
# The empty hidden field's worth of a form: a name, a few events, a submission key.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "events.context.fest",
            ],
            "builtins": ["techfest.core.formatting"],
        },
    }
]
FORM_RENDERER = "techfest.forms.FormRenderer"

# The database: rows here are the truth, so its promises are pinned and not left to the server's defaults

# psycopg.IsolationLevel.READ_COMMITTED; not imported, so that beat need not load a database driver.
READ_COMMITTED = 2
PREPARED = env.boolean("DATABASE_PREPARED", default=True)
# Milliseconds of one statement, its waiting for locks included. Gunicorn's processes set less (see wsgi.py).
DATABASE_STATEMENT_TIMEOUT = env.number("DATABASE_STATEMENT_TIMEOUT", 8000, minimum=1000, maximum=600_000)
_limits = {
    "statement_timeout": DATABASE_STATEMENT_TIMEOUT,
    "lock_timeout": 3000,
    "idle_in_transaction_session_timeout": 10_000,
}
_database = env.postgresql("DATABASE_URL")
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 60, minimum=0, maximum=3600),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "isolation_level": READ_COMMITTED,
            "application_name": "techfest",
            "connect_timeout": 2,
            # A link that went dead without a word is noticed after 10 s, also while we wait for an answer.
            "tcp_user_timeout": 10_000,
            "options": " ".join(f"-c {name}={value}" for name, value in _limits.items()),
            # Statements are prepared on the server at their second use. Off behind PgBouncer older than 1.21.
            "server_side_binding": PREPARED,
            "prepare_threshold": 2 if PREPARED else None,
            **_database["OPTIONS"],
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Nothing of ours uses a cache; the accounts library keeps its counters of tries there, and those must be shared
# and outlive a restart. The table is made by a migration of registrations. Culled rows would forget tries.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "registrations_counter",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Time and language

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
FORMAT_MODULE_PATH = "techfest.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]

# Static files: named by their content and served by WhiteNoise, or by nginx from the same folder

STATIC_URL = "static/"
STATIC_ROOT = env.folder("STATIC_ROOT", DATA / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "techfest.static_files.ModuleStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# What a browser may do with our pages

# Whether a request came by https is told by Gunicorn, which believes only its own proxy (FORWARDED_ALLOW_IPS).
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # asked from this machine over plain http
SECURE_HSTS_SECONDS = 365 * 86400 if HTTPS else 0
# For this host only: a school's other hosts may still speak plain http, and a preload list forgets nothing for months.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.boolean("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # they want both
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A name with this prefix is taken by browsers from this very host over https only, never from a neighbour.
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
# Messages name students; a cookie of messages would keep them readable on a shared computer.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Mail: without a provider each message becomes one .eml file in the data folder

EMAIL_PROVIDER = env.choice("EMAIL_PROVIDER", "", among=("", "mailgun", "brevo"))
EMAIL_BACKEND = {
    "": "tickets.mail.file_backend.EmlBackend",
    "mailgun": "anymail.backends.mailgun.EmailBackend",
    "brevo": "anymail.backends.brevo.EmailBackend",
}[EMAIL_PROVIDER]
EMAIL_FILE_PATH = DATA / "mail"
# What the provider takes in an hour and in a day, 0 where it has said nothing: the desk warns before.
EMAIL_LIMIT_PER_HOUR = env.number("EMAIL_LIMIT_PER_HOUR", 0, minimum=0, maximum=10_000_000)
EMAIL_LIMIT_PER_DAY = env.number("EMAIL_LIMIT_PER_DAY", 0, minimum=0, maximum=100_000_000)
EMAIL_RATE_PER_SECOND = env.number("EMAIL_RATE_PER_SECOND", 50, minimum=1, maximum=1000)
# Minutes for which a message to many waits after it was confirmed, so that somebody can stop it.
MESSAGE_WINDOW_MINUTES = env.number("MESSAGE_WINDOW_MINUTES", 10, minimum=0, maximum=120)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Tech Fest <tickets@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ANYMAIL = {
    "REQUESTS_TIMEOUT": (3.05, 10),
    # What is sent must not be held back by one address that the provider refuses.
    "IGNORE_RECIPIENT_STATUS": True,
    **provider_settings(env, EMAIL_PROVIDER),
}

# Celery: a message is only a doorbell, so it may be lost, repeated or late, and nobody waits for it

REDIS_URL = env.redis("REDIS_URL")
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 120,
    "socket_timeout": 1.0,
    "socket_connect_timeout": 1.0,
    "retry_on_timeout": False,
}
CELERY_BROKER_CONNECTION_TIMEOUT = 1.0
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_HEARTBEAT = 0
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
# A ring is answered when it is heard. Late answers would have a worker cut off its mails in flight when the
# broker goes, and one that could not be given would leave it waiting for ever: it counts as work in hand.
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "mail"
CELERY_TASK_ROUTES = {
    "registrations.tend_holds": {"queue": "mail"},
    "tickets.render": {"queue": "pdf"},
    "tickets.bind": {"queue": "pdf"},
    "tickets.send": {"queue": "mail"},
    "tickets.remind": {"queue": "mail"},
    "tickets.watch": {"queue": "mail"},
    "tickets.sweep": {"queue": "mail"},
    # A process of its own: a class must not wait behind a minute of mails, nor a niced process hold seats locked.
    "registrations.confirm": {"queue": "lists"},
    "registrations.purge_drafts": {"queue": "mail"},
    "registrations.purge": {"queue": "mail"},
    "registrations.forget_traces": {"queue": "mail"},
    "registrations.clear_sessions": {"queue": "mail"},
}
# Seconds. Whatever is rung twice finds the rows already claimed.
CELERY_TASK_ANNOTATIONS = {
    "registrations.tend_holds": {"soft_time_limit": 20, "time_limit": 25},
    "tickets.render": {"soft_time_limit": 20, "time_limit": 25},
    "tickets.bind": {"soft_time_limit": 270, "time_limit": 290},
    "tickets.send": {"soft_time_limit": 280, "time_limit": 300},
    "tickets.remind": {"soft_time_limit": 20, "time_limit": 25},
    "tickets.watch": {"soft_time_limit": 20, "time_limit": 25},
    "tickets.sweep": {"soft_time_limit": 20, "time_limit": 25},
    "registrations.purge_drafts": {"soft_time_limit": 20, "time_limit": 25},
    "registrations.purge": {"soft_time_limit": 100, "time_limit": 115},
    "registrations.forget_traces": {"soft_time_limit": 60, "time_limit": 75},
    "registrations.clear_sessions": {"soft_time_limit": 20, "time_limit": 25},
}
CELERY_TIMEZONE = "UTC"
# A worker listens at all times, or it would not notice when its broker is gone: it holds more wake-ups than there are
# tasks, and of each task one is out. Not without a limit: of hundreds that expire while it works, Celery discards each
# inside the one before, until the stack ends and the worker with it.
CELERY_WORKER_PREFETCH_MULTIPLIER = 20
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULE = {
    "render": {"task": "tickets.render", "schedule": 5.0, "options": {"expires": 10}},
    "send": {"task": "tickets.send", "schedule": 5.0, "options": {"expires": 10}},
    "confirm": {"task": "registrations.confirm", "schedule": 5.0, "options": {"expires": 10}},
    "purge_drafts": {"task": "registrations.purge_drafts", "schedule": 3600.0, "options": {"expires": 600}},
    "purge": {"task": "registrations.purge", "schedule": 600.0, "options": {"expires": 300}},
    "forget_traces": {"task": "registrations.forget_traces", "schedule": 3600.0, "options": {"expires": 600}},
    "clear_sessions": {
        "task": "registrations.clear_sessions",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "holds": {"task": "registrations.tend_holds", "schedule": 30.0, "options": {"expires": 60}},
    "remind": {"task": "tickets.remind", "schedule": 300.0, "options": {"expires": 200}},
    "watch": {"task": "tickets.watch", "schedule": 60.0, "options": {"expires": 60}},
    "sweep": {"task": "tickets.sweep", "schedule": 30.0, "options": {"expires": 60}},
}

# Logs: one line a record to stdout, no secret link in any of them (see logs.py)

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_settings("DEBUG" if DEBUG else "INFO")
