"""Every setting, read from the environment. One block per concern.

Names without a prefix are conventions of the field; the rest begin with ``HARBOUR_``.
``docs/operations.md`` lists them all, and a test keeps that list true.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from support import local, logs
from support.api_settings import REST_FRAMEWORK as REST_FRAMEWORK
from support.api_settings import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- where things are kept ------------------------------------------------------------
HARBOUR_DATA = Path(env("HARBOUR_DATA", default=str(BASE_DIR / "var"))).resolve()
HARBOUR_DEMO = env.bool("HARBOUR_DEMO", default=False)
TESTING = env.bool("HARBOUR_TESTING", default=False)
DEBUG = False

# --- secrets --------------------------------------------------------------------------
_SECRETS = local.secrets_of(HARBOUR_DATA)


def _secret(name: str) -> str:
    """``NAME``, or the content of the file ``NAME_FILE``, or what the launcher generated."""
    if path := env(f"{name}_FILE", default=""):
        return Path(path).read_text().strip()
    if value := env(name, default="") or _SECRETS.get(name, ""):
        return str(value)
    raise ImproperlyConfigured(f"{name} is not set: see docs/operations.md")


def _optional(name: str) -> str:
    """The same, and empty when there is none."""
    path = env(f"{name}_FILE", default="")
    return Path(path).read_text().strip() if path else str(env(name, default=""))


SECRET_KEY = _secret("SECRET_KEY")
HARBOUR_KEYS = [key for key in _secret("HARBOUR_KEYS").split(",") if key]

# --- addresses of this service ----------------------------------------------------------
HARBOUR_URL = env("HARBOUR_URL", default=f"http://localhost:{env('PORT', default='8000')}")
_HOST = urlsplit(HARBOUR_URL).hostname or "localhost"
HARBOUR_MAIL_DOMAIN = env("HARBOUR_MAIL_DOMAIN", default=_HOST)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_HOST, "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [HARBOUR_URL]
HARBOUR_TRUSTED_PROXIES = env.list("HARBOUR_TRUSTED_PROXIES", default=[])
if HARBOUR_DEMO and not (
    _HOST in {"localhost", "127.0.0.1", "::1"} or _HOST.endswith(".localhost")
):
    raise ImproperlyConfigured("The demo has a known password and refuses a public host name.")

# --- servers ----------------------------------------------------------------------------
DATABASE_URL = env("DATABASE_URL", default="")
REDIS_URL = env("REDIS_URL", default="")
if not (DATABASE_URL and REDIS_URL):
    _database, _redis = local.ensure(HARBOUR_DATA)
    DATABASE_URL, REDIS_URL = DATABASE_URL or _database, REDIS_URL or _redis
_OPTIONS = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"
DATABASES = {
    "default": {
        **environ.Env.db_url_config(DATABASE_URL),
        "ENGINE": "support.postgres",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"connect_timeout": 5, "options": _OPTIONS},
    }
}
if _socket := parse_qs(urlsplit(DATABASE_URL).query).get("host"):
    DATABASES["default"]["HOST"] = _socket[0]
if env.bool("HARBOUR_POOLER", default=False):  # PgBouncer takes no start-up options
    DATABASES["default"]["OPTIONS"].pop("options")
if _sslmode := parse_qs(urlsplit(DATABASE_URL).query).get("sslmode"):
    DATABASES["default"]["OPTIONS"]["sslmode"] = _sslmode[0]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- applications -----------------------------------------------------------------------
INSTALLED_APPS = [
    "support",
    "people",
    "tickets",
    "channels",
    "notifications",
    "api",
    "console",
    "portal",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "csp",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
MIDDLEWARE = [
    "support.web.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "support.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ]
        },
    }
]
ASGI_APPLICATION = "support.asgi.application"

# --- sign-in ----------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/console/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/console/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "people.signin.StaffOnly"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

# --- language and time --------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = env("TZ", default="UTC")

# --- files ------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env("HARBOUR_STATIC", default=str(HARBOUR_DATA / "static")))
WHITENOISE_USE_FINDERS = not STATIC_ROOT.joinpath("staticfiles.json").exists()
_HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
_PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {
        "BACKEND": env(
            "HARBOUR_STORAGE", default="django.core.files.storage.filesystem.FileSystemStorage"
        ),
        "OPTIONS": env.json("HARBOUR_STORAGE_OPTIONS", default={}),
    },
    "staticfiles": {"BACKEND": _PLAIN if WHITENOISE_USE_FINDERS else _HASHED},
}
MEDIA_ROOT = HARBOUR_DATA / "files"
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS, DATA_UPLOAD_MAX_NUMBER_FILES = 200, 20
HARBOUR_UPLOAD_LIMIT = env.int("HARBOUR_UPLOAD_LIMIT", default=20 * 1024 * 1024)  # bytes a file
HARBOUR_UPLOAD_COUNT = env.int("HARBOUR_UPLOAD_COUNT", default=10)

# --- mail in ------------------------------------------------------------------------------
SMTP_PORT = env.int("SMTP_PORT", default=2525)
SMTP_HOST = env("SMTP_HOST", default="127.0.0.1")
HARBOUR_MAIL_LIMIT = env.int("HARBOUR_MAIL_LIMIT", default=25 * 1024 * 1024)  # bytes a mail
HARBOUR_SMTP_CONNECTIONS = env.int("HARBOUR_SMTP_CONNECTIONS", default=50)  # at once, a peer
HARBOUR_SMTP_RATE = env.int("HARBOUR_SMTP_RATE", default=6000)  # mails a minute, a peer
HARBOUR_AUTHSERV_ID = env("HARBOUR_AUTHSERV_ID", default="")  # our border's name, RFC 8601
HARBOUR_SENDER_RATE = env.int("HARBOUR_SENDER_RATE", default=20)  # new tickets an hour, a sender
HARBOUR_SPAM_SCORE = env.float("HARBOUR_SPAM_SCORE", default=0)  # 0: the relay is not believed
HARBOUR_HOOK_AGE = env.int("HARBOUR_HOOK_AGE", default=900)  # seconds a signed call is believed
# --- mail out -----------------------------------------------------------------------------
EMAIL_URL = env("EMAIL_URL", default="smtp://127.0.0.1:1025")
vars().update(environ.Env.email_url_config(EMAIL_URL))
EMAIL_BACKEND = env("HARBOUR_EMAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend")
EMAIL_TIMEOUT = 20
HARBOUR_UNDO_SECONDS = min(30, max(0, env.int("HARBOUR_UNDO_SECONDS", default=10)))  # of a reply
ANYMAIL = env.json("HARBOUR_ANYMAIL", default={})
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("HARBOUR_FROM", default=f"support@{HARBOUR_MAIL_DOMAIN}")
HARBOUR_SES_TOPICS = env.list("HARBOUR_SES_TOPICS", default=[])  # the SNS topics we trust
# --- signing in to mailboxes ----------------------------------------------------------------
HARBOUR_GOOGLE_CLIENT_ID = env("HARBOUR_GOOGLE_CLIENT_ID", default="")
HARBOUR_GOOGLE_CLIENT_SECRET = _optional("HARBOUR_GOOGLE_CLIENT_SECRET")
HARBOUR_MICROSOFT_CLIENT_ID = env("HARBOUR_MICROSOFT_CLIENT_ID", default="")
HARBOUR_MICROSOFT_CLIENT_SECRET = _optional("HARBOUR_MICROSOFT_CLIENT_SECRET")
HARBOUR_MICROSOFT_TENANT = env("HARBOUR_MICROSOFT_TENANT", default="organizations")
# Microsoft 365 run by 21Vianet has addresses of its own; see docs/email.md.
HARBOUR_MICROSOFT_LOGIN = env(
    "HARBOUR_MICROSOFT_LOGIN", default="https://login.microsoftonline.com"
)
HARBOUR_MICROSOFT_MAIL = env("HARBOUR_MICROSOFT_MAIL", default="https://outlook.office.com")

# --- tasks --------------------------------------------------------------------------------
CELERY_BROKER_URL = env("HARBOUR_BROKER_URL", default="") or local.broker_url(REDIS_URL)
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT, CELERY_TASK_SOFT_TIME_LIMIT = 300, None
CELERY_TASK_SERIALIZER, CELERY_ACCEPT_CONTENT = "json", ["json"]
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ALWAYS_EAGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}

# --- web security -------------------------------------------------------------------------
_HTTPS = HARBOUR_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
SECURE_SSL_REDIRECT = _HTTPS and env.bool("HARBOUR_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HARBOUR_TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # mail is shown in a sandboxed frame of our own pages
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # which wants DENY
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        **{f"{kind}-src": [SELF] for kind in ("default", "script", "style", "frame")},
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    },
}

# --- network out --------------------------------------------------------------------------
HARBOUR_PRIVATE_HOSTS = env.list("HARBOUR_PRIVATE_HOSTS", default=[])  # inside, and yet asked
HARBOUR_PROVIDERS = env.json("HARBOUR_PROVIDERS", default={})  # other bases for providers' APIs
HARBOUR_SIMULATORS = env.bool("HARBOUR_SIMULATORS", default=HARBOUR_DEMO)

# --- API: the rest stands in support/api_settings.py ---------------------------------------
HARBOUR_API_RATE = env.int("HARBOUR_API_RATE", default=600)  # calls a minute, a token

# --- logs -----------------------------------------------------------------------------------
LOGGING_CONFIG = None
logs.configure(as_json=env.bool("HARBOUR_LOG_JSON", default=not HARBOUR_DEMO))
HARBOUR_NAME = env("HARBOUR_NAME", default="Harbour")
HARBOUR_METRICS_TOKEN = _optional("HARBOUR_METRICS_TOKEN")  # what /metrics is asked with
