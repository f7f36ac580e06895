"""What the evidence on a line means for the one who has to find the fault; pure.

Each hint needs evidence: where one thing looks like another, the sentence names both.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from drivers.conformance.evidence import Exchange
from drivers.protocols.modbus_rtu import has_sound_crc

SLOW_PIECE_S: Final = 0.005
SLOW_PIECES_MIN: Final = 4
LATE_S: Final = 0.2
EMPTY_BYTES: Final = frozenset(b"\x00\xff\xfe\xf8\xe0\x80")
"""What a receiver makes of a line whose wires are swapped: breaks and shifted idle."""
EMPTY_SHARE_MIN: Final = 0.6
DAMAGES: Final = ("noise", "drop", "truncate")
GONE: Final = re.compile(r"is gone|hung up")
MISSING: Final = re.compile(r"there is no port|does not answer: .*([Cc]onnect|refused|[Rr]oute)")
UNOPENED: Final = re.compile(
    r"there is no port|is used by another program|no permission|cannot be|is no serial port"
    r"|does not answer: "
)
"""Then nobody knows anything of the device: not even that it is mute."""

SENTENCES: Final = {
    "mute": "mute: nothing came back to {n} requests; check power, the two wires (A and B), the"
    " address and the baud rate",
    "mute_talker": "mute: nothing at all came from the device; check power, the wire, and whether"
    " it talks on another port",
    "wrong_baud_talker": "wrong_baud: bytes came and none of them makes sense; baud rate or parity"
    " is wrong, or A and B are swapped",
    "swapped": "swapped: what came back is almost only empty bytes; A and B are probably swapped",
    "wrong_baud": "wrong_baud: bytes came back to {n} requests and none is an answer; baud rate or"
    " parity is wrong, or A and B are swapped",
    "echo": "echo: the request itself came back {n} times; the adapter echoes, which the driver"
    " passed over",
    "noise": "noise: {n} answers were damaged in single bits; check termination, shield and ground",
    "drop": "drop: bytes were missing from {n} answers; check the adapter and its cable",
    "truncate": "truncate: {n} answers ended too early; check the adapter, or somebody else talks"
    " at the same time",
    "late": "late: {n} answers came after {ms:.0f} ms or later; raise timeout_s above the device's"
    " longest reply time",
    "duplicate": "duplicate: {n} answers came twice; two devices at one address, or a repeater",
    "foreign": "foreign: somebody else's sound frames stood before {n} answers; another master or"
    " another address answers too",
    "babble": "babble: bytes that nobody asked for stood before {n} answers; two talkers, or no"
    " bias resistors on an idle line",
    "dribble": "dribble: {n} answers came in many small pieces; set the adapter's latency timer"
    " to 1 ms",
    "unplug": "unplug: the port was lost {n} times; check the plug and the adapter",
    "mute_network": "mute: nothing came back to {n} requests; check power, the network's cable, the"
    " address and the port",
    "unplug_network": "unplug: nobody took the connection {n} times; check power, the network's"
    " cable and the address",
}


def hints(
    exchanges: Sequence[Exchange],
    errors: Sequence[str],
    *,
    is_understood: bool = False,
    is_disturbed: bool = True,
) -> list[str]:
    """Return what a technician should know, ``code: sentence`` each, worst first.

    Args:
        exchanges: What went over the line.
        errors: The texts of the driver's errors.
        is_understood: Whether the driver made sense of the device all the same.
        is_disturbed: Whether any exchange failed; if none did, what differs is another value.
    """
    asked = [exchange for exchange in exchanges if exchange.request]
    counts: Counter[str] = Counter()
    slowest_s = 0.0
    good = _good_answers(asked)
    asked_count = Counter(exchange.request for exchange in asked)
    for exchange in asked:
        counts.update(_troubles(exchange, good.get(exchange.request)))
        # What was asked once may simply take so long: a lock that opens, a head that turns.
        is_telling = not is_understood or asked_count[exchange.request] > 1
        if is_telling and exchange.pieces and exchange.pieces[0][0] >= LATE_S:
            counts["late"] += 1
            slowest_s = max(slowest_s, exchange.pieces[0][0])
    if not is_disturbed:
        for code in DAMAGES:
            del counts[code]
    if not any(UNOPENED.search(error) for error in errors):
        counts += Counter(_of_a_talker(exchanges, is_understood=is_understood))
    is_missing = any(MISSING.search(error) for error in errors)
    counts["unplug"] = sum(bool(GONE.search(error)) for error in errors) or int(is_missing)
    if not is_understood:
        counts += Counter(_of_the_whole(asked, has_good=bool(good)))
    return [
        sentence.format(n=counts[code], ms=slowest_s * 1000)
        for code, sentence in SENTENCES.items()
        if counts[code] > 0
    ]


def network_hints(
    exchanges: Sequence[Exchange],
    errors: Sequence[str],
    *,
    is_understood: bool = False,
    is_disturbed: bool = True,
) -> list[str]:
    """Return the same for a device on a network, whose bytes come whole or not at all.

    Args:
        exchanges: Requests and answers, as text.
        errors: As of ``hints``.
        is_understood: As of ``hints``.
        is_disturbed: Not looked at: that an answer differs from another means nothing here.
    """
    counts: dict[str, int] = {}
    if not is_understood and not any(exchange.received for exchange in exchanges):
        counts["mute_network"] = sum(bool(exchange.request) for exchange in exchanges)
    if lost := sum(bool(GONE.search(error) or MISSING.search(error)) for error in errors):
        counts["unplug_network"] = lost
    return [SENTENCES[code].format(n=count) for code, count in counts.items()]


def _of_the_whole(asked: Sequence[Exchange], *, has_good: bool) -> dict[str, int]:
    """Return what only shows when nothing at all was understood."""
    if not asked or has_good:
        return {}
    received = b"".join(exchange.received for exchange in asked)
    if not received:
        return {"mute": len(asked)}
    if sum(byte in EMPTY_BYTES for byte in received) >= EMPTY_SHARE_MIN * len(received):
        return {"swapped": 1}
    if all(exchange.received in (b"", exchange.request) for exchange in asked):
        return {"mute": len(asked)}  # only the adapter's own echo
    return {"wrong_baud": len(asked)}


def _of_a_talker(exchanges: Sequence[Exchange], *, is_understood: bool) -> dict[str, int]:
    """Return what shows at a device that nobody asks."""
    if is_understood or any(exchange.request for exchange in exchanges):
        return {}
    is_heard = any(exchange.received for exchange in exchanges)
    return {"wrong_baud_talker": 1} if is_heard else {"mute_talker": 1}


def _good_answers(asked: Sequence[Exchange]) -> dict[bytes, bytes]:
    """Return, by request, the answer that was seen most, at least twice and not empty."""
    seen: dict[bytes, Counter[bytes]] = {}
    for exchange in asked:
        if received := exchange.received:
            seen.setdefault(exchange.request, Counter())[received] += 1
    good = {}
    for request, counter in seen.items():
        answer, count = counter.most_common(1)[0]
        answer = answer.removeprefix(request)
        if answer and (count >= 2 or (len(counter) == 1 and has_sound_crc(answer))):
            good[request] = answer
    return good


def _troubles(exchange: Exchange, good: bytes | None) -> list[str]:
    received = exchange.received
    troubles = []
    if received.startswith(exchange.request) and received != good and good is not None:
        troubles.append("echo")
        received = received.removeprefix(exchange.request)
    slow = sum(
        after_s - before_s >= SLOW_PIECE_S
        for (before_s, _), (after_s, _) in zip(exchange.pieces, exchange.pieces[1:], strict=False)
    )
    if slow >= SLOW_PIECES_MIN:
        troubles.append("dribble")
    if good is not None and received and received != good:
        troubles += _differences(received, good)
    return troubles


def _differences(received: bytes, good: bytes) -> list[str]:
    """Return how an answer differs from the good one; a value that only changed is no trouble."""
    if received.count(good) > 1:
        return ["duplicate"]
    if received.endswith(good):
        before = received.removesuffix(good)
        return ["foreign" if len(before) >= 4 and has_sound_crc(before) else "babble"]
    if len(received) == len(good):
        flipped = sum((a ^ b).bit_count() for a, b in zip(received, good, strict=True))
        return ["noise"] if flipped == 1 else []
    if good.startswith(received):
        return ["truncate"]
    return ["drop"] if len(received) == len(good) - 1 else []
