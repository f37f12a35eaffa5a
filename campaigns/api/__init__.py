from campaigns.api.assignments import CustomerOfferViewSet, OfferAssignmentViewSet
from campaigns.api.campaigns import CampaignViewSet
from campaigns.api.simulations import SimulationViewSet
from loyalty.api.routers import ApiRouter

router = ApiRouter()
router.register("campaigns", CampaignViewSet)
router.register("simulations", SimulationViewSet)
router.register("offer-assignments", OfferAssignmentViewSet, basename="api-offer-assignment")
router.register(r"customers/(?P<external_id>[^/\x00]+)/offers", CustomerOfferViewSet, basename="api-customer-offer")
