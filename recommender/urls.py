from django.urls import URLPattern, URLResolver, include, path

from recommender.api import router
from recommender.views import products

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
    path("products/", products.products, name="products"),
    path("products/<int:pk>/", products.product, name="product"),
]
