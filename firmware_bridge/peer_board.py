"""The simulated board: its hardware, from one start to the next, and what can happen to it.

Time is given with ``step``; a virtual clock is as good as a real one. What outlives the power is in
the flash; what outlives a restart, but no power cut, is kept here.

The body of an image may say that it is a broken one, with the text
``menshen-board-behaviour: KIND`` anywhere in it:

* ``does_not_start``: the hardware's watchdog restarts the board after ``HANG_S``, again and again.
* ``hangs``: so does it, ``WORKS_S`` after each start.
* ``mute``: it runs and never answers.
* ``unhealthy``: its self-test fails.
* ``stays_safe``: it goes into its safe state at once, and no heartbeat gets it out.
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from firmware_bridge.peer_application import Application, Cause, Event, Health
from firmware_bridge.peer_bootloader import Bootloader, Happened, Key, Progress
from firmware_bridge.peer_configuration import Configuration
from firmware_bridge.peer_flash import Flash, FlashError, PowerCutError
from firmware_bridge.peer_group import BoardGroup
from firmware_bridge.peer_image import (
    CheckedImage,
    PublicKey,
    version_text,
)
from firmware_bridge.peer_journal import Journal
from firmware_bridge.peer_log import Log
from firmware_bridge.peer_make import BEHAVIOUR_TEXT, Make, put_in_first_image
from firmware_bridge.peer_pace import Pace
from firmware_bridge.peer_server import Server
from firmware_bridge.peer_slots import Slots

RESTART_DELAY_S: Final = 0.05
"""From the answer to a reset until the restart."""
START_S: Final = 0.2
"""From the restart until the application runs: the bootloader's time."""
HANG_S: Final = 1.0
"""The hardware's watchdog."""
WORKS_S: Final = 2.0
STEP_S_MAX: Final = 0.01
BEHAVIOUR: Final = re.compile(BEHAVIOUR_TEXT.encode() + rb"([a-z_]+)")


class Board:
    """One board, its state in the open.

    Attributes:
        make: What it was made as.
        serial_number: As its make says.
        claim_key: The gateway's, 32 bytes; empty where nobody has claimed it.
        contacts: Which inputs are closed.
        is_open: The housing.
        is_jumper_now: The jumper that frees its claim is closed; it is read at the next start.
        is_jumper_closed: It was closed at this start.
        now_s: Since it was made.
        supply_mv, celsius: What it measures.
        unwell: Bits of ``Health`` that a hand set.
        flash: What outlives it.
        is_powered: Whether it has power.
        is_hung: The application does nothing any more; the fire still works.
        is_unbootable: It was started and there was nothing to start.
        power_returns_s: After a power cut, by itself; None is never.
        restart_count: How often it was started.
    """

    def __init__(self, make: Make, keys: Sequence[PublicKey], flash: Flash) -> None:
        """Make one, or take one that its flash already holds, and switch it on.

        Args:
            make: What it is made as.
            keys: Whose images its bootloader starts, besides its maker's.
            flash: Erased: the maker puts an image in.
        """
        self.make, self.serial_number = make, make.serial_number
        self.contacts = [False] * make.input_count
        self.is_open = self.is_hung = self.is_unbootable = False
        self.is_powered = False
        self.is_jumper_now = self.is_jumper_closed = False
        self.power_returns_s: float | None = 0.5
        self.restart_count = 0
        self.now_s = 0.0
        self.supply_mv, self.celsius = 24_000, 31
        self.claim_key = b""
        self.unwell = 0
        self.flash = flash
        self._keys = list(keys)
        self._application: Application | None = None
        self._server: Server | None = None
        self._slots: Slots | None = None
        self._journal: Journal | None = None
        self._image: CheckedImage | None = None
        self._behaviour = ""
        self._boots: set[int] = {0}
        self._started_s = 0.0
        self._due: tuple[float, Cause] | None = None
        self._maintained_until_s = 0.0
        self._pace = Pace(make.erase_s)
        self._was_safe = False
        self._log = Log()
        self._cut_at_upload: int | None = None
        self._cut_at_start: int | None = None
        put_in_first_image(make, flash)
        self.power(is_on=True)

    @property
    def application(self) -> Application | None:
        """What runs; None while nothing does."""
        return self._application

    @property
    def running(self) -> CheckedImage | None:
        """The image that runs; None while nothing does."""
        return self._image if self._application is not None else None

    @property
    def slots(self) -> Slots | None:
        """Both slots as the running application sees them."""
        return self._slots

    def power(self, *, is_on: bool) -> None:
        """Switch the power; on starts the board at once."""
        if not is_on:
            self._lose_power(returns=False)
        elif not self.is_powered:
            self.is_powered = True
            self._due = self.now_s, Cause.POWER
            self._start_if_due()

    def cut_power(self, *, after_operations: int) -> None:
        """Let the power fail in the middle of a write or erase, after so many more of them."""
        self.flash.cut_power(after_operations=after_operations)

    def cut_power_at_upload(self, offset: int) -> None:
        """Let the power fail when this byte of an image is written."""
        self._cut_at_upload = offset

    def cut_power_at_start(self, *, after_operations: int) -> None:
        """Let the power fail at the next start, after so many writes and erases: in the swap."""
        self._cut_at_start = after_operations

    def restart(self, cause: Cause = Cause.WATCHDOG) -> None:
        """Restart now, as the hardware's watchdog does."""
        if self.is_powered:
            self._stop()
            self._due = self.now_s + START_S, cause

    def hang(self) -> None:
        """Let the application hang, where one runs; the hardware's watchdog restarts it."""
        if self._application is not None:
            self.is_hung = True
            self._due = self.now_s + HANG_S, Cause.WATCHDOG

    def set_contact(self, channel: int, *, is_closed: bool) -> None:
        """Close a contact, or open it."""
        self.contacts[channel] = is_closed
        if self._application is not None and not self.is_hung:
            self._application.set_contact(channel, self._now_ms(), is_closed=is_closed)
            if not self._application.configuration.deb:
                self._application.step(self._now_ms())

    def card(self, reader: int, bit_count: int, left_aligned: bytes) -> None:
        """Hold a card to a reader."""
        if self._application is not None and not self.is_hung:
            self._application.card(reader, bit_count, left_aligned, self._now_ms())

    def set_housing(self, *, is_open: bool) -> None:
        """Open the housing, or close it."""
        self.is_open = is_open
        if self._application is not None and not self.is_hung:
            self._application.set_housing(self._now_ms(), is_open=is_open)

    # ---- what the line does

    def receive(self, frame: bytes, *, is_datagram: bool = False) -> bytes | None:
        """Take a request; returns the answer, or None where there is none, or none yet."""
        is_deaf = self.is_hung or self._pace.is_busy(self.now_s) or self._behaviour == "mute"
        if self._server is None or is_deaf:
            return None
        erase_count = self.flash.erase_count
        try:
            answer = self._server.answer(frame, now_ms=self._now_ms(), is_datagram=is_datagram)
        except PowerCutError:
            self._lose_power(returns=True)
            return None
        app = self._application
        busy_s = self._pace.busy_s(self.flash.erase_count - erase_count)
        if app is not None:
            self._log.note(app.events)
            app.stand_still(round(busy_s * 1000))
        if answer is not None and busy_s:
            self._pace.keep(answer, self.now_s + busy_s)
            return None
        return answer

    def late_answer(self) -> bytes | None:
        """Return, once, the answer to what took its time, when it is due."""
        return self._pace.due(self.now_s)

    def count_bad(self, count: int) -> None:
        """Count frames that the line could not read."""
        if self._server is not None:
            self._server.bad_count += count

    def step(self, dt_s: float) -> None:
        """Let time pass, any time: what is due meanwhile happens when it is due."""
        while dt_s > STEP_S_MAX:
            self._step(STEP_S_MAX)
            dt_s -= STEP_S_MAX
        self._step(dt_s)

    def _step(self, dt_s: float) -> None:
        self.now_s += dt_s
        self._start_if_due()
        app = self._application
        if app is None:
            return
        if self.is_hung:
            app.watch_fire(self.contacts, self._now_ms())
            return
        app.step(self._now_ms())
        self._watch_image(app)
        self._log.note(app.events)

    # ---- what the server and the group want to know

    def identity(self) -> dict[str, Any]:
        """See ``peer_group.Owner.identity``."""
        image, journal = self._image, self._journal
        if image is None or journal is None:
            raise RuntimeError("nobody asks a board that does not run")
        counter = Progress(journal).counter
        return self.make.identity(image, counter=counter, is_claimed=bool(self.claim_key))

    def remember_configuration(self, configuration: Configuration) -> None:
        """See ``peer_group.Owner.remember_configuration``."""
        self._remember(Key.CONFIGURATION, configuration.as_bytes())

    def remember_claim(self, key: bytes) -> None:
        """See ``peer_group.Owner.remember_claim``."""
        self._remember(Key.CLAIM, key)
        self.claim_key = key

    def maintain(self, duration_ms: int) -> None:
        """See ``peer_group.Owner.maintain``."""
        self._maintained_until_s = self.now_s + duration_ms / 1000

    def may_change_images(self, *, is_datagram: bool) -> bool:
        """See ``peer_server.Owner.may_change_images``."""
        return not is_datagram or self.now_s < self._maintained_until_s

    def ask_for_restart(self) -> None:
        """See ``peer_server.Owner.ask_for_restart``."""
        self._due = self.now_s + RESTART_DELAY_S, Cause.COMMAND

    def expect_upload(self, offset: int, size_bytes: int) -> None:
        """See ``peer_server.Owner.expect_upload``: the power fails in it, if it is to."""
        if self._cut_at_upload is not None and self._cut_at_upload < offset + size_bytes:
            self._cut_at_upload = None
            self.flash.cut_power(after_operations=0)

    def image_confirmed(self) -> None:
        """See ``peer_server.Owner.image_confirmed``."""
        if self._application is not None:
            self._application.events.add(self._now_ms(), Event.IMAGE, 2)

    def statistics(self) -> dict[str, dict[str, int]]:
        """See ``peer_server.Owner.statistics``."""
        server = self._server
        return {
            "link": {
                "frames": 0 if server is None else server.frame_count,
                "bad": 0 if server is None else server.bad_count,
                "restarts": self.restart_count,
            },
            "power": {"supply_mv": self.supply_mv, "celsius": self.celsius},
            "flash": {"erases": self.flash.erase_count},
        }

    def log(self) -> bytes:
        """See ``peer_server.Owner.log``."""
        return self._log.content()

    # ---- from one start to the next

    def _start_if_due(self) -> None:
        if self._due is None or self.now_s < self._due[0]:
            return
        at_s, cause = self._due
        self._due = None
        if not self.is_powered:
            self.is_powered = True
        elif self._application is not None:
            self._stop()
            self._due = at_s + START_S, cause
            return
        try:
            self._start(cause)
        except PowerCutError:
            self._lose_power(returns=True)
        except FlashError as error:
            self.is_unbootable = True
            self._log.add(f"nothing to start: {error}")

    def _start(self, cause: Cause) -> None:
        """Bootloader, then the application.

        Raises:
            PowerCutError: The power failed.
        """
        is_to_be_cut = self._cut_at_start is not None
        if self._cut_at_start is not None:
            self.flash.cut_power(after_operations=self._cut_at_start)
            self._cut_at_start = None
        self.restart_count += 1
        self._started_s = self.now_s
        journal = self._journal = Journal(self.flash)
        keys = list(self._keys)
        if (maker := journal.get(Key.MAKER)) is not None:
            keys.append(Ed25519PublicKey.from_public_bytes(maker))
        start = Bootloader(self.flash, journal, keys, hw=self.make.hw).start()
        if is_to_be_cut:
            self.flash.keep_power()
        for why in start.why:
            self._log.add(f"refused: {why}")
        self._image = start.image
        self.is_unbootable = start.image is None
        if start.image is None:
            self._log.add("nothing to start")
            return
        found = BEHAVIOUR.search(start.image.body)
        self._behaviour = "" if found is None else found[1].decode()
        self.is_jumper_closed = self.is_jumper_now
        self.claim_key = journal.get(Key.CLAIM) or b""
        app = Application(
            Configuration.kept(
                journal.get(Key.CONFIGURATION),
                input_count=self.make.input_count,
                output_count=self.make.output_count,
            ),
            list(self.contacts),
            cause=cause,
            was_safe=self._was_safe,
            is_open=self.is_open,
        )
        if start.happened != Happened.NOTHING:
            app.events.add(0, Event.IMAGE, int(start.happened))
        self._application, self._was_safe = app, False
        self._slots = Slots(self.flash, journal, start.image)
        group = BoardGroup(self, app, self._new_boot())
        self._server = Server(
            self, app, self._slots, group, buffer_size_bytes=self.make.buffer_size_bytes
        )
        self._log.begin(f"started {version_text(start.image.version)}, cause {cause.name.lower()}")
        if self._behaviour == "does_not_start":
            self.hang()
        app.set_health(self._health(), 0)

    def _watch_image(self, app: Application) -> None:
        """Do what a broken image does, and go back from one that nobody confirmed."""
        up_s = self.now_s - self._started_s
        if self._behaviour == "hangs" and up_s >= WORKS_S:
            self.hang()
        if self._behaviour == "stays_safe":
            app.ignores_heartbeats = True
            app.enter_safe_state(self._now_ms())
        is_over = up_s * 1000 >= app.configuration.trial
        if self._slots is not None and self._slots.is_on_trial and is_over and not app.is_fire:
            self.restart(Cause.TRIAL_OVER)
            return
        app.set_health(self._health(), self._now_ms())

    def _health(self) -> int:
        bits = self.unwell
        if self._behaviour == "unhealthy":
            bits |= 1 << Health.SELF_TEST
        if self._slots is not None and self._slots.is_near_end:
            bits |= 1 << Health.FLASH
        return bits

    def _stop(self) -> None:
        """End the application; its events go with it."""
        if self._application is not None:
            self._log.note(self._application.events)
            self._was_safe = self._application.is_safe
        self._application = self._server = self._slots = self._journal = None
        self.is_hung = False
        self._maintained_until_s = 0.0
        self._pace.clear()

    def _lose_power(self, *, returns: bool) -> None:
        self._stop()
        self._was_safe, self.is_powered = False, False
        self._log.clear()
        self._due = None
        if returns and self.power_returns_s is not None:
            self._due = self.now_s + self.power_returns_s, Cause.POWER

    def _remember(self, key: Key, value: bytes) -> None:
        if self._journal is None:
            return
        try:
            self._journal.put(key, value)
        except FlashError:
            self.unwell |= 1 << Health.FLASH

    def _new_boot(self) -> int:
        """Return a random number that no start had before."""
        boot = self.make.boot if self.restart_count == 1 else 0
        while boot in self._boots:
            boot = secrets.randbits(32)
        self._boots.add(boot)
        return boot

    def _now_ms(self) -> int:
        return int((self.now_s - self._started_s) * 1000 + 1e-6)
