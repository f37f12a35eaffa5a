"""Who would take an offer: estimators of response behind one contract, the baselines first."""

from campaigns.engine.reception.artefacts import responder_from_artefact
from campaigns.engine.reception.baselines import GlobalRate, LastOfType, TypeRate
from campaigns.engine.reception.contract import Arrays, Estimator, Responder
from campaigns.engine.reception.extras import DemographicsLogistic, LikenessLogistic, OfferLogistic
from campaigns.engine.reception.logistic import RidgeLogistic

__all__ = [
    "Arrays",
    "DemographicsLogistic",
    "Estimator",
    "GlobalRate",
    "LastOfType",
    "LikenessLogistic",
    "OfferLogistic",
    "Responder",
    "RidgeLogistic",
    "TypeRate",
    "responder_from_artefact",
]
