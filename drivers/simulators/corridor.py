"""What the simulated camera looks at: a corridor through which photographed people walk.

The world has its own time (``step``) and knows nothing of networks. People are cut out of their
photographs, walk up, stand, and walk on; they are scaled, moved, relit and blurred by their motion,
and noise makes every picture a new one. No device of its own: ``camera`` shows it.
"""

import dataclasses
import math
from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

FACE_PX_FAR, FACE_PX_BEHIND, FACE_PX_STANDING, FACE_PX_PAST = 70.0, 118.0, 172.0, 235.0
"""Widths of a face at the stations of a person's way, in a picture 480 pixels high."""
APPROACH_S, STEP_UP_S, WALK_ON_S, LEAVE_S = 1.1, 0.6, 0.6, 0.8
BUST_PX = 260.0
"""Photographs are kept at this width of the face; the largest that is drawn is smaller."""
NOISE_GREY_LEVELS = 3.0


@dataclasses.dataclass(frozen=True, slots=True)
class Bust:
    """A person cut out of a photograph, face ``BUST_PX`` wide at most.

    Attributes:
        image: BGR, black where ``alpha`` is 0.
        alpha: Shape (height, width), 0..255.
        face: Middle x, y and width of the face in ``image``.
    """

    image: Image
    alpha: Image
    face: tuple[float, float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Pose:
    """Where a face is in the picture: its middle and its width in pixels."""

    x: float
    y: float
    face_px: float

    def towards(self, other: "Pose", share: float) -> "Pose":
        """Return the pose at a share of the way, gently begun and ended."""
        eased = share * share * (3 - 2 * share)
        return Pose(
            self.x + (other.x - self.x) * eased,
            self.y + (other.y - self.y) * eased,
            self.face_px + (other.face_px - self.face_px) * eased,
        )


@dataclasses.dataclass(slots=True)
class Person:
    """Somebody in the corridor. Attributes: side: -1 comes and goes left, 1 right."""

    name: str
    side: int
    light: float
    doing: str
    start: Pose
    end: Pose
    duration_s: float
    elapsed_s: float = 0.0

    @property
    def pose(self) -> Pose:
        """Where the person's face is now; nobody stands quite still."""
        pose = self.start.towards(self.end, min(1.0, self.elapsed_s / self.duration_s))
        sway = math.sin(2.1 * self.elapsed_s)
        nod = math.sin(1.3 * self.elapsed_s)
        return Pose(pose.x + 4 * sway, pose.y + 2 * nod, pose.face_px * (1 + 0.012 * nod))

    def go(self, doing: str, end: Pose, duration_s: float) -> None:
        """Begin another way from here."""
        self.start, self.end, self.doing = self.pose, end, doing
        self.duration_s, self.elapsed_s = duration_s, 0.0


class Corridor:
    """The world before the camera. Its time passes with ``step`` alone.

    Args:
        busts: The people who may come, by name.
        frames_per_second: Of the camera; its shutter is open for a third of a frame.
        seed: Of the noise, the light and the side from which people come.
    """

    def __init__(
        self,
        busts: Mapping[str, Bust],
        *,
        width: int,
        height: int,
        frames_per_second: float,
        seed: int,
    ) -> None:
        self.busts = busts
        self.people: list[Person] = []
        self._width, self._height = width, height
        self._frames_per_second = frames_per_second
        self._random = np.random.default_rng(seed)
        self._wall = _draw_corridor(width, height)
        shape = (4, height + 64, width + 64)
        noise = self._random.normal(0.0, NOISE_GREY_LEVELS, shape)
        self._noise = np.clip(np.rint(noise), -12, 12).astype(np.int8)

    def approach(self, name: str) -> None:
        """Let a person come in and walk up.

        Raises:
            ValueError: No such person, or somebody stands there.
        """
        self._require_free()
        self.people.append(self._person(name, "walking_up", self._at_gate(), APPROACH_S))

    def follow(self, name: str) -> None:
        """Let a person come and wait behind the one who stands there."""
        front = self._front()
        x = 0.5 + 0.27 * (1 if front is None else -front.side)
        pose = self._pose(x, 0.40, FACE_PX_BEHIND)
        person = self._person(name, "walking_up_behind", pose, APPROACH_S)
        person.side = -1 if x < 0.5 else 1
        person.start = self._outside(person.side, FACE_PX_FAR)
        self.people.append(person)

    def walk_on(self) -> None:
        """Let the person who stands there go through the gate, past the camera."""
        person = self._require_front()
        person.go("walking_on", self._outside(-person.side, FACE_PX_PAST), WALK_ON_S)

    def leave(self) -> None:
        """Let the person who stands there turn away."""
        person = self._require_front()
        person.go("leaving", self._outside(person.side, FACE_PX_BEHIND), LEAVE_S)

    def step(self, dt_s: float) -> None:
        """Let time pass."""
        for person in list(self.people):
            person.elapsed_s += dt_s
            if person.elapsed_s < person.duration_s:
                continue
            if person.doing in {"walking_on", "leaving"}:
                self.people.remove(person)
            elif person.doing == "walking_up":
                person.doing = "standing"
            elif person.doing == "walking_up_behind":
                person.doing = "waiting"
        waiting = [p for p in self.people if p.doing == "waiting"]
        if waiting and self._front() is None:
            waiting[0].go("walking_up", self._at_gate(), STEP_UP_S)

    def render(self) -> Image:
        """Return the picture of now; no two are the same."""
        picture = self._wall.copy()
        for person in sorted(self.people, key=lambda p: p.pose.face_px):
            self._draw(picture, person)
        down, right = (int(n) for n in self._random.integers(0, 64, 2))
        plane = self._noise[self._random.integers(0, len(self._noise))]
        height, width = picture.shape[:2]
        noise = plane[down : down + height, right : right + width, None]
        noisy = np.add(picture, noise, dtype=np.int16)
        visible: Image = np.clip(noisy, 0, 255).astype(np.uint8)
        return visible

    def _draw(self, picture: Image, person: Person) -> None:
        bust, pose = self.busts[person.name], person.pose
        face_x, face_y, face_px = bust.face
        scale = pose.face_px / face_px
        height, width = picture.shape[:2]
        left, top = pose.x - face_x * scale, pose.y - face_y * scale
        x0, y0 = max(0, math.floor(left)), max(0, math.floor(top))
        x1 = min(width, math.ceil(left + bust.alpha.shape[1] * scale))
        y1 = min(height, math.ceil(top + bust.alpha.shape[0] * scale))
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        matrix = np.array([[scale, 0, left - x0], [0, scale, top - y0]])
        size = (x1 - x0, y1 - y0)
        body = cv2.warpAffine(bust.image, matrix, size, flags=cv2.INTER_AREA)
        alpha = cv2.warpAffine(bust.alpha, matrix, size, flags=cv2.INTER_AREA)
        # The lamp is over the gate: who comes nearer comes into its light.
        light = person.light * (0.82 + 0.18 * min(1.0, pose.face_px / FACE_PX_STANDING))
        body = cv2.convertScaleAbs(body, alpha=light)
        smear = _smear_px(person, self._frames_per_second)
        if smear > 1:
            body, alpha = cv2.blur(body, (smear, 1)), cv2.blur(alpha, (smear, 1))
        rest = cv2.cvtColor(255 - alpha, cv2.COLOR_GRAY2BGR)
        part = picture[y0:y1, x0:x1]
        part[:] = cv2.add(cv2.multiply(part, rest, scale=1 / 255), body)

    def _person(self, name: str, doing: str, end: Pose, duration_s: float) -> Person:
        if name not in self.busts:
            known = ", ".join(self.busts) or "none"
            raise ValueError(f"no photograph is called {name!r}; there are: {known}")
        side = 1 if self._random.random() < 0.5 else -1
        light = float(self._random.uniform(0.85, 1.1))
        start = self._outside(side, FACE_PX_FAR)
        return Person(name, side, light, doing, start, end, duration_s)

    def _front(self) -> Person | None:
        return next((p for p in self.people if p.doing in {"walking_up", "standing"}), None)

    def _require_front(self) -> Person:
        person = self._front()
        if person is None:
            raise ValueError("nobody stands there")
        return person

    def _require_free(self) -> None:
        if self._front() is not None:
            raise ValueError("somebody stands there: let them walk_on or leave first")

    def _at_gate(self) -> Pose:
        x = 0.5 + float(self._random.uniform(-0.03, 0.03))
        return self._pose(x, 0.42, FACE_PX_STANDING)

    def _outside(self, side: int, face_px: float) -> Pose:
        reach = 2.2 * face_px / 640
        return self._pose(1 + reach if side > 0 else -reach, 0.44, face_px)

    def _pose(self, x: float, y: float, face_px: float) -> Pose:
        return Pose(x * self._width, y * self._height, face_px * self._height / 480)


def _smear_px(person: Person, frames_per_second: float) -> int:
    """Return how far a person moves while the shutter is open, a third of a frame."""
    if person.elapsed_s >= person.duration_s:
        return 1
    way_px = abs(person.end.x - person.start.x) / person.duration_s / frames_per_second
    share = person.elapsed_s / person.duration_s
    return 1 + min(8, round(way_px * 6 * share * (1 - share) / 3))


def portrait_face(photo: Image) -> tuple[float, float, float]:
    """Return where portraits have the face: middle x, y and width in pixels."""
    height, width = photo.shape[:2]
    return 0.5 * width, 0.45 * height, 0.4 * width


def sheet(photo: Image, x: float, y: float, width: float) -> Bust:
    """Keep a photograph whole, as a sheet or a screen that somebody holds before the face."""
    scale = min(1.0, BUST_PX / width)
    image = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    alpha = np.full(image.shape[:2], 255, np.uint8)
    return Bust(np.asarray(image, np.uint8), alpha, (x * scale, y * scale, width * scale))


def cut_out(photo: Image, x: float, y: float, width: float) -> Bust:
    """Cut head and shoulders out of a photograph; what is below its edge is the edge again."""
    small_scale = 64 / width
    small = cv2.resize(photo, None, fx=small_scale, fy=small_scale, interpolation=cv2.INTER_AREA)
    mask = _guess_person(small.shape[:2], x * small_scale, y * small_scale)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    whole = (0, 0, 1, 1)  # not looked at: the mask says where the person may be
    cv2.grabCut(small, mask, whole, background, foreground, 2, cv2.GC_INIT_WITH_MASK)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    person = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    _, labels = cv2.connectedComponents(person)
    label = labels[min(int(y * small_scale), labels.shape[0] - 1), int(x * small_scale)]
    soft = cv2.GaussianBlur((labels == label).astype(np.uint8) * 255, (0, 0), 1.5)
    scale = min(1.0, BUST_PX / width)
    image = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(soft, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    opaque = cv2.cvtColor(alpha, cv2.COLOR_GRAY2BGR)
    image = cv2.multiply(image, opaque, scale=1 / 255)
    below = round(3 * width * scale)
    image = cv2.copyMakeBorder(image, 0, below, 0, 0, cv2.BORDER_REPLICATE)
    alpha = cv2.copyMakeBorder(alpha, 0, below, 0, 0, cv2.BORDER_REPLICATE)
    face = (x * scale, y * scale, width * scale)
    return Bust(np.asarray(image, np.uint8), np.asarray(alpha, np.uint8), face)


def _guess_person(shape: tuple[int, int], x: float, y: float) -> Image:
    """Return where a person may be around a face 64 pixels wide: surely, perhaps, hardly, not."""
    mask = np.full(shape, cv2.GC_BGD, np.uint8)
    head_and_shoulders = (
        (cv2.GC_PR_BGD, (52, 72), -8, ((40, 40), (135, 90), (140, shape[0]))),
        (cv2.GC_PR_FGD, (44, 60), -6, ((25, 35), (95, 90), (105, shape[0]))),
        (cv2.GC_FGD, (30, 42), 0, ((18, 40), (50, 110), (55, shape[0]))),
    )
    for value, axes, rise, outline in head_and_shoulders:
        right = [(x + dx, y + dy) for dx, dy in outline]
        left = [(x - dx, y + dy) for dx, dy in reversed(outline)]
        cv2.fillPoly(mask, [np.array(right + left, np.int32)], [value])
        cv2.ellipse(mask, (round(x), round(y + rise)), axes, 0, 0, 360, [value], -1)
    return mask


def _draw_corridor(width: int, height: int) -> Image:
    """Draw walls, floor and ceiling that meet at a far door, and a lamp."""
    picture = np.zeros((height, width, 3), np.uint8)

    def area(colour: tuple[int, int, int], *points: tuple[float, float]) -> None:
        corners = np.array([(px * width, py * height) for px, py in points], np.int32)
        cv2.fillPoly(picture, [corners], colour)

    area((196, 204, 206), (0, 0), (0.38, 0.25), (0.38, 0.62), (0, 1))
    area((184, 193, 197), (1, 0), (0.62, 0.25), (0.62, 0.62), (1, 1))
    area((222, 226, 226), (0, 0), (1, 0), (0.62, 0.25), (0.38, 0.25))
    area((120, 132, 140), (0, 1), (1, 1), (0.62, 0.62), (0.38, 0.62))
    area((150, 160, 164), (0.38, 0.25), (0.62, 0.25), (0.62, 0.62), (0.38, 0.62))
    area((104, 92, 80), (0.45, 0.34), (0.55, 0.34), (0.55, 0.62), (0.45, 0.62))
    area((96, 110, 128), (0.10, 0.22), (0.22, 0.30), (0.22, 0.72), (0.10, 0.86))
    area((250, 252, 252), (0.44, 0.05), (0.56, 0.05), (0.53, 0.14), (0.47, 0.14))
    blurred = cv2.GaussianBlur(picture, (0, 0), width / 320)
    rows = np.linspace(1.04, 0.9, height)[:, None, None]
    return np.clip(blurred * rows, 0, 255).astype(np.uint8)
