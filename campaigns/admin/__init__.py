from campaigns.admin import assignments, audiences, campaigns, offers, outcomes, simulations

__all__ = ["assignments", "audiences", "campaigns", "offers", "outcomes", "simulations"]
