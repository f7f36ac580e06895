"""What the document gives to programmers works as it stands there."""

import re
from pathlib import Path
from typing import Any

from central.webhooks import new_secret, signature

TEXT = (Path(__file__).parents[3] / "docs" / "integrations.md").read_text("utf-8")


def test_the_receivers_check_of_the_document_tells_true_from_false() -> None:
    found = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    (code,) = [each for each in found if "def is_genuine" in each]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the document's own lines
    secret, other = new_secret(), new_secret()
    headers = {"webhook-id": "m", "webhook-timestamp": "1000"}
    headers["webhook-signature"] = " ".join(signature(k, "m", 1000, b"{}") for k in (other, secret))

    assert names["is_genuine"](secret, headers, b"{}", now=1200)
    assert not names["is_genuine"](secret, headers, b"{ }", now=1200)
    assert not names["is_genuine"](new_secret(), headers, b"{}", now=1200)
    assert not names["is_genuine"](secret, headers, b"{}", now=1400)
