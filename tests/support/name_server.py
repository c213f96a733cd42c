"""A school's name server: `python -m tests.support.name_server NAME ADDRESS`, on 127.0.0.1:53.

Knows one name, says of others that there is none (NXDOMAIN), and nothing at all of those that end
in `.silent`, as a name server does whose own line is cut.
"""

from __future__ import annotations

import socket
import sys

from dns import flags, message, rcode, rdatatype, rrset


def reply(asked: bytes, known: str, address: str) -> bytes | None:
    """RFC 1035, 4.1: the one answer to one question."""
    query = message.from_wire(asked)
    (question,) = query.question
    name = question.name.to_text(omit_final_dot=True)
    if name.endswith(".silent"):
        return None
    answer = message.make_response(query)
    answer.flags |= flags.AA
    if name != known:
        answer.set_rcode(rcode.NXDOMAIN)
    elif question.rdtype == rdatatype.A:
        answer.answer.append(rrset.from_text(question.name, 60, "IN", "A", address))
    return answer.to_wire()


def main(known: str, address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 53))
        print("listening", flush=True)
        while True:
            asked, back = door.recvfrom(4096)
            if said := reply(asked, known, address):
                door.sendto(said, back)


if __name__ == "__main__":
    main(*sys.argv[1:])
