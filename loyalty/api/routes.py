from loyalty.api.customers import CustomerViewSet
from loyalty.api.jobs import JobViewSet
from loyalty.api.kinds import viewset_of
from loyalty.api.orders import OrderViewSet
from loyalty.api.products import ProductViewSet
from loyalty.api.routers import ApiRouter
from loyalty.services.ingest import kinds

WITH_MORE = {"customers", "products", "orders"}  # they are read and written one by one, too
router = ApiRouter()
router.register("customers", CustomerViewSet)
router.register("products", ProductViewSet)
router.register("orders", OrderViewSet)
router.register("jobs", JobViewSet)
for kind in kinds():
    if kind.name not in WITH_MORE:
        viewset = viewset_of(kind)
        router.register(viewset.noun, viewset, basename=f"api-{viewset.noun}")
