from django.urls import URLPattern, URLResolver, include, path

from segments.api import router
from segments.views import segments as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
    path("segments/", views.segments, name="segments"),
    path("segments/find/", views.segments_find, name="segments-find"),
    path("segments/<int:pk>/", views.segment, name="segment"),
]
