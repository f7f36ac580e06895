"""From which similarity on pictures are taken to show one person, by the site's own target.

Both questions of an enrolment are asked at *step-up*, below which a gate turns a face away, and
not at *accept*, from which it opens:

* *Is this picture of the person of the other ones?* A wrong picture is a slip, with one try, and
  somebody looks at the answer. At step-up at most ``step_up_strangers`` of such slips stay unseen,
  the site's same-group factor included; accept would refuse many times as many good pictures.
* *Is somebody else enrolled whom this person resembles?* Whoever lies below step-up of the whole
  gallery is never taken for the other at a gate, not even to be asked for a card. The answer is a
  question to a second person, so asking once too often costs little, and missing somebody who is
  enrolled twice costs the gate's certainty for years.
"""

import dataclasses

from config.site import Recognition
from models.face.operating_point import RATES_OF_PIPELINE, Target, operating_point


@dataclasses.dataclass(frozen=True, slots=True)
class Likeness:
    """What a site's target says of similarities at enrolment."""

    recognition: Recognition

    def of_own_pictures(self, *, picture_count: int) -> float:
        """Return how alike a picture must be to the mean of others to be of their person.

        Args:
            picture_count: Of the mean; 1 compares two pictures.
        """
        return self._step_up(gallery_size=1, pictures=picture_count, tries=1)

    def of_other_people(self, *, gallery_size: int, picture_count: int) -> float:
        """Return how alike a gate must find two people to take one for the other.

        Args:
            gallery_size: People compared with.
            picture_count: Of the template with the fewest.
        """
        tries = self.recognition.tries
        return self._step_up(gallery_size=gallery_size, pictures=picture_count, tries=tries)

    def _step_up(self, *, gallery_size: int, pictures: int, tries: int) -> float:
        site = self.recognition
        target = Target(
            strangers=site.strangers,
            step_up_strangers=max(site.strangers, site.step_up_strangers),
            tries=tries,
        )
        return operating_point(
            RATES_OF_PIPELINE[site.pipeline],
            gallery_size=gallery_size,
            target=target,
            pictures=pictures,
            same_group_factor=site.same_group_factor,
        ).step_up
