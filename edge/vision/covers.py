"""What a site does about something that hides a face."""

from collections.abc import Callable, Mapping

from config.site import CoverPolicy, Recognition
from models.face.covers import Cover
from models.face.types import Face, Image


class CoverRule:
    """The site's setting, and the eye for what hides a face."""

    def __init__(
        self, recognition: Recognition, find: Callable[[Image, Face], Cover | None]
    ) -> None:
        self._find = find
        self._policies: Mapping[Cover, CoverPolicy] = {
            Cover.MASK: recognition.masks,
            Cover.DARK_GLASSES: recognition.dark_glasses,
            Cover.CAP: recognition.caps,
            Cover.SUN_BEHIND: recognition.sun_behind,
        }
        self._wanted = frozenset(self._policies.values())

    def seen(self, image: Image, face: Face, *, is_clear: bool) -> Cover | None:
        """Return what hides a face, if it matters: a clear face may pass where none needs a card.

        Args:
            image: Shape (height, width, 3), uint8, BGR.
            face: As a pipeline found it.
            is_clear: The face was recognised all the same.
        """
        if self._wanted == {"ignore"} or (is_clear and "card" not in self._wanted):
            return None
        cover = self._find(image, face)
        if cover is None or self._policies[cover] == "ignore":
            return None
        return None if is_clear and self._policies[cover] == "ask" else cover

    def is_sun_behind(self, image: Image, face: Face) -> bool:
        """Return whether a face is dark for the bright ground behind it, where the site asks."""
        return self.seen(image, face, is_clear=False) is Cover.SUN_BEHIND

    def is_asked(self, cover: Cover) -> bool:
        """Return whether a person is asked to do something about it."""
        return self._policies[cover] == "ask"

    def needs_card(self, cover: Cover) -> bool:
        """Return whether a face hidden so never passes alone."""
        return self._policies[cover] == "card"
