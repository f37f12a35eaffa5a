from recommender.models.decay import DecayChoice
from recommender.models.places import ProductPlace
from recommender.models.recommendations import Recommendation
from recommender.models.relations import ProductRelation
from recommender.models.rulings import ProductRuling, RelationRuling, Verdict
from recommender.models.shortlists import ScoringRun, ServedList, Shortlist
from recommender.models.stock import StockReplacement
from recommender.models.versions import ModelVersion, PairedScores, Promotion

__all__ = [
    "DecayChoice",
    "ModelVersion",
    "PairedScores",
    "ProductPlace",
    "ProductRelation",
    "ProductRuling",
    "Promotion",
    "Recommendation",
    "RelationRuling",
    "ScoringRun",
    "ServedList",
    "Shortlist",
    "StockReplacement",
    "Verdict",
]
