from loyalty.api.routers import ApiRouter
from recommender.api.lists import CustomerRecommendationsView
from recommender.api.recommendations import RecommendationViewSet

router = ApiRouter()
router.register("recommendations", RecommendationViewSet)

__all__ = ["CustomerRecommendationsView", "router"]
