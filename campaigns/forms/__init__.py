from campaigns.forms.incentives import IncentivesForm
from campaigns.forms.planning import NEW_TYPE, CampaignForm, OfferForm, OfferPolicyForm, RejectionForm
from campaigns.forms.scenarios import MoneyForm, ScenarioForm
from campaigns.forms.trials import CostForm, TrialPlanForm, TrialUploadForm

__all__ = [
    "NEW_TYPE",
    "CampaignForm",
    "CostForm",
    "IncentivesForm",
    "MoneyForm",
    "OfferForm",
    "OfferPolicyForm",
    "RejectionForm",
    "ScenarioForm",
    "TrialPlanForm",
    "TrialUploadForm",
]
