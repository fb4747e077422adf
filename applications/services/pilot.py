"""The 2019-20 pilot, as `applications/data/pilot.toml` describes it."""

import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction

from applications.models import Call
from applications.services.calls import create_call, publish_call
from cohort.models import Cohort, FocusArea, ServiceArea

PILOT = Path(__file__).parent.parent / "data" / "pilot.toml"


def pilot_content() -> dict[str, Any]:
    """Return the file's content."""
    return tomllib.loads(PILOT.read_text(encoding="utf-8"))


@transaction.atomic
def load_pilot() -> tuple[Call, bool]:
    """Return the pilot's call and whether it was made just now. What is there already is left as it is."""
    content = pilot_content()
    fill_lists(content)
    cohort, _ = Cohort.objects.get_or_create(slug=content["cohort"]["slug"], defaults=content["cohort"])
    existing = Call.objects.filter(cohort=cohort).first()
    if existing:
        return existing, False
    call = content["call"]
    pilot = create_call(content=content, cohort=cohort, opens_at=call["opens_at"], closes_at=call["closes_at"], by=None)
    return publish_call(call_id=pilot.pk, by=None), True


def fill_lists(content: dict[str, Any]) -> None:
    """Fill the lists of focus and service areas where staff have none yet."""
    if not FocusArea.objects.exists():
        FocusArea.objects.bulk_create(FocusArea(name=name, position=place) for place, name in enumerate(content["focus_areas"]))
    if not ServiceArea.objects.exists():
        ServiceArea.objects.bulk_create(ServiceArea(name=name, position=place) for place, name in enumerate(content["service_areas"]))
