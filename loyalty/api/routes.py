from loyalty.api.customers import CustomerViewSet
from loyalty.api.jobs import JobViewSet
from loyalty.api.orders import OrderViewSet
from loyalty.api.products import ProductViewSet
from loyalty.api.routers import ApiRouter

router = ApiRouter()
router.register("customers", CustomerViewSet)
router.register("products", ProductViewSet)
router.register("orders", OrderViewSet)
router.register("jobs", JobViewSet)
