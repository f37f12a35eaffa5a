from django.urls import URLPattern, URLResolver, include, path

from campaigns.api import router

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
]
