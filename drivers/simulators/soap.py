"""SOAP 1.2 as simulated ONVIF devices speak it: envelopes, faults and WS-UsernameToken.

Source: WS-Security UsernameToken Profile 1.1 (password digest); ONVIF Core Specification (faults).
"""

import base64
import hashlib
import re
from typing import Final

from drivers.simulators.http_server import Response

ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
    ' xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl"'
    ' xmlns:tse="http://www.onvif.org/ver10/search/wsdl"'
    ' xmlns:trp="http://www.onvif.org/ver10/replay/wsdl"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema"'
    ' xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>{body}</s:Body></s:Envelope>'
)
_OPERATION: Final = re.compile(r"Body>\s*<(?:\w+:)?(\w+)")


def operation_of(text: str) -> str:
    """Return what a request asks for; empty where it is none."""
    found = _OPERATION.search(text)
    return "" if found is None else found[1]


def soap(body: str, *, status: int = 200) -> Response:
    """Return an answer."""
    kind = "application/soap+xml; charset=utf-8"
    return Response(status, ENVELOPE.format(body=body).encode(), kind)


def fault(*codes: str) -> Response:
    """Return a refusal; each further code is the subcode of the one before."""
    inner = ""
    for code in reversed(codes):
        inner = f"<s:Subcode><s:Value>{code}</s:Value>{inner}</s:Subcode>"
    words = codes[-1].rpartition(":")[2]
    return soap(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value>{inner}</s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{words}</s:Text></s:Reason></s:Fault>',
        status=400,
    )


class UsernameToken:
    """Who may ask."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password

    def is_valid(self, text: str) -> bool:
        """Return whether a request proves the password."""
        fields = {
            name: found[1]
            for name in ("Username", "Password", "Nonce", "Created")
            if (found := re.search(rf"<(?:[\w-]+:)?{name}(?:\s[^>]*)?>([^<]*)<", text))
        }
        if len(fields) < 4 or fields["Username"] != self._user:
            return False
        try:
            nonce = base64.b64decode(fields["Nonce"], validate=True)
        except ValueError:
            return False
        created, password = fields["Created"].encode(), self._password.encode()
        digest = hashlib.sha1(nonce + created + password, usedforsecurity=False).digest()
        return base64.b64encode(digest).decode() == fields["Password"]
