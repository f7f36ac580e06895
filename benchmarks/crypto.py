"""What a suite costs: how often a second one core signs, checks, seals and encrypts.

Processor time of one thread, so that what else the machine does counts little. Every figure is the
best of a few rounds; both suites run in turn in the same round.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.contract import trust
from config.crypto.suite import NONCE_SIZE_BYTES, Suite
from config.crypto.suites import SUITES

BODY = b"x" * 20_000
"""A batch of 25 events, as a terminal sends one."""
TEMPLATE = b"t" * 1_024
CHUNK = b"c" * (1 << 20)


def deeds_of(suite: Suite) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name."""
    signing, sealing = suite.new_signing_key(), suite.new_sealing_key()
    public, recipient = signing.public_key(), sealing.public_key()
    signature, sealed = signing.sign(TEMPLATE), trust.seal(recipient, bytes(16))
    cipher, nonce = suite.cipher(bytes(suite.cipher_key_size_bytes)), bytes(NONCE_SIZE_BYTES)
    from_node: dict[str, Any] = {
        "site": "s",
        "method": "POST",
        "target": "/api/v1/events",
        "body": BODY,
    }
    now = datetime.now(UTC)
    token = trust.sign_request(signing, node="n", now=now, **from_node)
    return {
        "sign": lambda: signing.sign(TEMPLATE),
        "verify": lambda: public.verify(signature, TEMPLATE),
        "seal_key": lambda: trust.seal(recipient, bytes(16)),
        "unseal_key": lambda: trust.unseal(sealing, sealed),
        "encrypt_1_kB": lambda: cipher.encrypt(nonce, TEMPLATE, None),
        "encrypt_1_MB": lambda: cipher.encrypt(nonce, CHUNK, None),
        "hash_1_MB": lambda: suite.digest(CHUNK),
        "check_request": lambda: trust.verify_request(token, public, now=now, **from_node),
    }


def per_second(deed: Callable[[], object], *, seconds: float) -> float:
    """Return how often one core does it, in processor time."""
    count, began = 0, time.thread_time()
    while (spent := time.thread_time() - began) < seconds:
        deed()
        count += 1
    return count / spent


def main() -> None:
    """Measure and print; ``--json`` writes a document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.4)
    words = parser.parse_args()
    suites = {name: deeds_of(suite) for name, suite in SUITES.items()}
    best: dict[str, dict[str, float]] = {name: {} for name in suites}
    for _ in range(words.rounds):
        for name in suites["international"]:
            for suite, deeds in suites.items():
                found = per_second(deeds[name], seconds=words.seconds)
                best[suite][name] = max(found, best[suite].get(name, 0.0))
    for name, first in best["international"].items():
        other = best["sm"][name]
        print(f"{name:16}{first:12,.0f}/s {other:12,.0f}/s {first / other:7.1f} x")
    if words.json is not None:
        words.json.write_text(json.dumps(best, indent=1) + "\n")


if __name__ == "__main__":
    main()
