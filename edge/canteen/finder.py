"""Whom faces, cards and codes at one till are of. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime

from config.contract.access import CredentialKind
from config.contract.money import TillOrder
from config.contract.order_code import code_hash
from config.site_canteen import TillEntry
from drivers.base import CredentialRead
from edge.access.attempts import CodeShown, FaceShown
from edge.access.question import Person
from edge.canteen.diner import Diner, Found, by_code, by_face, stands_beside
from edge.canteen.screen import TillRefusal
from edge.patrol.numbers import forms
from edge.patrol.rules import IDENTIFYING

NOBODY = Found(refusal=TillRefusal.UNKNOWN_CARD)


class Finder:
    """Of one till."""

    def __init__(
        self,
        entry: TillEntry,
        *,
        person: Callable[[str], Person | None],
        holder_of_card: Callable[[str], str | None],
        end_of_card: Callable[[str], datetime | None],
        read_code: Callable[[str], CodeShown],
        is_used: Callable[[str], bool],
        order_of_code: Callable[[str], TillOrder | None],
    ) -> None:
        """Look people up.

        Args:
            entry: Of the site file.
            person: Returns a person by identifier.
            holder_of_card: Returns whose card a number is.
            end_of_card: Returns when a temporary card is over.
            read_code: Reads a scanned code, whatever was scanned.
            is_used: Whether a one-time code, by its nonce, pays no more.
            order_of_code: Returns which order has a code, by its hash.
        """
        self._entry, self._person, self._read_code = entry, person, read_code
        self._holder_of_card, self._end_of_card = holder_of_card, end_of_card
        self._is_used, self._order_of_code = is_used, order_of_code

    def by_face(self, shown: FaceShown, *, widths: Sequence[float], is_met: bool) -> Found:
        """Return who stands before the camera.

        Args:
            shown: The nearest face.
            widths: Of all faces there, in pixels.
            is_met: The till's policy about life is.
        """
        return by_face(
            shown,
            self._person,
            is_beside=stands_beside(widths),
            is_challenged=is_met and self._entry.liveness == "challenge",
        )

    def read(self, reading: CredentialRead, *, now: datetime) -> Found | None:
        """Return whose card a reader read; None of what is no card."""
        if reading.kind not in IDENTIFYING:
            return None
        return self.by_card(forms(reading.kind, reading.number), now=now)

    def by_card(
        self,
        numbers: Sequence[str],
        *,
        now: datetime,
        credential: CredentialKind = CredentialKind.CARD,
    ) -> Found:
        """Return whose card has one of these numbers; two people's is nobody's.

        Args:
            numbers: Of one card, in every form.
            now: Aware.
            credential: What proves it: of a number that was only typed, a PIN.
        """
        found = set[str]()
        for number in numbers:
            holder_id = self._holder_of_card(number)
            ends_at = None if holder_id is None else self._end_of_card(number)
            if holder_id is not None and (ends_at is None or now < ends_at):
                found.add(holder_id)
        return Found((Diner(found.pop(), credential),)) if len(found) == 1 else NOBODY

    def by_code(self, text: str, *, now: datetime) -> Found:
        """Return whose code was scanned; a one-time code is good until it was paid with.

        The code of an order is good for that order, whoever shows it.
        """
        hashed = code_hash(text)
        if hashed is not None:
            order = self._order_of_code(hashed)
            if order is None:
                return Found(refusal=TillRefusal.ORDER_UNKNOWN)
            return Found((Diner(order.holder_id, CredentialKind.QR),), order=order.charge_id)
        shown = self._read_code(text)
        person = None if shown.asked_about is None else self._person(shown.asked_about)
        places = {self._entry.id, self._entry.merchant}
        return by_code(shown, person, places=places, is_used=self._is_used, now=now)
