"""Fixtures for all contract suites."""

from tests.support.cloud_servers import cloud, database, driver_may_look_around
from tests.support.object_servers import seaweed

__all__ = ["cloud", "database", "driver_may_look_around", "seaweed"]
