"""Our addresses before Mayan's: what is answered here never gets there."""

from __future__ import annotations

from django.urls import path, re_path

from einklang_dms import views

urlpatterns = [
    path("health/", views.health),
    path("oidc/refused/", views.refused),
    path("oidc/leave/", views.leave),
    path("oidc/back-channel-logout/", views.back_channel),
    path("authentication/logout/", views.leave),
    path("authentication/login/", views.to_login),
    re_path(r"^authentication/", views.nowhere),
    re_path(r"^api/v[0-9]+/auth/", views.nowhere),
    re_path(r"^api/(swagger|redoc)", views.nowhere),
]

# Mayan's apps add theirs to this list while they start.
from mayan.urls import urlpatterns as mayan_urls  # noqa: E402

urlpatterns += mayan_urls
