"""Features of the person: what the CRM says of them and what they allowed.

The CRM keeps no history of a person's traits, so these are as they are told now; everything else is as of its moment.
"""

from loyalty.engine.features import Feature, for_values
from loyalty.queries.features.readings import Reading, Words

ROWS = """
people AS (
    SELECT id AS customer_id, age_group, gender, income_band, household_type, household_size, location,
        preferred_channel, (%(as_of)s AT TIME ZONE %(zone)s)::date - joined_on AS days_since_joined
    FROM loyalty_customer WHERE id {chosen}
)
"""
CONSENT_ROWS = """
consents AS (
    SELECT DISTINCT ON (customer_id, purpose, channel)
        customer_id, purpose || ' by ' || channel AS value, (state = 'granted')::int AS is_granted
    FROM loyalty_consent WHERE customer_id {chosen} AND at < %(as_of)s
    ORDER BY customer_id, purpose, channel, at DESC, id DESC
)
"""
TRAITS = {
    "age_group": "Age group",
    "gender": "Gender",
    "income_band": "Income band",
    "household_type": "Household",
    "household_size": "People in the household",
    "location": "Where they live",
}
JOINED = Feature(
    "days_since_joined", "Days since they joined", "days", "Person", "number", "people",
    "max(days_since_joined) FILTER (WHERE days_since_joined > 0)", default=None,
)  # fmt: skip
PREFERRED = Feature(
    "preferred_channel", "Preferred channel", "word", "Person", "category", "people", "max(preferred_channel)",
    default="",
)  # fmt: skip
CONSENT = Feature(
    "consent", "", "1 yes, 0 no", "Consent", "number", "consents",
    "max(is_granted) FILTER (WHERE value = {value})", default=None,
)  # fmt: skip
ASKED = """
SELECT purpose || ' by ' || channel AS value FROM loyalty_consent WHERE at < %(as_of)s
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 12
"""


def _of_people(words: Words) -> list[Feature]:
    traits = [
        Feature(name, label, "word", "Person", "category", "people", f"max({name})", default="", is_protected=True)
        for name, label in TRAITS.items()
    ]
    return [JOINED, PREFERRED, *traits]


def _of_consents(words: Words) -> tuple[Feature, ...]:
    return for_values([CONSENT], words["consents"], "Allows {}")


PEOPLE = Reading(tables=("loyalty_customer",), rows=ROWS, features=_of_people)
CONSENTS = Reading(tables=("loyalty_consent",), rows=CONSENT_ROWS, features=_of_consents, words={"consents": ASKED})
