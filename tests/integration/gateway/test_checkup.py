"""The doctor at the console: a technician's login sees how the box is, and nobody else does."""

from __future__ import annotations

from tests.support.box import PASSPHRASE, RealBox
from tests.support.box_api import BoxApi, Prepared


async def test_a_technician_sees_the_box_and_nothing_of_an_exam(
    box: RealBox, lead: BoxApi, exam: Prepared, candidate: BoxApi
) -> None:
    new = {"name": "tekla", "role": "technician", "passphrase": PASSPHRASE}
    await lead.ok("POST", "/api/v1/users", json=new)
    technician = await box.login("tekla")
    found = await technician.ok("GET", "/api/v1/box/checkup")
    by_name = {check["name"]: check for check in found["checks"]}
    assert set(by_name) == {
        "disk", "disk writes", "disk health", "memory", "clock", "network", "uplink", "names",
        "addresses", "certificate", "relay", "relay loopback", "keys", "pepper",
        "database engine", "databases", "versions", "models", "microphone", "backlog",
    }  # all that `hallvakt doctor` has but the cloud, which the gateway cannot reach  # fmt: skip
    assert all(check["detail"] for check in by_name.values())
    assert all(check["advice"] for check in by_name.values() if check["status"] != "ok")
    assert "Canary" not in str(found)  # the roster's names
    assert (await lead.ask("GET", "/api/v1/box/checkup")).status == 403
    for path in ("", f"/{exam.exam}", f"/{exam.exam}/start-gate", f"/{exam.exam}/close-out"):
        assert (await technician.ask("GET", f"/api/v1/exams{path}")).status == 403
