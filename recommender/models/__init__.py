from recommender.models.decay import DecayChoice
from recommender.models.recommendations import Recommendation
from recommender.models.relations import ProductRelation
from recommender.models.versions import ModelVersion

__all__ = ["DecayChoice", "ModelVersion", "ProductRelation", "Recommendation"]
