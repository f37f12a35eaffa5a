from django.urls import URLPattern, URLResolver, include, path

from recommender.api import router

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
]
