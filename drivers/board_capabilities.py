"""What a controller board can be asked to do. Who wants it imports it from ``drivers.base``."""

from typing import Protocol, runtime_checkable


class Signs(Protocol):
    """Whoever signs for a board's gateway."""

    @property
    def public_key(self) -> bytes:
        """32 bytes, Ed25519."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        ...


@runtime_checkable
class HeartbeatKept(Protocol):
    """A board that goes into its safe state when nobody tells it that its node lives."""

    @property
    def heartbeat_s(self) -> float:
        """From one heartbeat to the next; several fit into the board's time."""
        ...

    @property
    def is_claimed(self) -> bool:
        """Whether the board takes what ``sign_with``'s key signs; False where nobody knows yet."""
        ...

    def sign_with(self, signer: Signs) -> None:
        """Have everything that the board wants signed signed by this; before ``start``."""
        ...

    async def claim(self) -> None:
        """Give an unclaimed board the signer's public key; idempotent.

        Raises:
            CommandRejectedError: Somebody else has claimed it.
            DriverError: The board did not take it.
        """
        ...

    async def heartbeat(self) -> None:
        """Tell the board that its node lives. Not repeated: the next beat comes soon.

        Raises:
            DriverError: The board did not answer.
        """
        ...

    async def hold(self, duration_s: float) -> None:
        """Have the board wait so long for the next heartbeat; signed.

        Args:
            duration_s: 0.001..600.

        Raises:
            CommandRejectedError: The board is not claimed by the signer.
            DriverError: The board did not take it.
        """
        ...
