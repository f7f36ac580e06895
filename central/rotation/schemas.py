"""What is said about keys; never a key."""

from pydantic import BaseModel

from config.crypto.suite import SuiteName


class PlaceView(BaseModel):
    """One kind of what is wrapped.

    Attributes:
        old_count: Wrapped by another key than the newest, or by an earlier version.
        unreadable_count: Of them, opened by no key: damaged before the rotation.
    """

    name: str
    count: int
    old_count: int
    unreadable_count: int


class KeysView(BaseModel):
    """The key-encryption key.

    Attributes:
        key_id: Of the newest; says nothing of the key.
        crypto: The algorithms of the site, chosen when it was made.
        is_rotating: The old key is still needed, and still there.
        is_credential: Only whoever installs the service can change it.
    """

    key_id: str
    crypto: SuiteName
    is_rotating: bool
    is_credential: bool
    places: list[PlaceView]
