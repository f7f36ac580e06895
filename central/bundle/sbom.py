"""The software bill of materials of a bundle.

Source: CycloneDX 1.6 JSON reference (ECMA-424): components, hashes, licenses.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from central.bundle.metadata import Wheel, sha256_of
from models.catalogue import Network

SPEC_VERSION: Final = "1.6"


def sbom(
    own: Wheel, wheels: Iterable[Wheel], networks: Iterable[tuple[Network, Path]]
) -> dict[str, Any]:
    """Return the document: each wheel and each network with name, version, licence and hash.

    Args:
        own: Menshen's wheel, which the document is about.
        wheels: All others, each file once.
        networks: With the files that are in the bundle.
    """
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {"component": {**_of_wheel(own), "type": "application"}},
        "components": [
            *(_of_wheel(wheel) for wheel in sorted(wheels, key=lambda each: each.path.name)),
            *(_of_network(*each) for each in sorted(networks, key=lambda each: each[0].name)),
        ],
    }


def encoded(document: object) -> bytes:
    """Return a document as bytes, always the same."""
    return (json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _of_wheel(wheel: Wheel) -> dict[str, Any]:
    licence = (
        {"expression": wheel.licence}
        if wheel.is_expression
        else {"license": {"name": wheel.licence}}
    )
    return {
        "type": "library",
        "bom-ref": f"wheels/{wheel.path.name}",
        "name": wheel.name,
        "version": wheel.version,
        "purl": f"pkg:pypi/{wheel.name}@{wheel.version}?file_name={wheel.path.name}",
        "licenses": [licence],
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
    }


def _of_network(network: Network, file: Path) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"models/{file.name}",
        "name": network.name,
        # A network is its weights: what names them is what makes it another one.
        "version": network.sha256[:16],
        "description": network.origin,
        "licenses": [{"license": {"id": network.licence}}],
        "hashes": [{"alg": "SHA-256", "content": sha256_of(file)}],
        "properties": [{"name": "menshen:catalogue-sha256", "value": network.sha256}],
    }
