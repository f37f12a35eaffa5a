from django.urls import URLPattern, URLResolver, include, path

from recommender.api import router
from recommender.views import losing, models, products

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
    path("products/", products.products, name="products"),
    path("products/losing/", losing.losing_products, name="losing-products"),
    path("products/losing/look/", losing.losing_products_look, name="losing-products-look"),
    path("products/<int:pk>/", products.product, name="product"),
    path("products/<int:pk>/silence/", losing.product_silence, name="product-silence"),
    path("models/", models.models, name="models"),
    path("models/decay/choose/", models.decay_choose, name="decay-choose"),
    path("models/<int:pk>/promote/", models.model_promote, name="model-promote"),
    path("models/<slug:purpose>/learn/", models.model_learn, name="model-learn"),
]
