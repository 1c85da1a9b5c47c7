"""Every setting, read once from the environment, with types.

There are two modes. `production` (the default) does not start without every secret and address.
manage.py and `make run` use `local`, with secrets made on this machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from kombu import Queue
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import limits
from config.forwarding import parse_networks, port_of
from config.logs import configuration
from config.schedule import SCHEDULE

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
MODE: str = env.str("TRIBUTARY_MODE", default="production")
if MODE not in {"local", "production"}:
    raise ValueError(f"TRIBUTARY_MODE is {MODE!r}: it is 'local' or 'production'")
LOCAL: bool = MODE == "local"

SECRET_KEY: str = env.str("SECRET_KEY")
# Former keys, which still verify what they signed: sessions, forms.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
LINK_KEYS: list[str] = env.list("LINK_KEYS")  # dashboard links; the first key signs, all verify
CLICK_KEYS: list[str] = env.list("CLICK_KEYS")  # click ids; the same
# Payout details and credentials of shops: the first seals, all open. core.sealing
DETAILS_KEYS: list[str] = env.list("DETAILS_KEYS")
PUBLIC_ID_KEY: str = env.str("PUBLIC_ID_KEY")  # the ids and cursors of the API. core.public_ids
# For digests of erased addresses: the first key makes them, all find them. notifications.erased
ERASED_KEYS: list[str] = env.list("ERASED_KEYS", default=[SECRET_KEY, *SECRET_KEY_FALLBACKS])
for _name, _keys in (
    ("SECRET_KEY", [SECRET_KEY, *SECRET_KEY_FALLBACKS]),
    ("ERASED_KEYS", ERASED_KEYS),
    ("LINK_KEYS", LINK_KEYS),
    ("CLICK_KEYS", CLICK_KEYS),
    ("DETAILS_KEYS", DETAILS_KEYS),
    ("PUBLIC_ID_KEY", [PUBLIC_ID_KEY]),
):
    if not _keys or not all(key.strip() for key in _keys):
        raise ValueError(f"{_name} is empty: it needs a secret")
BASE_URL: str = env.str("BASE_URL").rstrip("/")
# The host that brands' link domains lead to by a CNAME record, and the resolver that is asked about
# them, as address:port; without one, the machine's. tracking.links.link_domains
LINK_HOST: str = env.str("LINK_HOST", default=urlsplit(BASE_URL).hostname or "").lower()
DNS_SERVER: str = env.str("DNS_SERVER", default="")
STAND_INS: dict[str, str] = env.dict("STAND_INS", default={}) if LOCAL else {}  # core.outgoing
# The only port that a Host header may name: Django checks only the host's name.
PUBLIC_PORT: int | None = None if LOCAL else port_of(BASE_URL)
# Django's error page, with code and values: only in `make dev`, and only for this machine
# (config.local.loopback).
DEBUG: bool = LOCAL and env.bool("TRIBUTARY_DEV", default=False)
ALLOWED_HOSTS: list[str] = (
    ["127.0.0.1", "localhost", "testserver"] if LOCAL else env.list("ALLOWED_HOSTS")
)
CSRF_TRUSTED_ORIGINS: list[str] = [BASE_URL]
# A browser accepts a cookie with this prefix only from this very host, over TLS: another host under
# the same domain can't set it (RFC 6265bis). Local mode has no TLS.
HOST_PREFIX = "" if LOCAL else "__Host-"

# --- Application
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # config.platform names what it shows
    "accounts",  # before django.contrib.auth, whose command changepassword it extends
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
    "ninja",  # for its static files
    "pgtrigger",
    "template_partials",
    "core",
    "background",
    "notifications",
    "affiliates",
    "offers",
    "payouts",
    "tracking",
    "webhooks",
    "notices",
    "integrations",
    "brand_admin",
    "portal",
    "api",
    *(["config.local"] if LOCAL else []),
]
MIDDLEWARE = [
    "config.request_log.log_requests",
    "api.metrics.time_requests",
    "config.unavailable.retry_once",
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFiles",
    "config.content_policy.ContentPolicy",
    "config.languages.use_readers_language",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.session_use.note_session_use",
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
FORM_RENDERER = "core.components.CompiledWidgets"

# --- Data
DATABASES: dict[str, Any] = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["ENGINE"] = "core.postgres"
DATABASES["default"]["OPTIONS"] = {
    **limits.DATABASE_KEEPALIVE,
    **DATABASES["default"].get("OPTIONS", {}),
    "pool": {"max_size": limits.DATABASE_POOL_SIZE, "limits": limits.DATABASE_LIMITS},
}
# A constraint in SQL is checked by PostgreSQL alone; no form saves these rows.
SILENCED_SYSTEM_CHECKS = ["models.W045"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TENANT_MODEL = "accounts.Brand"
REDIS_URL: str = env.str("REDIS_URL")
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "core.cache.DispensableCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "socket_connect_timeout": limits.CACHE_TIMEOUT,
            "socket_timeout": limits.CACHE_TIMEOUT,
            "retry": Retry(NoBackoff(), 0),  # redis-py would try three times more
        },
    }
}

# --- The API
API_RATE, API_BURST = limits.API_RATE, limits.API_BURST
SCRIPT_RATE, SCRIPT_BURST = limits.SCRIPT_RATE, limits.SCRIPT_BURST
SCRIPT_CLIENT_RATE, SCRIPT_CLIENT_BURST = limits.SCRIPT_CLIENT_RATE, limits.SCRIPT_CLIENT_BURST
MAX_REPORT_BYTES: int = limits.MAX_REPORT_BYTES

# --- Clicks: see docs/clicks.md
CLICKS_URL: str = env.str("CLICKS_URL", default=REDIS_URL)
_FOLDER = str(BASE_DIR / ".local/clicks") if LOCAL else "/var/lib/tributary-clicks"
CLICKS_FOLDER: str = env.str("CLICKS_FOLDER", default=_FOLDER)
CLICKS_MAX_WAITING = limits.CLICKS_MAX_WAITING
CLICKS_MAX_ENTRIES = limits.CLICKS_MAX_ENTRIES
LINKS_CACHED = limits.LINKS_CACHED
# Seconds after which another consumer takes over what one has not finished.
CLICKS_LEASE: float = env.float("CLICKS_LEASE", default=30.0)

# --- Celery: a message names a row; PostgreSQL holds the work
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Enqueuing does not wait for a broker that is away: the sweep finds the work.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,  # seconds
    "interval_max": 0.1,
    # For a frozen or unreachable broker. A worker's wait for messages has no such limit; the worker
    # checks the connection every few seconds instead.
    "socket_timeout": limits.BROKER_TIMEOUT,
    "socket_connect_timeout": limits.BROKER_TIMEOUT,
    "socket_keepalive": True,
    "health_check_interval": limits.BROKER_CHECK_SECONDS,
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for ever
# A task that runs when the broker fails is finished. Its message arrives again, and does nothing.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# In production, tasks that wait for servers of others have separate workers: slow shops keep
# those, and never the ones that send mails. A worker without -Q takes the tasks of both queues.
CELERY_TASK_QUEUES = [Queue("celery"), Queue("outside")]
CELERY_TASK_ROUTES = {
    name: {"queue": "outside"}
    for name in (
        "brand_admin.do_outside_work", "brand_admin.post_digests", "integrations.compare_codes",
        "integrations.fill", "integrations.work_events", "tracking.check_link_domains",
        "webhooks.sweep",
    )
}  # fmt: skip
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_REDIRECT_STDOUTS = False  # it logs like all processes; see config.celery
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "config.celery:Scheduler"
CELERY_BEAT_SCHEDULE: dict[str, Any] = SCHEDULE

# --- Mail
# EMAIL_URL is an SMTP address; EMAIL_BACKEND may name one of anymail's providers instead.
vars().update(env.email_url("EMAIL_URL"))
EMAIL_BACKEND: str = env.str("EMAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend")
EMAIL_TIMEOUT = limits.EMAIL_TIMEOUT
MESSAGE_LEASE: int = env.int("MESSAGE_LEASE", default=300)  # seconds; see notifications.services
WORK_LEASE: int = env.int("WORK_LEASE", default=60)  # seconds; see background.running
WEBHOOK_SENDERS: int = env.int("WEBHOOK_SENDERS", default=1)  # at a time; see webhooks.sending
# Seconds before each retry of a mail that was refused temporarily; after the last it has failed.
MESSAGE_BACKOFF: list[int] = env.list(
    "MESSAGE_BACKOFF", cast=int, default=[60, 300, 900, 3_600, 7_200, 14_400]
)
EMAIL_RATE: float = env.float("EMAIL_RATE", default=0.0)  # mails a second; 0 is no limit
ANYMAIL: dict[str, Any] = {
    "REQUESTS_TIMEOUT": limits.EMAIL_TIMEOUT,
    **env.json("ANYMAIL", default={}),  # keys of the delivery service
}
# The services whose webhooks are open, by anymail's names; see api.email_webhooks.
EMAIL_WEBHOOKS: list[str] = env.list("EMAIL_WEBHOOKS", default=[])
# What the sending domain's DNS records must hold; see notifications.sender_identity.
DKIM_SELECTORS: list[str] = env.list("DKIM_SELECTORS", default=[])
SPF_INCLUDE: str = env.str("SPF_INCLUDE", default="")
DEFAULT_FROM_EMAIL: str = env.str(
    "DEFAULT_FROM_EMAIL", **({"default": "tracking@tributary.example"} if LOCAL else {})
)

# --- People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.login_backend.LoginBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "accounts.passwords.LeakedPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # an address without a login gets no mail
ACCOUNT_FORMS = {"user_token": "accounts.password_reset.PasswordResetKeyForm"}
# Django's: the key ends when password, address or last login change, and needs no table.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 # pragma: allowlist secret
# Wrong passwords and second factors are counted in PostgreSQL: see accounts.code_limits.
ACCOUNT_RATE_LIMITS = {"login": "", "login_failed": ""}
ACCOUNT_LOGIN_BY_CODE_ENABLED = False  # ours is affiliates.code_login
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
MFA_FORMS = {
    "authenticate": "accounts.second_factor_forms.AuthenticateForm",
    "reauthenticate": "accounts.second_factor_forms.ReauthenticateForm",
    "add_webauthn": "accounts.security_key_forms.AddKeyForm",
    "authenticate_webauthn": "accounts.security_key_forms.AuthenticateForm",
    "login_webauthn": "accounts.security_key_forms.LoginForm",
    "reauthenticate_webauthn": "accounts.security_key_forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
SESSION_ENGINE = "accounts.sessions"
# Seconds that a session lasts without use, and since its login; see accounts.sessions.
SESSION_LIMITS: dict[str, tuple[int, int]] = {
    "operator": (
        env.int("OPERATOR_SESSION_IDLE", default=30 * 60),
        env.int("OPERATOR_SESSION_WHOLE", default=12 * 3600),
    ),
    "staff": (
        env.int("STAFF_SESSION_IDLE", default=12 * 3600),
        env.int("STAFF_SESSION_WHOLE", default=7 * 24 * 3600),
    ),
    "creator": (
        env.int("CREATOR_SESSION_IDLE", default=30 * 24 * 3600),
        env.int("CREATOR_SESSION_WHOLE", default=90 * 24 * 3600),
    ),
    "visitor": (3600, 24 * 3600),  # who has not logged in, such as between address and code
}
SESSION_COOKIE_AGE = max(whole for _idle, whole in SESSION_LIMITS.values())  # the row ends it first
SESSION_COOKIE_HTTPONLY = True
KNOWN_BROWSER_COOKIE_NAME = "known_browser" if LOCAL else "__Host-known_browser"

# --- Language, time, files
# For the pages and mails of members and creators; pages for staff are in English.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español"), ("de", "Deutsch"), ("fr", "Français")]
LANGUAGE_COOKIE_NAME = f"{HOST_PREFIX}language"
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
X_FRAME_OPTIONS = "DENY"  # a view that one of our pages shows in a frame overrides it
SECURE_SSL_REDIRECT = not LOCAL
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = not LOCAL
SECURE_HSTS_PRELOAD = not LOCAL
# The networks of the proxies, which set the scheme and the client. Only config.forwarding reads
# X-Forwarded-For and X-Forwarded-Proto, and only from these networks.
TRUSTED_PROXIES = parse_networks(env.list("TRUSTED_PROXIES", default=[]))
SESSION_COOKIE_NAME = f"{HOST_PREFIX}sessionid"
SESSION_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_NAME = f"{HOST_PREFIX}csrftoken"
CSRF_COOKIE_SECURE = not LOCAL
MESSAGE_STORAGE = "config.message_cookie.MessageStorage"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF], "script-src": [SELF, NONCE], "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"], "object-src": [NONE], "base-uri": [NONE],
        "form-action": [SELF], "frame-ancestors": [SELF],
    }
}  # fmt: skip

# Opens /metrics, as `Authorization: Bearer …`; without a token there is no such page.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")

# --- Logs: structured lines on stderr, without secrets; see config.logs
ACCESS_LOG: bool = env.bool("ACCESS_LOG", default=not LOCAL)  # one line per request
LOGGING: dict[str, Any] = configuration(
    level=env.str("LOG_LEVEL", default="WARNING"), as_json=not LOCAL, access=ACCESS_LOG
)
