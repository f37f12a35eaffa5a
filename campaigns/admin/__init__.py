from campaigns.admin import assignments, audiences, campaigns, incentives, offers, outcomes, simulations, trials

__all__ = ["assignments", "audiences", "campaigns", "incentives", "offers", "outcomes", "simulations", "trials"]
