from campaigns.api.assignments import CustomerOfferViewSet, OfferAssignmentViewSet
from campaigns.api.audiences import AudienceMemberViewSet, AudienceViewSet
from campaigns.api.campaigns import CampaignViewSet
from campaigns.api.incentives import IncentiveChoiceViewSet, IncentivePlanViewSet
from campaigns.api.launch_scoreboard import LaunchScoreboardViewSet
from campaigns.api.new_products import NewProductSimulationViewSet
from campaigns.api.scenarios import ScenarioViewSet
from campaigns.api.scoreboard import ScoreboardViewSet
from campaigns.api.simulations import SimulationViewSet
from campaigns.api.trials import TrialViewSet
from loyalty.api.routers import ApiRouter

router = ApiRouter()
router.register("campaigns", CampaignViewSet)
router.register("audiences", AudienceViewSet)
router.register(r"audiences/(?P<id>[0-9]{1,18})/members", AudienceMemberViewSet, basename="api-audience-member")
router.register("incentive-plans", IncentivePlanViewSet)
router.register(
    r"incentive-plans/(?P<id>[0-9]{1,18})/customers", IncentiveChoiceViewSet, basename="api-incentive-choice"
)
router.register("simulations", SimulationViewSet)
router.register("new-product-simulations", NewProductSimulationViewSet, basename="api-new-product-simulation")
router.register(r"simulations/(?P<id>[0-9]{1,18})/scenarios", ScenarioViewSet, basename="api-scenario")
router.register("trials", TrialViewSet)
router.register("scoreboard", ScoreboardViewSet, basename="api-scoreboard")
router.register("new-product-scoreboard", LaunchScoreboardViewSet, basename="api-launch-scoreboard")
router.register("offer-assignments", OfferAssignmentViewSet, basename="api-offer-assignment")
router.register(r"customers/(?P<external_id>[^/\x00]+)/offers", CustomerOfferViewSet, basename="api-customer-offer")
