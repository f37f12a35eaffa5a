from campaigns.admin import audiences, campaigns, offers, outcomes, simulations

__all__ = ["audiences", "campaigns", "offers", "outcomes", "simulations"]
