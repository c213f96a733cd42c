"""Fixtures for all contract suites."""

from tests.support.cloud_servers import cloud, database

__all__ = ["cloud", "database"]
