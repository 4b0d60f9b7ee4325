"""Django settings of the DMS: Mayan's own, narrowed to what a municipality uses.

Everything that differs between tenants comes from the environment (modules/dms_environment.py). At the build of the
image nothing of it is there: `collectstatic` needs none.
"""

from __future__ import annotations

import json
import os

_MEDIA = os.environ.get("DMS_MEDIA", "/var/lib/dms")
_APPS = "mayan.apps"
# Not installed: ways in that nobody watches (e-mail, folders, scanners, archives), a second login (OTP, autoadmin),
# services outside (mail, AI, Google, Sentry), and what costs memory without being asked for.
_DISABLED = {
    "announcements": "AnnouncementsApp",
    "authentication_otp": "AuthenticationOTPApp",
    "autoadmin": "AutoAdminAppConfig",
    "credentials_google": "CredentialsGoogleApp",
    "django_gpg": "DjangoGPGApp",
    "document_signatures": "DocumentSignaturesApp",
    "documentation": "DocumentationApp",
    "file_metadata": "FileMetadataApp",
    "file_metadata_clamav": "FileMetadataClamAVApp",
    "file_metadata_eml": "FileMetadataEMLApp",
    "file_metadata_exif": "FileMetadataEXIFApp",
    "file_metadata_msg": "FileMetadataMSGApp",
    "file_metadata_ollama": "FileMetadataOllamaApp",
    "file_metadata_openai": "FileMetadataOpenAIApp",
    "file_metadata_pypdf": "FileMetadataPyPDFApp",
    "fundraisers": "FundraisersAppConfig",
    "mailer": "MailerApp",
    "mirroring": "MirroringApp",
    "motd": "MOTDApp",
    "platforms_sentry": "PlatformsSentryApp",
    "quotas": "QuotasApp",
    "redactions": "RedactionsApp",
    "service_workers": "ServiceWorkersApp",
    "signature_captures": "SignatureCapturesApp",
    "source_compressed": "SourceCompressedApp",
    "source_emails": "SourceEmailsApp",
    "source_sane_scanners": "SourceSaneScannersApp",
    "source_staging_folders": "SourceStagingFoldersApp",
    "source_staging_storages": "SourceStagingStorageApp",
    "source_watch_folders": "SourceWatchFoldersApp",
    "source_watch_storages": "SourceWatchStorageApp",
    "web_links": "WebLinksApp",
}
_DISABLED_ALSO = ["drf_spectacular_sidecar"]
_ISSUER = os.environ.get("DMS_ISSUER", "https://identity.invalid/realms/none")
_BACK_CHANNEL = os.environ.get("DMS_ISSUER_INTERNAL", _ISSUER)
_BROKER = f"redis://:{os.environ.get('DMS_BROKER_PASSWORD', '')}@{os.environ.get('DMS_BROKER_HOST', 'localhost:6379')}"
_OPENID = f"{_ISSUER}/protocol/openid-connect"
_OPENID_INTERNAL = f"{_BACK_CHANNEL}/protocol/openid-connect"
_MAYAN = {
    "MEDIA_ROOT": _MEDIA,
    "COMMON_DISABLE_LOCAL_STORAGE": True,
    "COMMON_DISABLED_APPS": [f"{_APPS}.{app}.apps.{name}" for app, name in _DISABLED.items()] + _DISABLED_ALSO,
    "COMMON_EXTRA_APPS": ["einklang_dms.apps.EinklangApp"],
    "COMMON_PROJECT_TITLE": os.environ.get("DMS_TITLE", "E-Akte"),
    "APPEARANCE_THEME_USER_SELECTION_ENABLED": False,
    "AUTHENTICATION_BACKEND": "einklang_dms.authentication_backends.TenantIdentity",
    "AUTHENTICATION_BACKEND_ARGUMENTS": {
        "oidc_op_authorization_endpoint": f"{_OPENID}/auth",
        "oidc_op_jwks_endpoint": f"{_OPENID_INTERNAL}/certs",
        "oidc_op_token_endpoint": f"{_OPENID_INTERNAL}/token",
        "oidc_op_user_endpoint": f"{_OPENID_INTERNAL}/userinfo",
        # How soon a role that was taken away in the realm is gone here too.
        "oidc_renew_id_token_expiry_seconds": 900.0,
        "oidc_rp_client_id": os.environ.get("DMS_CLIENT_ID", "dms"),
        "oidc_rp_client_secret": os.environ.get("DMS_CLIENT_SECRET", "none"),
        "oidc_rp_sign_algo": "RS256",
        "oidc_username_algo": "einklang_dms.identity.username",
    },
    "AUTHENTICATION_DISABLE_PASSWORD_RESET": True,
    "AUTHENTICATION_OIDC_USER_PROFILE_URL": f"{_ISSUER}/account/",
    # Locks stand in the database: they hold between pods, and a broker that is killed takes none with it.
    "LOCK_MANAGER_BACKEND": f"{_APPS}.lock_manager.backends.model_lock.ModelLock",
    # Search reads the tables themselves: no index to lose, to lock or to share between pods.
    "SEARCH_BACKEND": f"{_APPS}.dynamic_search.backends.django.DjangoSearchBackend",
    "SERVER_SIDE_EVENTS_BACKEND": "einklang_dms.sse_backends.Broker",
    "SERVER_SIDE_EVENTS_BACKEND_ARGUMENTS": {"url": f"{_BROKER}/1"},
    "SERVER_SIDE_EVENTS_POLL_INTERVAL": 5,
    "CELERY_BROKER_URL": f"{_BROKER}/0",
    # What waits for all pages of a document counts them here.
    "CELERY_RESULT_BACKEND": f"{_BROKER}/2",
    "OCR_AUTO_OCR": True,
    "DOCUMENTS_LANGUAGE": "deu",
    "DOCUMENTS_LANGUAGE_CODES": ["deu", "eng"],
    "FORMS_SHOW_DROPZONE_SUBMIT_BUTTON": False,
    "LANGUAGES": [["de", "Deutsch"], ["en", "English"]],
    "LOCALES_USER_DEFAULT_LANGUAGE": "de",
    "LOCALES_USER_DEFAULT_TIMEZONE": "Europe/Berlin",
    # Warnings quote what somebody searched for.
    "LOGGING_LEVEL": "ERROR",
    "LOGGING_DISABLE_COLOR_FORMATTER": True,
}
os.environ.update({f"MAYAN_{name}": json.dumps(value) for name, value in _MAYAN.items()})
_TRANSPORT = "einklang_dms.broker:Transport"
# At the build and before the first migration neither a table of locks nor a broker is there.
if os.environ.get("DMS_DATABASE_READY", "yes") != "yes":
    _TRANSPORT = "memory"
    os.environ["MAYAN_CELERY_BROKER_URL"] = "memory://"
    os.environ["MAYAN_CELERY_RESULT_BACKEND"] = "cache+memory://"
    os.environ["MAYAN_LOCK_MANAGER_BACKEND"] = f"{_APPS}.lock_manager.backends.file_lock.FileLock"
os.environ.setdefault("MAYAN_SECRET_KEY", "only at the build of the image")

from mayan.settings.production import *  # noqa: E402, F403

DEBUG = False
ROOT_URLCONF = "einklang_dms.urls"
STATIC_ROOT = "/opt/dms/static"
STATICFILES_DIRS = [path for path in ("/opt/dms/libraries",) if os.path.isdir(path)]  # noqa: PTH112
ALLOWED_HOSTS = [os.environ.get("DMS_HOSTNAME", "dms.invalid"), "dms", "localhost"]
# The front is the only one that reaches the port (modules/flows.py), and it sets the header anew.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [f"https://{ALLOWED_HOSTS[0]}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = int(os.environ.get("DMS_SESSION_SECONDS", "36000"))
CORS_ORIGIN_ALLOW_ALL = False
LANGUAGE_CODE = "de"
LANGUAGES = (("de", "Deutsch"), ("en", "English"))
TIME_ZONE = "Europe/Berlin"
FILE_UPLOAD_TEMP_DIR = "/tmp"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20

LOGIN_URL = "/oidc/authenticate/"
LOGIN_REDIRECT_URL = "/"
LOGIN_REDIRECT_URL_FAILURE = "/oidc/refused/"
LOGOUT_REDIRECT_URL = "/"
OIDC_RP_SCOPES = "openid"
OIDC_USE_PKCE = True
OIDC_STORE_ID_TOKEN = True
OIDC_TIMEOUT = (5, 15)
# The API takes the session of a browser and nothing else: no password, no token of its own, no token of the realm,
# which another client of it may have got.
REST_FRAMEWORK = {
    **REST_FRAMEWORK,  # noqa: F405
    "DEFAULT_AUTHENTICATION_CLASSES": ("einklang_dms.api.Session",),
}
MIDDLEWARE = (*MIDDLEWARE, "einklang_dms.uploads.CheckUploads")  # noqa: F405

EINKLANG = {
    "issuer": _ISSUER,
    "end_session": f"{_OPENID}/logout",
    "language": _MAYAN["DOCUMENTS_LANGUAGE"],
    "home": f"https://{ALLOWED_HOSTS[0]}/",
    "title": _MAYAN["COMMON_PROJECT_TITLE"],
    "roles": ("registrar", "clerk", "auditor", "administrator"),
    "upload_max_mib": int(os.environ.get("DMS_UPLOAD_MAX_MIB", "100")),
    "upload_types": tuple(os.environ.get("DMS_UPLOAD_TYPES", "application/pdf").split()),
    "clamd": os.environ.get("DMS_CLAMD", ""),
}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("DMS_DATABASE_HOST", ""),
        "PORT": os.environ.get("DMS_DATABASE_PORT", "5432"),
        "NAME": os.environ.get("DMS_DATABASE_NAME", "dms"),
        "USER": os.environ.get("DMS_DATABASE_USER", "dms"),
        "PASSWORD": os.environ.get("DMS_DATABASE_PASSWORD", ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "sslmode": "verify-full",
            "sslrootcert": os.environ.get("DMS_DATABASE_CA", ""),
            # Of a node that is lost nobody says that it is gone; without these a request waits for it for minutes.
            "connect_timeout": 5,
            "tcp_user_timeout": 5000,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
        },
    }
}
if "DMS_DATABASE_POOL" in os.environ:
    # Threads share a few connections, whatever their number.
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": int(os.environ["DMS_DATABASE_POOL"])}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600

# What a killed worker had begun is begun again by the next one (redelivery.py), after this time at the latest.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800, "health_check_interval": 30}
CELERY_BROKER_TRANSPORT = _TRANSPORT
# Who sends a task waits for a broker that is away: a browser for a quarter of a minute, the worker as long as it takes
# (redelivery.py).
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 15, "interval_start": 0.2, "interval_step": 0.2, "interval_max": 1}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
