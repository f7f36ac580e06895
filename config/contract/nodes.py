"""What a node and central say to each other, events apart."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from config.contract.access import DoorState
from config.contract.access_model import AccessModel
from config.contract.events import ClockQuality, EventClass
from config.contract.face_statements import SignedStatement
from config.contract.fire_status import FireStatus
from config.contract.identifiers import Frozen, Sha256, Slug
from config.contract.machine import ClockStatus, DiskStatus
from config.contract.operators import OperatorRecord


class NodeEnrolment(Frozen):
    """A node's request to join: the one-time secret and the keys it has made for itself.

    Attributes:
        secret: From the one-time token (see ``contract.trust.NodeToken``).
        signing_key: Public key (``contract.trust.public_text``); Ed25519, or SM2 behind ``sm.``.
        sealing_key: Public key; X25519, or SM2; templates are sealed for it.
    """

    node: Slug
    secret: str
    signing_key: str
    sealing_key: str


class NodeWelcome(Frozen):
    """Central's answer to a node that may join.

    Attributes:
        central_key: Public key of central (``contract.trust.public_text``); it signs commands.
        sealed_card_key: The key of card verifiers, sealed for the node (``contract.trust.seal``).
    """

    site: Slug
    node: Slug
    central_key: str
    sealed_card_key: str
    ca_certificate: str | None = None


class DeviceStatus(Frozen):
    """One device or camera as its node sees it now.

    Attributes:
        is_current: False when the device is lost: then ``state`` is unknown, never its last one.
        is_awaited: It was not heard since the node started, and still has time: nothing is known of
            it, neither that it is well nor that it is lost.
    """

    device: Slug
    kind: str
    access_points: tuple[Slug, ...] = ()
    is_current: bool
    is_awaited: bool = False
    state: DoorState | None = None
    since: AwareDatetime
    detail: str = ""


class ReleaseWish(Frozen):
    """A node that starts asks for what opens its keys. Attributes: key: For the answer."""

    key: str


class ReleasedKey(Frozen):
    """What opens a node's keys. Attributes: sealed_key: for the key of the wish, base64url."""

    sealed_key: str


class CertificateWish(Frozen):
    """A node asks for a certificate. Attributes: request: PKCS #10, PEM; ECDSA P-256."""

    request: Annotated[str, Field(max_length=2_000)]


class GivenCertificate(Frozen):
    """What a node opens connections with.

    Attributes:
        certificate: PEM.
        port: Of central's host, where connections with it are taken.
    """

    certificate: Annotated[str, Field(max_length=8_000)]
    port: Annotated[int, Field(ge=1, le=65535)]


class RetentionStatus(Frozen):
    """What one timer of retention did.

    Attributes:
        name: Of the class of data.
        oldest_at: Since when its oldest item counts; None where there is none.
        last_run_at: None where it never ran.
        last_count: How many items the last run that found any deleted.
    """

    name: str
    oldest_at: AwareDatetime | None = None
    last_run_at: AwareDatetime | None = None
    next_run_at: AwareDatetime | None = None
    last_deleted_at: AwareDatetime | None = None
    last_count: int = 0
    deleted_count: int = 0


class NodeStatus(Frozen):
    """A node's heartbeat, every few seconds and at once when something changes.

    Attributes:
        is_clock_awaited: The clock is unsure because the node started a moment ago.
        last_sequences: Of the journal, per class.
        unsent_count: Events not yet acknowledged.
        unrecorded_count: Decisions that no journal holds because it could not be written.
        network: Of the templates that this node compares; None where it recognises no faces.
        is_replica_outdated: Central has not confirmed people and rules for longer than the site
            allows, so its degraded rule holds.
        retention: Timers that delete what is due at this node.
        fire: None where the site file has no fire zone, and of an older node.
        disk: None before the first look, and of an older node.
        clock: None of an older node.
    """

    at: AwareDatetime
    version: str
    epoch: UUID
    clockquality: ClockQuality
    is_clock_awaited: bool = False
    replica_version: int
    last_sequences: dict[EventClass, int]
    unsent_count: int
    is_journal_writable: bool
    unrecorded_count: int = 0
    pipeline: str
    pipeline_missing: tuple[str, ...] = ()
    network: Sha256 | None = None
    gallery_size: int = 0
    is_replica_outdated: bool = False
    devices: tuple[DeviceStatus, ...] = ()
    retention: tuple[RetentionStatus, ...] = ()
    fire: FireStatus | None = None
    disk: DiskStatus | None = None
    clock: ClockStatus | None = None


class BatchReceipt(Frozen):
    """Central holds every event of the batch durably.

    Attributes:
        stored: New ones.
        duplicates: Ones it had already; not an error.
        conflicts: Same key, another id or content: kept as an alarm.
    """

    stored: int
    duplicates: int
    conflicts: int


class TemplateRecord(Frozen):
    """One encrypted template, sealed for one node.

    Attributes:
        network: Hash of the network that made it.
        ciphertext: Nonce and AES-256-GCM ciphertext of float32 little-endian values, base64url.
        sealed_key: The record's own key, sealed for the node, base64url.
        key_version: Part of the additional data, with the holder's id.
        picture_count: Enrolment pictures whose mean it is.
    """

    template_id: UUID
    network: Sha256
    ciphertext: str
    sealed_key: str
    key_version: int
    picture_count: Annotated[int, Field(ge=1)] = 1


class HolderRecord(Frozen):
    """Everything a node needs of one person; replaces what it had of that person.

    Attributes:
        version: Of the replica, when this record last changed.
        is_removed: Nothing else is set then, and the node forgets the person.
        masked_name: For the kiosk; the full name does not leave central.
        cards: Verifiers (``contract.trust.card_verifier``), never card numbers.
        access_points: Where the person may pass; None means everywhere.
        confusable_with: Holders whom face alone cannot tell from this one, such as a twin.
        profiles: Access profiles, which add up; None: ``access_points`` alone says where.
        pin: Verifier of the PIN (``contract.trust.pin_verifier``).
        duress_pin: Verifier of the PIN that opens as well and alarms silently; never equal to
            ``pin``.
        needs_escort: Waits at every point that is not free of escort.
        may_escort: May let those in who need an escort.
        is_first_person: Opens areas that wait for their first person.
        is_passback_exempt: Anti-passback neither refuses nor records this person.
        has_extended_access_time: Needs more time at the door.
        card_ends: When a card is over before its holder is, by verifier: a temporary card.
        cancelled_codes: Nonces of codes that were cancelled before their end.
        kept_templates: That lie at the node alone, and stay there; central has no copy of them.
        erasure: Of a removed person, as central signed it; the node keeps it.
    """

    holder_id: str
    version: int
    is_removed: bool = False
    is_active: bool = True
    masked_name: str = ""
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    access_points: tuple[Slug, ...] | None = None
    cards: tuple[str, ...] = ()
    templates: tuple[TemplateRecord, ...] = ()
    confusable_with: tuple[str, ...] = ()
    profiles: tuple[Slug, ...] | None = None
    pin: str | None = None
    duress_pin: str | None = None
    needs_escort: bool = False
    may_escort: bool = False
    is_first_person: bool = False
    is_passback_exempt: bool = False
    has_extended_access_time: bool = False
    card_ends: dict[str, AwareDatetime] = Field(default_factory=dict)
    cancelled_codes: tuple[str, ...] = ()
    kept_templates: tuple[UUID, ...] = ()
    erasure: SignedStatement | None = None


class SitePairsRecord(Frozen):
    """How often the site's own people are taken for each other, of the newest gallery self-test.

    Attributes:
        network: Whose similarities these are; they say nothing of another one.
        tested_at: When the self-test ended.
        people_count: Whose pairs they are.
        comparison_count: Of two people each, whatever their similarity.
        levels: Similarities, ascending.
        counts: Comparisons at or above each level.
        design_effects: For each level, by how much pairs hang together; 1 or more.
    """

    network: Sha256
    tested_at: AwareDatetime
    people_count: Annotated[int, Field(ge=0)]
    comparison_count: Annotated[int, Field(ge=0)]
    levels: tuple[float, ...]
    counts: tuple[int, ...]
    design_effects: tuple[float, ...]


class ActiveLockdown(Frozen):
    """A lockdown level that is on. Attributes: since: when an operator set it off."""

    level: Slug
    since: AwareDatetime


class ForgivenRecord(Frozen):
    """An operator forgave where people are, or refusals at a point; applied once, by ``number``.

    Attributes:
        number: Counts central's acts, from 1.
        holder_id: Whose place is forgotten; with ``access_point`` None too, everybody's.
        access_point: Where refusals are forgotten.
    """

    number: Annotated[int, Field(ge=1)]
    at: AwareDatetime
    holder_id: str | None = None
    access_point: Slug | None = None


class AccessRecord(Frozen):
    """The access rules of the site as they are now.

    Attributes:
        model: None where the node has this version already.
        version: Of the model.
        lockdowns: All that are on; any other is off.
        forgiven: The latest, oldest first; those that a node has applied are passed over.
        node_keys: Public keys of all nodes that have joined (``trust.public_text``); for the site
            link.
    """

    version: Annotated[int, Field(ge=0)]
    model: AccessModel | None = None
    lockdowns: tuple[ActiveLockdown, ...] = ()
    forgiven: tuple[ForgivenRecord, ...] = ()
    node_keys: dict[Slug, str] = Field(default_factory=dict)


class ReplicaPage(Frozen):
    """Changes after a version, in version order.

    Attributes:
        version: The version that the node has when it has applied this page.
        has_more: Ask again from ``version`` at once.
        is_complete: The page starts from nothing: forget every holder it (and the pages after it)
            do not name.
        site_pairs: As they are now, on every page; None before the first self-test, and for a node
            that does not ask for them (an older one refuses fields that it does not know).
        access: As it is now, on every page; None for a node that does not ask with ``access=V``.
        asked_holders: Of whom the node is to say which templates it holds, once it has applied the
            page (``contract.face_statements``); only with ``statements=true``.
        operators: All who have rights at terminals now, on every page: who is not named has none.
            None for a node that does not ask with ``operators=true``.
    """

    version: Annotated[int, Field(ge=0)]
    has_more: bool = False
    is_complete: bool = False
    holders: tuple[HolderRecord, ...] = ()
    site_pairs: SitePairsRecord | None = None
    access: AccessRecord | None = None
    asked_holders: tuple[str, ...] = ()
    operators: tuple[OperatorRecord, ...] | None = None
