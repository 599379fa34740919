"""For which projects somebody may report by the form."""

import json

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.people import add_membership
from gateway.domain.ticket import Role
from gateway.services.report_projects import report_projects
from tests.support.web import Site

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PROJECTS = {
    "demo": {"name": "Demo", "addresses": ["support@demo.example"]},
    "shop": {"name": "Shop", "addresses": ["help@shop.example"], "open_to_all": False},
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A project that is open to all, and one that is not."""
    projects = load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_PROJECTS": json.dumps(PROJECTS)}).projects
    return settings.model_copy(update={"projects": projects})


def test_a_project_that_is_not_open_to_all_is_offered_to_those_who_belong_to_it(site: Site) -> None:
    marie = site.person()
    with site.runtime.database.transaction() as connection:
        assert [one.key for one in report_projects(connection, site.runtime, marie)] == ["DEMO"]
        add_membership(connection, person_id=marie.id, project="SHOP", role=Role.REPORTER)
        assert [one.key for one in report_projects(connection, site.runtime, marie)] == ["SHOP"]
