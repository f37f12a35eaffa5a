import pytest

from campaigns.sources.wording import readable, size


@pytest.mark.parametrize(
    ("till", "people"),
    [
        ("ICE - CRUSHED/CUBED", "Ice - Crushed/Cubed"),
        ("FRZN MEAT/MEAT DINNERS", "Frozen Meat/Meat Dinners"),
        ("DRUG GM", "Drug and General Merchandise"),
        ("BREAD:ITALIAN/FRENCH", "Bread: Italian/French"),
        ("SOFT DRINKS 20PK&24PK CAN CARB", "Soft Drinks 20 Pack & 24 Pack Can Carbonated"),
        ("GRAPE JUICE (50% AND UNDER JCE", "Grape Juice (50% and under Juice)"),
        ("BLENDED JUICE&COMBINATIONS (OV", "Blended Juice & Combinations"),
        ("MISC. DAIRY", "Miscellaneous Dairy"),
        ("CHRISTMAS  SEASONAL", "Christmas Seasonal"),
    ],
)
def test_till_words_become_words(till, people):
    assert readable(till) == people


def test_a_step_of_a_category_never_holds_the_sign_between_steps():
    assert ">" not in readable("A > B")


def test_a_size_is_kept_as_printed():
    assert size("5    OZ ") == "5 OZ"
