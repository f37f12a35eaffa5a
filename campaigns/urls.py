from django.urls import URLPattern, URLResolver, include, path

from campaigns.api import router
from campaigns.views import assignments, builder, campaigns, customers, experiments, home, offers, silence, simulations

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(router.urls)),
    path("", home.home, name="home"),
    path("customers/", customers.customers, name="customers"),
    path("customers/silent/", silence.silent_customers, name="silent-customers"),
    path("customers/silent/plan/", silence.silent_plan, name="silent-plan"),
    path("customers/silent/put-aside/", silence.silence_put_aside, name="silence-put-aside"),
    path("customers/<int:pk>/", customers.customer, name="customer"),
    path("customers/<int:pk>/offers/", assignments.customer_offers, name="customer-offers"),
    path("offers/", offers.offers, name="offers"),
    path("offers/next-best/", assignments.offer_assignments, name="offer-assignments"),
    path("offers/next-best/decide/", assignments.offer_assignments_decide, name="offer-assignments-decide"),
    path("offers/new/", offers.offer_new, name="offer-new"),
    path("offers/<int:pk>/", offers.offer, name="offer"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/new/", builder.campaign_new, name="campaign-new"),
    path("campaigns/new/offers/", builder.offer_picker, name="offer-picker"),
    path("campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("campaigns/<int:pk>/rehearsal/", campaigns.campaign_rehearsal, name="campaign-rehearsal"),
    path("campaigns/<int:pk>/simulate/", campaigns.campaign_simulate, name="campaign-simulate"),
    path("campaigns/<int:pk>/assign-offers/", assignments.campaign_offers_assign, name="campaign-offers-assign"),
    path("campaigns/<int:pk>/submit/", campaigns.campaign_submit, name="campaign-submit"),
    path("campaigns/<int:pk>/approve/", campaigns.campaign_approve, name="campaign-approve"),
    path("campaigns/<int:pk>/reject/", campaigns.campaign_reject, name="campaign-reject"),
    path("simulations/", simulations.simulations, name="simulations"),
    path("simulations/<int:pk>/", simulations.simulation, name="simulation"),
    path("experiments/", experiments.experiments, name="experiments"),
]
