from campaigns.admin import (
    assignments,
    audiences,
    campaigns,
    incentives,
    launch_ledger,
    ledger,
    new_products,
    offers,
    outcomes,
    pilots,
    simulations,
    trials,
)

__all__ = [
    "assignments",
    "audiences",
    "campaigns",
    "incentives",
    "launch_ledger",
    "ledger",
    "new_products",
    "offers",
    "outcomes",
    "pilots",
    "simulations",
    "trials",
]
