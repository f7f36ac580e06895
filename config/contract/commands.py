"""What an operator has a node do: signed by central, good for seconds, carried out once or not.

A node verifies with central's public key, which it has from joining. To add a command: one class
with a ``kind`` of its own, its place in ``Ordinary`` or another part of ``Wanted``, and what the
edge does about it. None of them can hold anybody in: there is no command that closes a way out.
"""

from datetime import timedelta
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from config.contract.board_commands import BoardCommand
from config.contract.identifiers import Frozen, Slug
from config.contract.trust import TrustError, from_text, sign, to_text, verify
from config.contract.video_commands import VideoCommand
from config.crypto.keys import SigningKey, VerifyingKey

LIFETIME: Final = timedelta(seconds=30)
LIFETIME_MAX: Final = timedelta(minutes=5)
"""A longer one is none: it would still be carried out when nobody stands there any more."""
HOLD_MAX: Final = timedelta(hours=24)
"""A gate that somebody forgot to close stands open for a day at most."""
DRILL_MAX: Final = timedelta(hours=4)
FIRE_TEST_MAX: Final = timedelta(hours=12)
"""A point that somebody forgot under test signals again by the next shift."""

FirePattern = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class OpenOnce(Frozen):
    """Let one person through an access point, whoever it is."""

    kind: Literal["open_once"] = "open_once"
    access_point: Slug


class HoldOpen(Frozen):
    """Let everybody through an access point until then; a lockdown that locks it goes first."""

    kind: Literal["hold_open"] = "hold_open"
    access_point: Slug
    until: AwareDatetime


class Secure(Frozen):
    """End what ``hold_open`` began: the point is again as the site file and the rules have it."""

    kind: Literal["secure"] = "secure"
    access_point: Slug


class ReconnectDevice(Frozen):
    """Set a device up anew, as if it had just been switched on."""

    kind: Literal["reconnect_device"] = "reconnect_device"
    device: Slug


class ReportStatus(Frozen):
    """Tell central at once how the node is."""

    kind: Literal["report_status"] = "report_status"


class CloseFireRelease(Frozen):
    """End the release of one access point: the fire is out, or somebody guards it.

    A new fire releases it again; the same one does not.
    """

    kind: Literal["close_fire_release"] = "close_fire_release"
    access_point: Slug


class CloseFireOutput(Frozen):
    """End the release of one output of a zone, a door or a relay; as ``CloseFireRelease``.

    Attributes:
        output: Its channel, 0-based.
    """

    kind: Literal["close_fire_output"] = "close_fire_output"
    device: Slug
    output: Annotated[int, Field(ge=0, le=255)]


class BeginDrill(Frozen):
    """Behave as at a fire in a zone until then, and mark everything as a drill.

    Attributes:
        releases: Whether the gates are released; without, only telling is practised.
    """

    kind: Literal["begin_drill"] = "begin_drill"
    zone: Slug
    drill_id: UUID
    until: AwareDatetime
    releases: bool = True


class EndDrill(Frozen):
    """End a drill, and the releases that stand for it alone."""

    kind: Literal["end_drill"] = "end_drill"
    zone: Slug
    drill_id: UUID


class BeginFireTest(Frozen):
    """Record the signals of some points of a zone as test until then: they confirm no fire.

    Attributes:
        points: Patterns of the panel's addresses (``*`` and ``?``); none is all of the zone's.
    """

    kind: Literal["begin_fire_test"] = "begin_fire_test"
    test_id: UUID
    zone: Slug
    points: Annotated[tuple[FirePattern, ...], Field(max_length=64)] = ()
    until: AwareDatetime


class EndFireTest(Frozen):
    """End a test; a point that signals still counts from now on."""

    kind: Literal["end_fire_test"] = "end_fire_test"
    test_id: UUID


class CheckDuty(Frozen):
    """Ask whether somebody is on duty at a fire panel. Attributes: minutes: to answer in."""

    kind: Literal["check_duty"] = "check_duty"
    device: Slug
    minutes: Annotated[int, Field(ge=1, le=255)] = 10


class Signal(Frozen):
    """Sound a siren or light a lamp until then, or end it; sent anew, it goes on."""

    kind: Literal["signal"] = "signal"
    sounder: Slug
    is_on: bool
    until: AwareDatetime


Ordinary = OpenOnce | HoldOpen | Secure | ReconnectDevice | ReportStatus | Signal
"""What whoever may send commands may have a node do; anything else has a permission of its own."""
OfFire = (
    CloseFireRelease
    | CloseFireOutput
    | BeginDrill
    | EndDrill
    | BeginFireTest
    | EndFireTest
    | CheckDuty
)
Wanted = Annotated[Ordinary | OfFire | VideoCommand | BoardCommand, Field(discriminator="kind")]


class NodeCommand(Frozen):
    """One command to one node.

    Attributes:
        asked_by: The operator's identifier.
        reason: Why, in the operator's words; shown to operators, never in an event.
        issued_at, expires_at: Central's clock; not carried out from ``expires_at`` on.
    """

    id: UUID
    node: Slug
    what: Wanted
    asked_by: str
    reason: str
    issued_at: AwareDatetime
    expires_at: AwareDatetime

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.issued_at < self.expires_at <= self.issued_at + LIFETIME_MAX:
            raise ValueError(f"a command is good for {LIFETIME_MAX.seconds} s at most")
        return self


class SignedCommand(Frozen):
    """A command on its way. Attributes: body: the command as JSON. signature: base64url."""

    body: str
    signature: str


class SignedCommands(Frozen):
    """What waits for a node, oldest first."""

    commands: tuple[SignedCommand, ...] = ()


class CommandHead(BaseModel):
    """What is read of a command that cannot be understood: enough to refuse it by name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    node: Slug
    expires_at: AwareDatetime


def sign_command(command: NodeCommand, *, key: SigningKey, site: str) -> SignedCommand:
    """Return a command with central's signature, good at this site alone."""
    body = command.model_dump_json()
    return SignedCommand(
        body=body, signature=to_text(sign(key, body.encode(), context=_context(site)))
    )


def read_command(
    signed: SignedCommand, *, key: VerifyingKey, site: str, node: str
) -> NodeCommand | CommandHead:
    """Return a command that central signed for this node; its head where it is not understood.

    Raises:
        TrustError: It is not of this site's central, not for this node, or no command.
    """
    verify(key, from_text(signed.signature), signed.body.encode(), context=_context(site))
    command: NodeCommand | CommandHead
    try:
        command = NodeCommand.model_validate_json(signed.body)
    except ValidationError:
        try:
            command = CommandHead.model_validate_json(signed.body)
        except ValidationError as error:
            raise TrustError("central signed something that is no command") from error
    if command.node != node:
        raise TrustError(f"a command for {command.node}, not for this node")
    return command


def _context(site: str) -> str:
    return f"menshen command v1|{site}"
