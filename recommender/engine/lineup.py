"""Every recommender that can be trained, by name, as it is set up for retail; the simpler first."""

from __future__ import annotations

from recommender.engine.autoencoder import Autoencoder
from recommender.engine.base import Recommender
from recommender.engine.content import ContentBased
from recommender.engine.demographic import DemographicPrior
from recommender.engine.ease import Ease
from recommender.engine.frequency import PersonalFrequency
from recommender.engine.hybrid import Hybrid
from recommender.engine.ials import Ials
from recommender.engine.item_knn import ItemKnn
from recommender.engine.popularity import Popularity
from recommender.engine.tifu_knn import TifuKnn
from recommender.engine.two_tower import TwoTower


def lineup(random_state: int) -> dict[str, Recommender]:
    """Unfitted recommenders by ``kind``, from the simplest to the one that learns most.

    Parameters
    ----------
    random_state : int
        For those that draw.
    """
    everyone: tuple[Recommender, ...] = (
        Popularity(),
        DemographicPrior(),
        ContentBased(),
        PersonalFrequency(),
        ItemKnn(),
        Ease(),
        Ials(random_state=random_state),
        TifuKnn(),
        Autoencoder(random_state=random_state),
        TwoTower(random_state=random_state),
        Hybrid(random_state=random_state),
    )
    return {one.kind: one for one in everyone}
