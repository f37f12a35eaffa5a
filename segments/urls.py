from django.urls import URLPattern, URLResolver, include, path

from segments.api import router
from segments.views import lifetime, rhythm
from segments.views import segments as views

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
    path("segments/", views.segments, name="segments"),
    path("segments/find/", views.segments_find, name="segments-find"),
    path("segments/rfm/", rhythm.rfm, name="segments-rfm"),
    path("segments/rfm/score/", rhythm.rfm_score, name="segments-rfm-score"),
    path("segments/lifecycle/", rhythm.lifecycle, name="segments-lifecycle"),
    path("segments/lifetime/", lifetime.lifetime, name="segments-lifetime"),
    path("segments/rhythm/read/", rhythm.rhythm_read, name="segments-rhythm-read"),
    path("segments/<int:pk>/", views.segment, name="segment"),
]
