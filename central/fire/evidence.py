"""The signature of a report: canonical JSON, its hash, and central's key over it. Pure.

A page carries the signed text within itself, and is a pure function of it: whoever checks a page
makes it anew from what was signed and compares, so words that somebody changed on it do not pass.
"""

import hashlib
import json
import re
from typing import Annotated, Final

from pydantic import BaseModel, StringConstraints, ValidationError

from central.fire.report import Report
from config.contract.identifiers import Frozen, Sha256
from config.contract.trust import (
    TrustError,
    from_text,
    public_text,
    sign,
    to_text,
    verify,
    verifying_key,
)
from config.crypto.keys import SigningKey

CONTEXT: Final = "menshen fire evidence v1"
_EMBEDDED: Final = re.compile(
    r'<script type="application/json" id="evidence">(.*?)</script>', re.DOTALL
)


class SignedReport(Frozen):
    """A report as it was signed.

    Attributes:
        document: Canonical JSON, to the byte.
        sha256: Of the document in UTF-8; printed on the page.
        central_key: That has signed; a reader who knows the site's own compares it.
    """

    document: Annotated[str, StringConstraints(max_length=10_000_000)]
    sha256: Sha256
    signature: Annotated[str, StringConstraints(max_length=100)]
    central_key: Annotated[str, StringConstraints(max_length=100)]

    @property
    def report(self) -> Report:
        """What was signed; see ``checked`` for whether it was."""
        return Report.model_validate_json(self.document)


def canonical(model: BaseModel) -> str:
    """Return the one JSON text of a model: keys sorted, no spaces."""
    return json.dumps(
        model.model_dump(mode="json"),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def signed(report: Report, key: SigningKey) -> SignedReport:
    """Return a report with central's signature."""
    document = canonical(report)
    raw = document.encode()
    return SignedReport(
        document=document,
        sha256=hashlib.sha256(raw).hexdigest(),
        signature=to_text(sign(key, raw, context=CONTEXT)),
        central_key=public_text(key.public_key()),
    )


def checked(found: SignedReport, *, central_key: str | None = None) -> Report:
    """Return what was signed.

    Args:
        found: As it was read.
        central_key: That the reader knows; None believes the one in the report.

    Raises:
        TrustError: Another key signed it, something was changed, or it is no report.
    """
    if central_key is not None and central_key != found.central_key:
        raise TrustError("another key than the site's has signed this report")
    raw = found.document.encode()
    if hashlib.sha256(raw).hexdigest() != found.sha256:
        raise TrustError("the hash does not fit the report: something was changed")
    try:
        key = verifying_key(found.central_key)
    except ValueError as error:
        raise TrustError("the key in this report is none") from error
    verify(key, from_text(found.signature), raw, context=CONTEXT)
    try:
        return found.report
    except ValidationError as error:
        raise TrustError("central signed something that is no report of a fire") from error


def embedded(found: SignedReport) -> str:
    """Return the element of a page that carries a signed report; nothing in it ends it early."""
    text = json.dumps(found.model_dump(), ensure_ascii=True, sort_keys=True)
    harmless = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="evidence">{harmless}</script>'


def read(text: str) -> SignedReport:
    """Return the signed report of a file: JSON, or a page that carries it.

    Raises:
        TrustError: There is none in it.
    """
    within = _EMBEDDED.search(text)
    try:
        return SignedReport.model_validate_json(text if within is None else within[1])
    except ValidationError as error:
        raise TrustError("this is no report of a fire") from error
