from campaigns.forms.incentives import IncentivesForm
from campaigns.forms.new_products import FirstBuyersForm, NewProductForm
from campaigns.forms.planning import NEW_TYPE, CampaignForm, OfferForm, OfferPolicyForm, RejectionForm
from campaigns.forms.scenarios import MoneyForm, ScenarioForm
from campaigns.forms.trials import CostForm, TrialPlanForm, TrialUploadForm

__all__ = [
    "NEW_TYPE",
    "CampaignForm",
    "CostForm",
    "FirstBuyersForm",
    "IncentivesForm",
    "MoneyForm",
    "NewProductForm",
    "OfferForm",
    "OfferPolicyForm",
    "RejectionForm",
    "ScenarioForm",
    "TrialPlanForm",
    "TrialUploadForm",
]
