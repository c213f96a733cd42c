"""The user database coturn insists on: there from the start, with its tables, and empty.

coturn 4.6.1 opens it once in each thread that checks credentials, at that thread's first check, and
makes its tables then. Two of them at once lock each other out, and a check that cannot read the
database counts as a wrong password: the first views of an exam, opened together, were refused with
401, on a busy machine all of them. Where the tables are there nobody writes, so nobody waits.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from appliance.whole_file import replace_whole

NAME = "users.sqlite"

# What coturn asks for by name: tables, their columns, and how many of these are the key.
_TABLES = {
    "turnusers_lt": ("realm name hmackey", 2),
    "turn_secret": ("realm value", 2),
    "allowed_peer_ip": ("realm ip_range", 2),
    "denied_peer_ip": ("realm ip_range", 2),
    "turn_origin_to_realm": ("origin realm", 1),
    "turn_realm_option": ("realm opt value", 2),
    "oauth_key": ("kid ikm_key timestamp lifetime as_rs_alg realm", 1),
    "admin_user": ("name realm password", 1),
}


def make(directory: Path) -> None:
    """Write the empty database into `directory`. Raise NoRoom or Unreachable where that fails."""
    with closing(sqlite3.connect(":memory:")) as database:
        for table, (columns, key) in _TABLES.items():
            named = columns.split()
            database.execute(
                f"CREATE TABLE {table} ({', '.join(named)}, PRIMARY KEY ({', '.join(named[:key])}))"
            )
        content = database.serialize()
    replace_whole(directory / NAME, content)
