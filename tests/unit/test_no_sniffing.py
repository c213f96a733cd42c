"""What a browser can do decides, not what it calls itself: neither page nor box reads its name."""

from __future__ import annotations

import re
from pathlib import Path

APPLIANCE = Path(__file__).parents[2] / "appliance"
NAMES = re.compile(
    r"user-?agent|navigator\.(vendor|platform|appVersion|product)|sec-ch-ua|Edg/|Firefox/|Chrome/",
    re.IGNORECASE,
)
# The link that ends Safe Exam Browser is of use only in it.
ALLOWED = {"afterwards.js": 1}


def test_nothing_asks_for_the_name_of_a_browser() -> None:
    served = [
        *APPLIANCE.joinpath("web").rglob("*.py"),
        *APPLIANCE.joinpath("processes").rglob("*.py"),
    ]
    static = [p for p in APPLIANCE.joinpath("web/static").iterdir() if p.suffix in {".js", ".html"}]
    assert len(served) > 20
    assert len(static) > 30
    found = {p.name: len(NAMES.findall(p.read_text())) for p in (*served, *static)}
    assert {name: count for name, count in found.items() if count} == ALLOWED
