"""What takes part in the contest for who serves. The refinements load learning libraries: only workers come here."""

from campaigns.engine.backtest import FEWEST_FOR_REFINEMENTS, Entrant
from campaigns.engine.reception.boosted import BoostedReception
from campaigns.engine.reception.network import ReceptionNetwork
from campaigns.services.learning import SIMPLE

REFINEMENTS = (
    Entrant("boosting", "Gradient boosting", BoostedReception, FEWEST_FOR_REFINEMENTS),
    Entrant("network", "Neural network on top of learnt response", ReceptionNetwork, FEWEST_FOR_REFINEMENTS),
)
ENTRANTS = (*SIMPLE, *REFINEMENTS)
