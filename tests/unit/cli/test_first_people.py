"""Who gets a login when a box is made: names, roles and second factors as `init` is given them."""

from __future__ import annotations

import pytest

from appliance.cli.first_people import named
from appliance.core.errors import BadInput
from appliance.core.roles import Role


def test_the_lead_comes_first_and_each_has_a_secret_of_their_own() -> None:
    lead, bo, dora = named("ingrid", ["bo=technician", "dora =data_protection_officer"], ["dora"])
    assert (lead.name, lead.role) == ("ingrid", Role.LEAD_INVIGILATOR)
    assert (bo.name, bo.role) == ("bo", Role.TECHNICIAN)
    assert (dora.name, dora.role) == ("dora", Role.DATA_PROTECTION_OFFICER)
    assert lead.totp_secret
    assert bo.totp_secret
    assert lead.totp_secret != bo.totp_secret
    assert dora.totp_secret is None
    assert lead.totp_secret not in repr(lead)


@pytest.mark.parametrize(
    ("others", "alone", "says"),
    [
        (["bo"], [], "should be NAME=ROLE"),
        (["bo=caretaker"], [], "technician"),
        (["Ingrid=technician"], [], "named twice"),  # the box asks for names in any case
        (["=technician"], [], "characters"),
        ([], ["bo"], "neither --lead nor"),
    ],
)
def test_what_cannot_be_meant_is_refused(others: list[str], alone: list[str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        named("ingrid", others, alone)
