from campaigns.admin import assignments, audiences, campaigns, offers, outcomes, simulations, trials

__all__ = ["assignments", "audiences", "campaigns", "offers", "outcomes", "simulations", "trials"]
