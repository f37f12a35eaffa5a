from campaigns.models.assignments import OfferAssignment, OfferDecision, OfferPolicy, OfferRound
from campaigns.models.audiences import Audience, AudienceMember
from campaigns.models.campaigns import Campaign, CampaignOffer, Holdout
from campaigns.models.demographics import DemographicsDecision
from campaigns.models.habits import KnownHabits
from campaigns.models.incentives import IncentiveChoice, IncentivePlan
from campaigns.models.launch_ledger import LaunchEntry, LaunchOutcome
from campaigns.models.ledger import LedgerEntry, LedgerOutcome
from campaigns.models.new_products import NewProduct, NewProductForecast, NewProductSimulation
from campaigns.models.offers import Offer, OfferProduct
from campaigns.models.outcomes import Outcome, Redemption
from campaigns.models.pilots import Pilot
from campaigns.models.scenarios import Scenario
from campaigns.models.scoring import CustomerScoring, ScoredPart
from campaigns.models.simulations import Forecast, Simulation
from campaigns.models.trials import Trial, TrialArm, TrialPerson, TrialRejection, UpliftModel

__all__ = [
    "Audience",
    "AudienceMember",
    "Campaign",
    "CampaignOffer",
    "CustomerScoring",
    "DemographicsDecision",
    "Forecast",
    "Holdout",
    "IncentiveChoice",
    "IncentivePlan",
    "KnownHabits",
    "LaunchEntry",
    "LaunchOutcome",
    "LedgerEntry",
    "LedgerOutcome",
    "NewProduct",
    "NewProductForecast",
    "NewProductSimulation",
    "Offer",
    "OfferAssignment",
    "OfferDecision",
    "OfferPolicy",
    "OfferProduct",
    "OfferRound",
    "Outcome",
    "Pilot",
    "Redemption",
    "Scenario",
    "ScoredPart",
    "Simulation",
    "Trial",
    "TrialArm",
    "TrialPerson",
    "TrialRejection",
    "UpliftModel",
]
