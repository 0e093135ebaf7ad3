"""All settings, read from the environment (see env.py), with safe defaults."""

from django.core.exceptions import ImproperlyConfigured

from .env import BASE_DIR, broker_url, data_folder, read_environment
from .logs import logging_settings
from .mail_provider import provider_settings

env = read_environment()

# The site

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
# Former keys: sessions, password links and downloaded workbooks signed with them stay valid.
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS", "")
# Keys of the secret links in tickets and mails: the first one signs, all are accepted.
LINK_KEYS = env.items("LINK_KEYS")
if min(len(key) for key in LINK_KEYS) < 32:
    raise ImproperlyConfigured("LINK_KEYS: each key must have at least 32 characters.")

_site = env.origin("SITE_URL", "http://localhost:8000")
SITE_URL = _site.geturl()
SITE_HOST = str(_site.hostname)
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = [str(_site.hostname), *env.items("ALLOWED_HOSTS", "")]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "registrations.foreign_forms.csrf_failure"

DATA = data_folder()
MEDIA_ROOT = DATA / "media"
# Storage only: files are served by views, never directly.
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

# Public pages have no session: the middleware of techfest.session_paths skips them.
MIDDLEWARE = [
    # The first two add headers to all responses, including those to requests with an invalid host.
    "techfest.headers.HeadersMiddleware",
    "techfest.headers.PolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "techfest.encoding.UnicodeFormMiddleware",
    # Before all middleware that uses the database: it limits their total waiting time.
    "registrations.database_unavailable.OutageMiddleware",
    "techfest.session_paths.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "events.middleware.FestTimeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "techfest.session_paths.AuthenticationMiddleware",
    # Stores the request for the library's adapter; it reads no session.
    "allauth.account.middleware.AccountMiddleware",
    "techfest.session_paths.MessageMiddleware",
    "registrations.teachers.sessions.TemporaryPasswordMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "techfest.refusals.MethodMiddleware",
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
    # Validates nothing: Django calls it for every new password, however it is set.
    {"NAME": "registrations.teachers.account_events.NewPasswords"},
]
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_ADAPTER = "registrations.teachers.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
# On shared computers the login ends with the browser; drafts are kept.
ACCOUNT_SESSION_REMEMBER = False
# Limits per visitor for costly pages; a whole school may share one address. Wrong passwords and mails have
# their own limits (registrations/teachers/throttling.py).
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "signup": "30/h/ip",
    "reset_password": "60/h/ip,10/h/key",
    "reset_password_from_key": "60/m/ip",
    # Codes of the second factor; throttling.py counts passwords.
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
# The first one encrypts the secrets of second factors, all decrypt; if empty, SECRET_KEY and its fallbacks do.
SECOND_FACTOR_KEYS = env.items("SECOND_FACTOR_KEYS", "")
if any(len(key) < 32 for key in SECOND_FACTOR_KEYS):
    raise ImproperlyConfigured("SECOND_FACTOR_KEYS: each key must have at least 32 characters.")
# Only accounts created by owners can log in before their address is confirmed; they must set up a second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "registrations.teachers.forms.SecondFactorForm",
    "reauthenticate": "registrations.teachers.forms.SecondFactorReauthenticateForm",
    "activate_totp": "registrations.teachers.forms.ActivateSecondFactorForm",
}
# Organisers need a second factor for the admin and check-in. Off only for a sample fest on this machine.
REQUIRE_SECOND_FACTOR = env.boolean("REQUIRE_SECOND_FACTOR", default=True)
# Whether accounts that are only for check-in need it as well.
REQUIRE_SECOND_FACTOR_OF_VOLUNTEERS = env.boolean("REQUIRE_SECOND_FACTOR_OF_VOLUNTEERS", default=False)

# Sessions end after 12 hours or at the fest's midnight, in the admin also without use (teachers/sessions.py).
SESSION_ENGINE = "registrations.teachers.sessions"
SESSION_COOKIE_AGE = 12 * 3600

# Paths, without their language prefix, with sessions and login.
STAFF_PATHS = ("/admin/", "/accounts/", "/teacher/", "/door/")

ROOT_URLCONF = "techfest.urls"
WSGI_APPLICATION = "techfest.wsgi.application"
# Ordinary forms are small: a name, a few events, an idempotency key.
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

# The database: isolation and timeouts are set here, not left to the server's defaults

READ_COMMITTED = 2  # psycopg.IsolationLevel.READ_COMMITTED
POSTGRESQL = "techfest.core.db.postgresql"
PREPARED = env.boolean("DATABASE_PREPARED", default=True)
# Milliseconds per statement, including its wait for locks. Gunicorn's processes set less (see wsgi.py).
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
        "ENGINE": POSTGRESQL,
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 60, minimum=0, maximum=3600),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "isolation_level": READ_COMMITTED,
            "application_name": "techfest",
            "connect_timeout": 2,
            # A dead connection is detected after 10 s, also while waiting for a response.
            "tcp_user_timeout": 10_000,
            "options": " ".join(f"-c {name}={value}" for name, value in _limits.items()),
            # Statements are prepared at their second execution. Turn off behind PgBouncer before 1.21.
            "server_side_binding": PREPARED,
            "prepare_threshold": 2 if PREPARED else None,
            **_database["OPTIONS"],
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Only the accounts library uses the cache, to count login attempts. The counters must be shared by all processes
# and survive a restart. A migration of registrations creates the table. Culling would forget attempts.
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
LOCALE_PATHS = [BASE_DIR / "techfest" / "locale"]
# 12: 10:00pm; 24: 22:00. On pages, in mails and in documents.
CLOCK = env.choice("CLOCK", "12", among=("12", "24"))

# Static files: named by content hash and served by WhiteNoise, or by nginx from the same folder

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

# Browser security

# Gunicorn sets whether a request came by https; it trusts only its own proxy (FORWARDED_ALLOW_IPS).
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # requested from this machine over http
SECURE_HSTS_SECONDS = 365 * 86400 if HTTPS else 0
# For this host only: other hosts of the school may still use http, and preload lists keep entries for months.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.boolean("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # preload lists require both
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Browsers accept cookies with this prefix only from this host over https.
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
# Messages name students, and a message cookie would keep them readable on shared computers.
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
# The provider's limits per hour and per day, 0 if unknown: the admin warns before they are reached.
EMAIL_LIMIT_PER_HOUR = env.number("EMAIL_LIMIT_PER_HOUR", 0, minimum=0, maximum=10_000_000)
EMAIL_LIMIT_PER_DAY = env.number("EMAIL_LIMIT_PER_DAY", 0, minimum=0, maximum=100_000_000)
EMAIL_RATE_PER_SECOND = env.number("EMAIL_RATE_PER_SECOND", 50, minimum=1, maximum=1000)
# Minutes between the confirmation of a broadcast and its sending, during which it can be stopped.
MESSAGE_WINDOW_MINUTES = env.number("MESSAGE_WINDOW_MINUTES", 10, minimum=0, maximum=120)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Tech Fest <tickets@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ANYMAIL = {
    "REQUESTS_TIMEOUT": (3.05, 10),
    # One address that the provider rejects must not hold back the others.
    "IGNORE_RECIPIENT_STATUS": True,
    **provider_settings(env, EMAIL_PROVIDER),
}

# Celery: messages are only wake-ups, so they may be lost, repeated or late

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
# Messages are acknowledged on receipt. With late acknowledgement a worker would abort mails in flight when the
# broker fails, and would wait forever for an acknowledgement that it cannot send.
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "mail"
CELERY_TASK_ROUTES = {
    "registrations.tend_blocks": {"queue": "mail"},
    "tickets.render": {"queue": "pdf"},
    "tickets.bind": {"queue": "pdf"},
    "tickets.send": {"queue": "mail"},
    "tickets.remind": {"queue": "mail"},
    "tickets.watch": {"queue": "mail"},
    "tickets.sweep": {"queue": "mail"},
    # A queue of its own: class lists must not wait for mails.
    "registrations.confirm": {"queue": "lists"},
    "registrations.purge_drafts": {"queue": "mail"},
    "registrations.purge": {"queue": "mail"},
    "registrations.erase_answers": {"queue": "mail"},
    "registrations.forget_traces": {"queue": "mail"},
    "registrations.clear_sessions": {"queue": "mail"},
}
# Seconds after which a task is taken to hang and its process ends (techfest/lanes.py). That ends the other lanes
# too, so no PDF or list has less than the mails, which outlast a database or disk that stalls for minutes: mails
# that were handed over and not recorded would be sent twice. A PDF that hangs is ended before, with its own process.
CELERY_TASK_ANNOTATIONS = {
    "registrations.tend_blocks": {"time_limit": 25},
    "tickets.render": {"time_limit": 300},
    "tickets.bind": {"time_limit": 310},
    "tickets.send": {"time_limit": 300},
    "tickets.remind": {"time_limit": 25},
    "tickets.watch": {"time_limit": 25},
    "tickets.sweep": {"time_limit": 25},
    "registrations.confirm": {"time_limit": 900},
    "registrations.purge_drafts": {"time_limit": 25},
    "registrations.purge": {"time_limit": 115},
    "registrations.erase_answers": {"time_limit": 25},
    "registrations.forget_traces": {"time_limit": 75},
    "registrations.clear_sessions": {"time_limit": 25},
}
CELERY_TIMEZONE = "UTC"
# A worker must always be able to receive, or it would not notice a lost broker: it prefetches more messages than
# there are tasks, of each of which one is waiting. But not without limit: Celery discards hundreds of expired
# messages recursively, which would overflow the stack.
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
    "erase_answers": {
        "task": "registrations.erase_answers",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "forget_traces": {"task": "registrations.forget_traces", "schedule": 3600.0, "options": {"expires": 600}},
    "clear_sessions": {
        "task": "registrations.clear_sessions",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "holds": {"task": "registrations.tend_blocks", "schedule": 30.0, "options": {"expires": 60}},
    "remind": {"task": "tickets.remind", "schedule": 300.0, "options": {"expires": 200}},
    "watch": {"task": "tickets.watch", "schedule": 60.0, "options": {"expires": 60}},
    "sweep": {"task": "tickets.sweep", "schedule": 30.0, "options": {"expires": 60}},
}

# Logs: one line per record to stdout, without secret links (see logs.py)

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_settings("DEBUG" if DEBUG else "INFO")
