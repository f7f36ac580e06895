"""WS-Discovery as ONVIF cameras use it: a probe, and what answers. No XML parser is let near it.

Source: WS-Discovery (April 2005), section 5; ONVIF Core Specification 23.06, section 7.3.
"""

import re
from typing import Final
from uuid import UUID

from drivers.protocols import FrameError

GROUP, PORT = "239.255.255.250", 3702
DATAGRAM_SIZE_BYTES_MAX: Final = 16_384
_XADDRS: Final = re.compile(rb"<(?:[\w-]+:)?XAddrs[^>]*>([^<]{1,2000})</")
_URL: Final = re.compile(r"https?://[\w.:\[\]-]{1,255}(?:/[\w./-]{0,255})?")


def encode_probe(message_id: UUID) -> bytes:
    """Return a probe for network video transmitters."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
        ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
        ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
        f"<w:MessageID>urn:uuid:{message_id}</w:MessageID>"
        "<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
        "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>"
        "</e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe>"
        "</e:Body></e:Envelope>"
    ).encode()


def addresses_of(answer: bytes, message_id: UUID) -> list[str]:
    """Return the service addresses of an answer.

    Raises:
        FrameError: It answers another probe, or names none.
    """
    if len(answer) > DATAGRAM_SIZE_BYTES_MAX or str(message_id).encode() not in answer:
        raise FrameError("not the answer to this probe")
    found = _XADDRS.search(answer)
    addresses = [] if found is None else _URL.findall(found[1].decode("utf-8", "replace"))
    if not addresses:
        raise FrameError("an answer without an address")
    return list(addresses)
