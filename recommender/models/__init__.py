from recommender.models.decay import DecayChoice
from recommender.models.places import ProductPlace
from recommender.models.recommendations import Recommendation
from recommender.models.relations import ProductRelation
from recommender.models.retraining import Retraining
from recommender.models.rulings import ProductRuling, RelationRuling, Verdict
from recommender.models.shortlists import ScoringRun, ServedList, Shortlist
from recommender.models.stock import StockReplacement
from recommender.models.surrogates import SurrogateTree
from recommender.models.tuning import Tuning, TuningTrial
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
    "Retraining",
    "ScoringRun",
    "ServedList",
    "Shortlist",
    "StockReplacement",
    "SurrogateTree",
    "Tuning",
    "TuningTrial",
    "Verdict",
]
