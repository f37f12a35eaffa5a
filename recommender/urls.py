from django.urls import URLPattern, URLResolver, include, path, re_path

from recommender.api import CustomerRecommendationsView, router
from recommender.views import losing, models, products, rulings, training

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
    re_path(
        r"^api/v1/customers/(?P<external_id>[^/\x00]+)/recommendations/?$",
        CustomerRecommendationsView.as_view({"get": "retrieve"}),
        name="api-customer-recommendations",
    ),
    path("products/", products.products, name="products"),
    path("products/losing/", losing.losing_products, name="losing-products"),
    path("products/losing/look/", losing.losing_products_look, name="losing-products-look"),
    path("products/<int:pk>/", products.product, name="product"),
    path("products/map/", products.product_map, name="product-map"),
    path("products/<int:pk>/rule/", rulings.product_rule, name="product-rule"),
    path("products/<int:pk>/relations/rule/", rulings.relation_rule, name="relation-rule"),
    path("products/<int:pk>/silence/", losing.product_silence, name="product-silence"),
    path("models/", models.models, name="models"),
    path("models/decay/choose/", models.decay_choose, name="decay-choose"),
    path("models/training/", training.models_training, name="models-training"),
    path("models/tune/", training.models_tune, name="models-tune"),
    path("models/<int:pk>/explain/", training.model_explain, name="model-explain"),
    path("models/<int:pk>/compress/", training.model_compress, name="model-compress"),
    path("models/compare/", models.models_compare, name="models-compare"),
    path("models/<int:pk>/", models.model_version, name="model-version"),
    path("models/<int:pk>/promote/", models.model_promote, name="model-promote"),
    path("models/<slug:purpose>/learn/", models.model_learn, name="model-learn"),
    path("models/<slug:purpose>/roll-back/", models.model_roll_back, name="model-roll-back"),
]
