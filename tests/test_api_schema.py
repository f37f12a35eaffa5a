"""Whatever is sent to the API, it keeps to its own description and never breaks. The same calls every time."""

import os

import pytest
import schemathesis
from django.contrib.auth import get_user_model
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks

from campaigns.models import Audience, Campaign, IncentivePlan, NewProductSimulation, Scenario, Simulation, Trial
from loyalty.models import Job
from segments.models import Segment
from tests.rows import bearer, fill

# More by hand: EXAMPLES=200 python -m pytest tests/test_api_schema.py
N_EXAMPLES = int(os.environ.get("EXAMPLES", "5"))
KEEPS_TO = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
def _one_connection(db):
    """As Django's own test client does: the end of a request does not end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def header(_one_connection, settings):
    settings.API_CALLS_PER_MINUTE = {"read": 10**6, "write": 10**6, "anonymous": 10**6}
    fill(2)
    return {"Authorization": bearer(get_user_model().objects.create_superuser("tester"))}


def operations(header):
    described = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application(), headers=header)
    return [found.ok() for found in described.get_all_operations()]


def key_of(path, name):
    """A key of a record that is there: made-up ones only ever find nothing."""
    noun = path.removeprefix("/api/v1/").partition("/")[0]
    models = {
        "jobs": Job,
        "segments": Segment,
        "campaigns": Campaign,
        "simulations": Simulation,
        "audiences": Audience,
        "trials": Trial,
        "incentive-plans": IncentivePlan,
        "new-product-simulations": NewProductSimulation,
    }
    if name == "scenario_id":
        return Scenario.objects.earliest("pk").pk
    if name == "id":
        return models[noun].objects.earliest("pk").pk
    return {"customers": "c0", "products": "p0", "orders": "o0"}[noun]


def broken_by(operation, header):
    """The first call that breaks the description, told by how it is sent again; nothing when none does."""

    @settings(
        max_examples=N_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(operation.as_strategy(), st.booleans())
    def call(case, is_there):
        if is_there:
            case.path_parameters = {name: key_of(operation.path, name) for name in case.path_parameters}
        case.call_and_validate(headers=header, checks=KEEPS_TO)

    try:
        call()
    except (Exception, BaseExceptionGroup) as failure:  # every operation is looked at, whatever the one before did
        return f"{operation.label}: {failure}"
    return ""


def test_the_api_keeps_to_its_description(header):
    found = operations(header)
    broken = [told for operation in found if (told := broken_by(operation, header))]
    assert len(found) >= 30
    assert not broken, "\n\n".join(broken)


def test_a_breach_of_the_description_is_found(header, monkeypatch):
    (jobs,) = [one for one in operations(header) if one.label.startswith("GET /api/v1/jobs/{id}")]
    monkeypatch.setattr("loyalty.api.viewsets.ReadViewSet.represented", lambda self, record: {"id": "one"})
    assert broken_by(jobs, header)
