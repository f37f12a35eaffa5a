from loyalty.api.routers import ApiRouter
from segments.api.members import MemberViewSet
from segments.api.predictions import CustomerPredictionViewSet
from segments.api.segments import SegmentViewSet

__all__ = ["router"]

router = ApiRouter()
router.register("segments", SegmentViewSet)
router.register(r"segments/(?P<id>[0-9]{1,18})/members", MemberViewSet, basename="api-member")
router.register(
    r"customers/(?P<external_id>[^/\x00]+)/predictions", CustomerPredictionViewSet, basename="api-customer-prediction"
)
