"""Settings with projects of the test's own."""

import json

from gateway.config.load import Settings, load_settings


def with_two_projects(settings: Settings, **shop: object) -> Settings:
    """The demonstration project, and SHOP with one contact; `shop` are more of its settings, as JSON values."""
    values = {
        "NAME": "La boutique",
        "ADDRESSES": ["support@shop.example"],
        "CONTACTS": ["dsi@shop.example"],
        **{name.upper(): value for name, value in shop.items()},
    }
    environment = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_PROJECTS__DEMO__NAME": "Démonstration",
        "GATEWAY_PROJECTS__DEMO__ADDRESSES": '["support@demo.example"]',
    }
    for name, value in values.items():
        environment[f"GATEWAY_PROJECTS__SHOP__{name}"] = value if isinstance(value, str) else json.dumps(value)
    both = load_settings(environment)
    return settings.model_copy(update={"projects": both.projects})
