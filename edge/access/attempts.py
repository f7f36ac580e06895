"""What people show, each saying whom it is about and what speaks against it by itself."""

import dataclasses
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from config.contract.access import CredentialKind, DenialReason
from config.contract.trust import pin_verifier
from config.contract.visitor_code import VisitorCode, VisitorCodeError, decode_visitor_code
from config.crypto.keys import VerifyingKey

MARGIN_MIN: Final = 0.02
"""Similarity by which the best candidate must lead the second, where the network's own margin is
not given. Below it two enrolled people resemble the picture nearly equally, and a card decides."""


class Likeness(Protocol):
    """An enrolled person whom a face resembles; ``models.face.types.Candidate`` is one."""

    @property
    def key(self) -> str:
        """The holder's identifier."""
        ...

    @property
    def similarity(self) -> float:
        """Larger when more alike."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class FaceShown:
    """A face and the enrolled people it resembles.

    Attributes:
        candidates: Best first, each person once.
        threshold: The similarity demanded, on the same scale.
        step_up: From here to the threshold somebody may be who it seems, and a card decides; None
            asks nobody.
        margin_min: By which the best candidate must lead the second.
        doubt: What presentation attack detection has against a living face; None if nothing.
        elsewhere: Whom the face resembles who may not pass here; gives a reason, opens nothing.
    """

    candidates: Sequence[Likeness]
    threshold: float
    step_up: float | None = None
    margin_min: float = MARGIN_MIN
    doubt: DenialReason | None = None
    elsewhere: Likeness | None = None

    @property
    def margin(self) -> float | None:
        """Lead of the best candidate over the second; None with fewer than two."""
        if len(self.candidates) < 2:
            return None
        return self.candidates[0].similarity - self.candidates[1].similarity

    @property
    def refusal(self) -> DenialReason | None:
        """Why the picture shows nobody in particular, or None when it does."""
        lowest = self.threshold if self.step_up is None else min(self.step_up, self.threshold)
        if not self.candidates or self.candidates[0].similarity < lowest:
            return DenialReason.UNKNOWN_FACE
        if self.doubt is DenialReason.PRESENTATION_ATTACK:
            return self.doubt
        if self.candidates[0].similarity < self.threshold:
            return DenialReason.WEAK_FACE
        if self.margin is not None and self.margin < self.margin_min:
            return DenialReason.DOUBTFUL_FACE
        return self.doubt

    @property
    def holder_id(self) -> str | None:
        """Whom the picture shows."""
        return None if self.refusal else self.candidates[0].key

    @property
    def asked_about(self) -> str | None:
        """Who is looked up: whom the picture shows, or the one who is known elsewhere."""
        if self.refusal is DenialReason.UNKNOWN_FACE and self.elsewhere is not None:
            return self.elsewhere.key
        return self.holder_id

    @property
    def kind(self) -> CredentialKind:
        """What it is."""
        return CredentialKind.FACE

    def proves(self, holder_id: str) -> bool:
        """Return whether the face fits somebody whom another credential names already.

        One is then compared with one: who else resembles the picture does not matter, whether a
        living face was seen does.
        """
        if self.refusal not in {None, DenialReason.DOUBTFUL_FACE} or self.doubt is not None:
            return False
        return any(c.key == holder_id and c.similarity >= self.threshold for c in self.candidates)


@dataclasses.dataclass(frozen=True, slots=True)
class CardShown:
    """A card.

    Attributes:
        holder_id: Whose it is, or None when nobody here has it.
        valid_until: Of a temporary card; None lasts as long as its holder.
    """

    holder_id: str | None
    valid_until: datetime | None = None

    @property
    def asked_about(self) -> str | None:
        """Who is looked up."""
        return self.holder_id

    @property
    def refusal(self) -> DenialReason | None:
        """Why the card is nobody's, or None when it is somebody's."""
        return DenialReason.UNKNOWN_CARD if self.holder_id is None else None

    @property
    def kind(self) -> CredentialKind:
        """What it is."""
        return CredentialKind.CARD


@dataclasses.dataclass(frozen=True, slots=True)
class PinShown:
    """A PIN, typed by somebody whom another credential has named.

    Attributes:
        holder_id: Whose PIN it should be; None when nobody was named before.
        is_right: Whether it is that person's PIN or duress PIN.
        is_duress: Whether it is the duress PIN.
    """

    holder_id: str | None
    is_right: bool
    is_duress: bool = False

    @property
    def asked_about(self) -> str | None:
        """Who is looked up."""
        return self.holder_id

    @property
    def refusal(self) -> DenialReason | None:
        """Why the PIN is nobody's, or None when it is somebody's."""
        return None if self.is_right and self.holder_id is not None else DenialReason.WRONG_PIN

    @property
    def kind(self) -> CredentialKind:
        """What it is."""
        return CredentialKind.PIN


@dataclasses.dataclass(frozen=True, slots=True)
class CodeShown:
    """A QR code. Attributes: code: what it says; None when its signature does not fit."""

    code: VisitorCode | None

    @property
    def asked_about(self) -> str | None:
        """Who is looked up."""
        return None if self.code is None else str(self.code.holder_id)

    @property
    def refusal(self) -> DenialReason | None:
        """Why the code is nobody's, or None when it is somebody's."""
        return DenialReason.UNKNOWN_CODE if self.code is None else None

    @property
    def kind(self) -> CredentialKind:
        """What it is."""
        return CredentialKind.QR


@dataclasses.dataclass(frozen=True, slots=True)
class ExitRequested:
    """The button beside a door: somebody wants out, and nobody asks who."""

    @property
    def asked_about(self) -> str | None:
        """Nobody."""
        return None

    @property
    def refusal(self) -> DenialReason | None:
        """Never."""
        return None

    @property
    def kind(self) -> CredentialKind:
        """Nothing is shown."""
        return CredentialKind.NONE


@dataclasses.dataclass(frozen=True, slots=True)
class ReleaseRequested:
    """An operator lets one person through, whom they see."""

    @property
    def asked_about(self) -> str | None:
        """Nobody."""
        return None

    @property
    def refusal(self) -> DenialReason | None:
        """Never."""
        return None

    @property
    def kind(self) -> CredentialKind:
        """Nothing is shown."""
        return CredentialKind.NONE


Attempt = FaceShown | CardShown | PinShown | CodeShown | ExitRequested | ReleaseRequested

UNKNOWN: Final = {
    CredentialKind.FACE: DenialReason.UNKNOWN_FACE,
    CredentialKind.CARD: DenialReason.UNKNOWN_CARD,
    CredentialKind.PIN: DenialReason.WRONG_PIN,
    CredentialKind.QR: DenialReason.UNKNOWN_CODE,
}
"""What is said when whoever the credential names is not known here any more."""


def pin_shown(
    pin: str, *, holder_id: str | None, key: bytes, verifier: str | None, duress: str | None
) -> PinShown:
    """Return what a typed PIN is.

    Args:
        pin: As typed.
        holder_id: Whose it should be: who has shown another credential just before.
        key: The site's card key.
        verifier: Of that person's PIN; None when they have none.
        duress: Of that person's duress PIN.
    """
    if holder_id is None:
        return PinShown(None, is_right=False)
    typed = pin_verifier(key, holder_id, pin)
    is_own, is_duress = (
        kept is not None and hmac.compare_digest(typed, kept) for kept in (verifier, duress)
    )
    return PinShown(holder_id, is_right=is_own or is_duress, is_duress=is_duress and not is_own)


def code_shown(text: str, *, key: VerifyingKey, site: str) -> CodeShown:
    """Return what a scanned code is, whatever was scanned.

    Args:
        text: As scanned.
        key: Central's.
        site: Of the terminal.
    """
    try:
        return CodeShown(decode_visitor_code(text, key=key, site=site))
    except VisitorCodeError:
        return CodeShown(None)
