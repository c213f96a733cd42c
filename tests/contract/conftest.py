"""Fixtures for all contract suites."""

from tests.support.cloud_servers import cloud, database, driver_may_look_around

__all__ = ["cloud", "database", "driver_may_look_around"]
