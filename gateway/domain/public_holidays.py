"""French public holidays, computed on this machine: no feed, no network.

A region is written as ISO 3166-2 does it: `FR` for what all of France keeps, `FR-57` for Moselle with Good Friday
and 26 December, `FR-974` for Réunion, and `FR-6AE` for all of Alsace. `none` keeps no public holiday at all.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache

import holidays

NONE = "none"
_COUNTRY = "FR"


@cache
def regions() -> frozenset[str]:
    """Every region that `public_holidays` knows."""
    # The library lists the zones of the school calendar beside the regions; schools close no office.
    parts = (part for part in holidays.country_holidays(_COUNTRY).subdivisions if not part.startswith("Zone"))
    return frozenset({NONE, _COUNTRY, *(f"{_COUNTRY}-{part}" for part in parts)})


@cache
def public_holidays(region: str, year: int) -> Mapping[date, str]:
    """The holidays of a year with their French names. Raises KeyError for a region that is not in `regions()`."""
    if region not in regions():
        raise KeyError(region)
    if region == NONE:
        return {}
    part = region.removeprefix(_COUNTRY).removeprefix("-") or None
    found = holidays.country_holidays(_COUNTRY, subdiv=part, years=year, language="fr")
    return {day: name for day, name in found.items() if day.year == year}
