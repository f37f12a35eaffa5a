from campaigns.forms.planning import NEW_TYPE, CampaignForm, OfferForm, OfferPolicyForm, RejectionForm
from campaigns.forms.scenarios import MoneyForm, ScenarioForm

__all__ = [
    "NEW_TYPE",
    "CampaignForm",
    "MoneyForm",
    "OfferForm",
    "OfferPolicyForm",
    "RejectionForm",
    "ScenarioForm",
]
