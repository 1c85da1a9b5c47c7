"""Every setting, read once from the environment and typed.

Two modes: `production` (the default) has no default for any secret or address and refuses to start
without them; `local` is what manage.py and `make run` use, with secrets made on this machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF

from config.forwarding import parse_networks, port_of
from config.logs import configuration

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
MODE: str = env.str("TRIBUTARY_MODE", default="production")
if MODE not in {"local", "production"}:
    raise ValueError(f"TRIBUTARY_MODE is {MODE!r}: it is 'local' or 'production'")
LOCAL: bool = MODE == "local"

SECRET_KEY: str = env.str("SECRET_KEY")
LINK_KEYS: list[str] = env.list("LINK_KEYS")  # dashboard links; the first signs, all verify
CLICK_KEYS: list[str] = env.list("CLICK_KEYS")  # click ids; the same
DETAILS_KEYS: list[str] = env.list("DETAILS_KEYS")  # payout details; the first seals, all open
for _name, _keys in (
    ("SECRET_KEY", [SECRET_KEY]),
    ("LINK_KEYS", LINK_KEYS),
    ("CLICK_KEYS", CLICK_KEYS),
    ("DETAILS_KEYS", DETAILS_KEYS),
):
    if not _keys or not all(key.strip() for key in _keys):
        raise ValueError(f"{_name} is empty: it needs a secret")
BASE_URL: str = env.str("BASE_URL").rstrip("/")
# The one port that a Host header may name: Django itself checks only the host's name.
PUBLIC_PORT: int | None = None if LOCAL else port_of(BASE_URL)
DEBUG = False
ALLOWED_HOSTS: list[str] = (
    ["127.0.0.1", "localhost", "testserver"] if LOCAL else env.list("ALLOWED_HOSTS")
)
CSRF_TRUSTED_ORIGINS: list[str] = [BASE_URL]

# --- Application
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "csp",
    "django_htmx",
    "django_prose_editor",
    "js_asset",
    "pgtrigger",
    "template_partials",
    "core",
    "accounts",
    "notifications",
    "affiliates",
    "offers",
    "payouts",
    "tracking",
    "brand_admin",
    "portal",
    "api",
    *(["config.local"] if LOCAL else []),
]
MIDDLEWARE = [
    "config.request_log.log_requests",
    "api.metrics.time_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.languages.speak_the_readers_language",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "core.templatetags.components",
                "core.templatetags.display",
                "core.templatetags.page",
            ],
        },
    }
]

# Requests that one web process works on at a time; see config.rsgi.
WEB_THREADS: int = env.int("WEB_THREADS", default=8)

# --- Data
DATABASES: dict[str, Any] = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"]["pool"] = {
    "min_size": 0,
    "max_size": env.int("DATABASE_POOL_SIZE", default=16),
    "timeout": 30,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TENANT_MODEL = "accounts.Brand"
REDIS_URL: str = env.str("REDIS_URL")
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A cache that hangs must not hang the pages that can do without it.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},  # seconds
    }
}

# --- Celery: carries hints; PostgreSQL holds the work
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Whoever sends a hint doesn't wait for a broker that is away: the sweep finds the work.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,  # seconds
    "interval_max": 0.1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_ALWAYS_EAGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_REDIRECT_STDOUTS = False  # its logs go the way of all logs; see config.celery
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "config.celery:Scheduler"
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "notifications.sweep": {
        "task": "notifications.sweep",
        "schedule": 1.0,
        "options": {"expires": 10},  # seconds: workers that were away don't catch up on them
    },
    "brand_admin.sweep_work": {
        "task": "brand_admin.sweep_work",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "tracking.send_waiting_items": {
        "task": "tracking.send_waiting_items",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "tracking.fold_sums": {
        "task": "tracking.fold_sums",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "tracking.credit_clicks": {
        "task": "tracking.credit_clicks",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
}

# --- Mail
# EMAIL_URL is an SMTP address; EMAIL_BACKEND may name one of anymail's providers instead.
vars().update(env.email_url("EMAIL_URL"))
EMAIL_BACKEND: str = env.str("EMAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend")
EMAIL_TIMEOUT: int = env.int("EMAIL_TIMEOUT", default=30)  # seconds
MESSAGE_LEASE: int = env.int("MESSAGE_LEASE", default=300)  # seconds; see notifications.services
WORK_LEASE: int = env.int("WORK_LEASE", default=60)  # seconds; see accounts.background
# Seconds after which a mail that was turned away for now is tried again; then it has failed.
MESSAGE_BACKOFF: list[int] = env.list(
    "MESSAGE_BACKOFF", cast=int, default=[60, 300, 900, 3_600, 7_200, 14_400]
)
EMAIL_RATE: float = env.float("EMAIL_RATE", default=0.0)  # mails a second; 0 is no limit
ANYMAIL: dict[str, Any] = env.json("ANYMAIL", default={})  # keys of the delivery service
# The services whose webhooks are open, by anymail's names; see api.email_webhooks.
EMAIL_WEBHOOKS: list[str] = env.list("EMAIL_WEBHOOKS", default=[])
# What the sending domain's records must hold; see notifications.sender_identity.
DKIM_SELECTORS: list[str] = env.list("DKIM_SELECTORS", default=[])
SPF_INCLUDE: str = env.str("SPF_INCLUDE", default="")
DEFAULT_FROM_EMAIL: str = env.str(
    "DEFAULT_FROM_EMAIL", **({"default": "tracking@tributary.example"} if LOCAL else {})
)

# --- People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600  # seconds
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
# Codes per client and per address: with five tries each, guessing an address's six digits for a
# whole day stays below one chance in eight hundred.
ACCOUNT_RATE_LIMITS = {"request_login_code": "20/m/ip,3/m/key,10/h/key"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds
SESSION_COOKIE_HTTPONLY = True

# --- Language, time, files
# Of the pages and mails that members and creators read; staff are spoken to in English.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("de", "Deutsch"), ("fr", "Français")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / ("staticfiles" if not LOCAL else ".local/staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = LOCAL
WHITENOISE_AUTOREFRESH = LOCAL

# --- Security
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # a view that one of our own pages frames says so itself
SECURE_SSL_REDIRECT = not LOCAL
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not LOCAL
SECURE_HSTS_PRELOAD = not LOCAL
# The networks of the proxies in front, which say the scheme and the client: see config.forwarding.
# Nobody else is believed, and nothing but that module reads X-Forwarded-For or X-Forwarded-Proto.
TRUSTED_PROXIES = parse_networks(env.list("TRUSTED_PROXIES", default=[]))
SESSION_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_SECURE = not LOCAL
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    }
}

# Opens /metrics, as `Authorization: Bearer …`; without one there is no such page.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")

# --- Logs: structured lines on stderr, and nothing in one that opens something; see config.logs
ACCESS_LOG: bool = env.bool("ACCESS_LOG", default=not LOCAL)  # one line per request
LOGGING: dict[str, Any] = configuration(
    level=env.str("LOG_LEVEL", default="WARNING"), as_json=not LOCAL, access=ACCESS_LOG
)
