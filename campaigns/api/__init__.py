from campaigns.api.campaigns import CampaignViewSet
from campaigns.api.simulations import SimulationViewSet
from loyalty.api.routers import ApiRouter

router = ApiRouter()
router.register("campaigns", CampaignViewSet)
router.register("simulations", SimulationViewSet)
