"""A client of one S3 store that asks nobody else for anything.

botocore would look for credentials, regions and proxies in the environment, in files of the user
and at the machine's metadata address, and would follow a store to another region. Here everything
is given, the rest is switched off, and every request is held against the one address it may go to.
"""

from __future__ import annotations

import configparser
import io
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as _VARIABLES

from appliance.adapters.cloud.paced_body import PacedBody
from appliance.adapters.cloud.s3_body import PackBody
from appliance.core.errors import Refused, WrongConfiguration
from appliance.core.transfer import Line, Sender

_SMALL = 1024  # bytes: requests that say something about an object, not the object
_SECTION = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Account:
    key_id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @classmethod
    def from_file(cls, path: Path) -> S3Account:
        """From a credentials file as AWS's own tools write it, section `[default]`; raise
        WrongConfiguration."""
        parser = configparser.RawConfigParser()
        try:
            with open(path, encoding="utf-8") as file:
                parser.read_file(file)
            section = parser[_SECTION]
            return cls(
                key_id=section["aws_access_key_id"],
                secret=section["aws_secret_access_key"],
                token=section.get("aws_session_token"),
            )
        except (OSError, UnicodeDecodeError, configparser.Error, KeyError):
            raise WrongConfiguration(
                f"{path} does not hold the key of an S3 account: it needs a section [default] with "
                "aws_access_key_id and aws_secret_access_key."
            ) from None


@cache
def session() -> AioSession:
    """Reads its own tables from disk, which takes a moment: call it in a thread. One for all
    clients, who bring their own accounts: the tables are 15 MB in memory."""
    made = AioSession(
        session_vars={
            name: (key, None, default, convert)
            for name, (key, _, default, convert) in _VARIABLES.items()
        }
    )
    for name in ("config_file", "credentials_file"):
        made.set_config_variable(name, os.devnull)
    assert not made.full_config["profiles"]  # read now, and empty
    tables = made.get_component("data_loader")  # remembers what it has read
    tables.load_data_with_path("endpoints")
    for table in ("sdk-default-configuration", "partitions", "_retry"):
        tables.load_data(table)
    for table in ("service-2", "endpoint-rule-set-1"):
        tables.load_service_model("s3", table, api_version=None)
    return made


def client(made: AioSession, endpoint: str, region: str, account: S3Account, line: Line) -> Any:
    """A context manager that gives the client. It tries nothing twice."""
    return made.create_client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        verify=True,
        aws_access_key_id=account.key_id,
        aws_secret_access_key=account.secret,
        aws_session_token=account.token,
        config=AioConfig(
            # TLS and the CRC-32C in each request say that what arrives is what was sent; the
            # signature need not have read it all before.
            s3={"addressing_style": "path", "payload_signing_enabled": False},
            proxies={},
            retries={"total_max_attempts": 1},
            connect_timeout=20,
            read_timeout=60,
            max_pool_connections=8,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
            http_session_cls=_bound_to(endpoint, line),
        ),
    )


def _bound_to(endpoint: str, line: Line) -> type[AIOHTTPSession]:
    origin = urlsplit(endpoint)[:2]

    class Session(AIOHTTPSession):  # type: ignore[misc]  # has no type information
        async def send(self, request: Any) -> Any:
            if urlsplit(request.url)[:2] != origin:
                raise Refused(
                    "The object store wants to send this box elsewhere, so nothing was sent: "
                    "check cloud.region and cloud.endpoint.",
                    code="cloud-elsewhere",
                )
            body = request.body
            if isinstance(body, PackBody):
                _paced(request, body.sender, body.view)
            elif (content := _whole(body)) and len(content) > _SMALL:
                _paced(request, line, content)
            return await super().send(request)

    return Session


def _paced(request: Any, sender: Sender, content: bytes | memoryview) -> None:
    request.headers["Content-Length"] = str(len(content))
    request.body = PacedBody(sender, content)


def _whole(body: Any) -> bytes | None:
    """botocore wraps bytes it was given, and only it knows when. The value is what was wrapped, not
    a copy of it, as long as nobody has written to it."""
    return body.getvalue() if isinstance(body, io.BytesIO) else body
