"""All settings. Each value that differs between installations is read from the environment, once, here."""

from pathlib import Path

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from structlog.typing import Processor

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, hint: str) -> str:
    """Return the value of an environment variable, or say how to set it."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


DEBUG = env.bool("DEBUG", default=True)

DEVELOPMENT_SECRET_KEY = "for-development-only-and-refused-when-debug-is-off"  # noqa: S105
SECRET_KEY = env.str("SECRET_KEY", default="") or DEVELOPMENT_SECRET_KEY
if not DEBUG and SECRET_KEY == DEVELOPMENT_SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. With DEBUG off, set it to 50 or more random characters.")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "campaigns",
    "segments",
    "recommender",
    "loyalty",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "django_filters",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # The lists that the pages of a shop wait for need nothing of what follows.
    "recommender.api.quick.QuickLists",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "loyalty.middleware.ReadableAddressMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Default deny: a page is public only where its view says so.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "loyalty.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "loyalty.urls"
WSGI_APPLICATION = "loyalty.wsgi.application"
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
            ],
        },
    },
]

# --- Data ---------------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url_config(
        required(
            "DATABASE_URL",
            "Use `python -m loyalty.embedded run -- python manage.py …` for the embedded server, "
            "or set DATABASE_URL=postgres://user:password@host:5432/name.",
        )
    )
}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
ARTEFACT_DIR = Path(env.str("ARTEFACT_DIR", default=str(VAR_DIR / "artefacts")))
UPLOAD_DIR = Path(env.str("UPLOAD_DIR", default=str(VAR_DIR / "uploads")))
# Computed features are kept as files below VAR_DIR; what was read longest ago goes first.
FEATURE_CACHE_BYTES = env.int("FEATURE_CACHE_BYTES", default=1024 * 1024 * 1024)
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_BYTES", default=256 * 1024 * 1024)
# Where scheduled sources may look: no folder of this machine and no machine of the inner network unless named here.
IMPORT_PROTOCOLS = env.list("IMPORT_PROTOCOLS", default=["file", "s3", "gs", "gcs", "abfs", "https", "sftp"])
IMPORT_ROOTS = env.list("IMPORT_ROOTS", default=[])
IMPORT_PRIVATE_HOSTS = env.list("IMPORT_PRIVATE_HOSTS", default=[])
# A file that changes between two looks so far apart is still being written.
IMPORT_SETTLE_SECONDS = env.float("IMPORT_SETTLE_SECONDS", default=3.0)
# What may speak for a product to a customer who bought nothing yet. No income, gender or anything else that is nobody's
# business unless it is named here.
COLD_START_TRAITS = env.list("COLD_START_TRAITS", default=["age_group", "household_type", "household_size"])
# Every trained version is copied there as well; the registry is complete without it.
MLFLOW_TRACKING_URI = env.str("MLFLOW_TRACKING_URI", default="")
DEFAULT_CURRENCY = env.str("DEFAULT_CURRENCY", default="USD")

# --- Time: stored in UTC, shown and cut into days in the shop's zone ------------------------------
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
LANGUAGE_CODE = "en-us"
USE_I18N = False
# Numbers for people pass the filters in `formats`, which group them; a bare number in a template is a key in a link.
USE_THOUSAND_SEPARATOR = False

# --- Work ----------------------------------------------------------------------------------------
CELERY_BROKER_URL = required(
    "BROKER_URL",
    "Use `python -m loyalty.embedded run -- …` for the embedded broker, or set BROKER_URL=redis://host:6379/0.",
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker killed with a message in hand: the broker gives it to the next one within seconds, not minutes.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4 * 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 8
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_TASK_DEFAULT_QUEUE = env.str("QUEUE", default="default")
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
JOB_SWEEP_SECONDS = 5
SOURCES_DUE_SECONDS = 60
BEHAVIOUR_DUE_SECONDS = 3600
# Lists look at the stock when they are read; this is how late the log of what stands in for what may be.
STOCK_LOG_SECONDS = 30
CELERY_BEAT_SCHEDULE = {
    "sweep-features": {"task": "loyalty.sweep_features", "schedule": 600, "options": {"expires": 600}},
    "sweep-jobs": {
        "task": "loyalty.sweep_jobs",
        "schedule": JOB_SWEEP_SECONDS,
        # A sweep nobody ran in time is worthless: the next one is on its way.
        "options": {"expires": JOB_SWEEP_SECONDS},
    },
    "visit-due-sources": {
        "task": "loyalty.visit_due_sources",
        "schedule": SOURCES_DUE_SECONDS,
        "options": {"expires": SOURCES_DUE_SECONDS},
    },
    "look-for-reviews": {"task": "loyalty.look_for_reviews", "schedule": 60, "options": {"expires": 60}},
    "sweep-imports": {"task": "loyalty.sweep_imports", "schedule": 3600, "options": {"expires": 3600}},
    "sweep-offers": {"task": "campaigns.sweep_offers", "schedule": 600, "options": {"expires": 600}},
    "learn-reception": {"task": "campaigns.learn_when_due", "schedule": 120, "options": {"expires": 120}},
    "learn-launches": {"task": "campaigns.learn_launches_when_due", "schedule": 600, "options": {"expires": 600}},
    "sweep-lists": {"task": "recommender.sweep_lists", "schedule": 3600, "options": {"expires": 3600}},
    "retrain-when-due": {"task": "recommender.retrain_when_due", "schedule": 3600, "options": {"expires": 3600}},
    "refresh-segments": {"task": "segments.refresh_when_due", "schedule": 300, "options": {"expires": 300}},
    "assign-to-segments": {"task": "segments.assign_when_changed", "schedule": 60, "options": {"expires": 60}},
    "look-at-segments": {"task": "segments.look_when_due", "schedule": 3600, "options": {"expires": 3600}},
    "sweep-calls": {"task": "loyalty.sweep_calls", "schedule": 3600},
    "read-behaviour": {
        "task": "loyalty.read_behaviour_when_due",
        "schedule": BEHAVIOUR_DUE_SECONDS,
        "options": {"expires": BEHAVIOUR_DUE_SECONDS},
    },
    "read-rhythm": {
        "task": "segments.read_rhythm_when_due",
        "schedule": BEHAVIOUR_DUE_SECONDS,
        "options": {"expires": BEHAVIOUR_DUE_SECONDS},
    },
    "replace-what-is-out": {
        "task": "recommender.replace_what_is_out",
        "schedule": STOCK_LOG_SECONDS,
        "options": {"expires": STOCK_LOG_SECONDS},
    },
}
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=45)
JOB_MAX_ATTEMPTS = env.int("JOB_MAX_ATTEMPTS", default=5)

# --- Browser ---------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "build" / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "loyalty.staticfinder.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Off only where nobody but this machine connects, as in the demo.
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
EMPTY_STYLE_HASH = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"  # Plotly adds an empty <style>
# and one for its maps when it is loaded; tests/loyalty/test_pages.py says when a new Plotly has another.
MAP_STYLE_HASH = "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, EMPTY_STYLE_HASH, MAP_STYLE_HASH],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- API -------------------------------------------------------------------------------------------
# A call of the API, or a form without its files; room for a thousand orders.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("MAX_BODY_BYTES", default=8 * 1024 * 1024)
# For each key; a call to batch-upsert brings up to a thousand rows.
API_CALLS_PER_MINUTE = {
    "read": env.int("API_READS_PER_MINUTE", default=1200),
    "write": env.int("API_WRITES_PER_MINUTE", default=600),
    "anonymous": 30,
}
# So many keys of one person may go as fast as they can at the same time.
API_KEYS_AT_FULL_SPEED = 3
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "loyalty.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["loyalty.api.permissions.ModelPermissions"],
    "DEFAULT_PARSER_CLASSES": ["loyalty.api.parsers.StorableJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "loyalty.api.paging.StablePaging",
    "DEFAULT_FILTER_BACKENDS": ["loyalty.api.filters.StrictFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["loyalty.api.throttles.CallThrottle"],
    # The caller's own address, and not what a caller claims to be forwarded for.
    "NUM_PROXIES": 1 if SECURE_PROXY_SSL_HEADER else 0,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "loyalty.api.problems.respond",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rehearsal",
    "DESCRIPTION": (
        "Push customers, products and orders in; read segments, forecasts and recommendations back.\n\n"
        "**Log in** with a key from the page Settings: `Authorization: Bearer rk_…`. A key may do what its scopes "
        "name, and never more than the person who made it may do in the browser.\n\n"
        "**Sent again**: with an `Idempotency-Key` a call is done once and answered the same for 24 hours; another "
        "call under the same key is refused (422), one that is still under way too (409). A refusal did nothing and is "
        "not kept.\n\n"
        "**Read, then changed**: one record comes with an `ETag`. `If-None-Match` saves reading it again (304); "
        "`PATCH` and `DELETE` want `If-Match` (428 without, 412 when somebody else was quicker).\n\n"
        "**Limits** are told with every answer (`RateLimit`, `RateLimit-Policy`); beyond them 429 and `Retry-After`. "
        "One call brings up to 1,000 rows.\n\n"
        "**Lists** come in pages of up to 500 rows (`page_size`); follow `next` until it is null. Rows that arrive "
        "meanwhile neither shift nor repeat what follows. A filter that does not exist is refused.\n\n"
        "**Refusals** are problem details (RFC 9457, `application/problem+json`): `detail` is a sentence, `errors` "
        "names every field with its reason.\n\n"
        "**Times** carry their offset from UTC, money is text with a decimal point beside its currency."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "validatorUrl": "none"},
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "AudienceKind": "campaigns.models.Audience.Kind",
        "SegmentKind": "segments.models.Segment.Kind",
        "CampaignState": "campaigns.models.Campaign.State",
        "TrialState": "campaigns.models.Trial.State",
        "JobState": "loyalty.models.Job.State",
        "Metric": "campaigns.models.simulations.Metric",
        "ForecastBasis": "campaigns.models.Forecast.Basis",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "loyalty.api.schema.describe_refusals",
    ],
    "TAGS": [
        {"name": "Customers", "description": "People, or households, who buy; addressed by the key of your CRM."},
        {"name": "Products", "description": "Things sold; addressed by SKU."},
        {"name": "Orders", "description": "Purchases and returns with their lines; addressed by your own key."},
        {"name": "Segments", "description": "Groups of customers and who is in them."},
        {"name": "Campaigns", "description": "Planned communications; rehearse one before it is sent."},
        {"name": "Simulations", "description": "Forecasts with their intervals, and what really happened."},
        {"name": "Recommendations", "description": "What the model in use recommends, with the reason."},
        {"name": "Jobs", "description": "Long-running work and how far it is."},
    ],
}

# --- Logs: one JSON object a line in production, readable lines while developing -----------------------
LOG_PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]
structlog.configure(
    processors=[*LOG_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": LOG_PROCESSORS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.dev.ConsoleRenderer(colors=False)
                if env.str("LOG_FORMAT", default="text" if DEBUG else "json") == "text"
                else structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # The learning libraries report every second of their work; the job's own progress says what people need.
    "loggers": {name: {"level": "WARNING"} for name in ("gensim", "jax")},
}
