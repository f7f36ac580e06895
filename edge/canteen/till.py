"""The task of one till: what happens there goes into the sale, and what the sale wants is done.

Disk and central are asked in the order in which the sale wants it, one thing after the other, so
nothing about a charge overtakes what came before. The display says paid when the charge is durable.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.access import CredentialKind
from config.contract.identifiers import new_id
from config.contract.money import ReservationAnswer
from config.finishing import to_its_end
from config.site_canteen import TillEntry
from drivers.base import CredentialKind as ReadKind
from drivers.base import CredentialRead, WeightChanged
from edge.access.attempts import CodeShown
from edge.access.evidence import evidence_of, face_shown
from edge.backoff import wait_until_set
from edge.canteen import screen as commands
from edge.canteen.board import TillBoard
from edge.canteen.book import Charge, Session, State
from edge.canteen.diner import Found
from edge.canteen.faces import FacesOfLate
from edge.canteen.finder import Finder
from edge.canteen.keeping import Keeping
from edge.canteen.offer import Counter
from edge.canteen.own_page import MakeLink, OwnPage
from edge.canteen.payment import People
from edge.canteen.sale import Sale
from edge.canteen.screen import TillCommand, TillScreen
from edge.canteen.self_service import SelfService
from edge.canteen.sessions import TillSessions
from edge.canteen.view import Around, Eyes, screen_of
from edge.canteen.weighing import Scale
from edge.canteen.wishes import HandOut, Keep, LetGo, LookAgain, Record, Wish
from edge.vision.attempt import FaceAttempt, ViewBox
from models.liveness.policy import Outcome

_log = logging.getLogger("edge.canteen")

CHOOSING: Final = (commands.PickDish, commands.PutBack, commands.CountMeals, commands.Key)
NO_SALE: Final = frozenset({"closed", "fire"})
WAITED_S_MAX: Final = 6.0
"""Whoever was seen behind a diner longer ago may have left again."""
SEEN_S: Final = 1.0
"""So long at least a diner reads what came of it, when somebody stands behind them already."""


class Money(Protocol):
    """Central, as a till asks it; ``link.CanteenLink``."""

    @property
    def is_online(self) -> bool:
        """Whether it answered when it was last asked."""
        ...

    @property
    def since(self) -> datetime:
        """When that began."""
        ...

    async def reserve(self, charge: Charge) -> ReservationAnswer | None:
        """See ``CanteenLink.reserve``."""
        ...


class Watching(Protocol):
    """The watcher of the till's camera."""

    def look_again(self) -> None:
        """See ``Watcher.look_again``."""
        ...

    def boxes(self) -> Sequence[ViewBox]:
        """See ``Watcher.boxes``."""
        ...


class Till:
    """One till. All of it belongs to the event loop's thread.

    Attributes:
        sale: To be read.
        sessions: Opens and closes the till.
    """

    def __init__(
        self,
        entry: TillEntry,
        *,
        keeping: Keeping,
        money: Money,
        people: People,
        holder_of_card: Callable[[str], str | None],
        end_of_card: Callable[[str], datetime | None],
        read_code: Callable[[str], CodeShown],
        board: TillBoard,
        zone: ZoneInfo,
        session: Session | None = None,
        make_link: MakeLink | None = None,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tend one till.

        Args:
            entry: Of the site file.
            keeping: Makes durable what happens.
            money: Central.
            people: Who is known.
            holder_of_card: Returns whose card a number is.
            end_of_card: Returns when a temporary card is over.
            read_code: Reads a scanned code, whatever was scanned.
            board: Hears of every change.
            zone: Of the site.
            session: One that was open when the process ended.
            make_link: Makes the way to a diner's own page; None offers nobody one.
            now: Wall clock, aware UTC.
            monotonic: The clock of everything else.
        """
        self.entry, self._keeping, self._money, self._people = entry, keeping, money, people
        self._board, self._zone, self._now, self._monotonic = board, zone, now, monotonic
        self._finder = Finder(
            entry,
            person=people.person,
            holder_of_card=holder_of_card,
            end_of_card=end_of_card,
            read_code=read_code,
            is_used=keeping.book.is_used,
            order_of_code=keeping.book.orders.by_code,
        )
        self._counter = Counter(entry, keeping.book, zone=zone, new_id=new_id)
        self.sale = Sale(
            self._counter,
            people,
            has_challenge=entry.liveness == "challenge",
            session=session,
        )
        if entry.scale is not None:
            self.sale.draft.scale = Scale()
        self.own_page = OwnPage(entry.id, make_link, on_change=self._done, monotonic=monotonic)
        self._serving = SelfService(is_attended=entry.attended)
        self._eyes: Eyes = "none" if entry.camera is None else "lost"
        self._watcher: Watching | None = None
        self.sessions = TillSessions(
            entry, self.sale, keeping, zone=zone, on_change=self._done, now=now
        )
        self._wishes: asyncio.Queue[Wish] = asyncio.Queue()
        self._asking = set[asyncio.Task[None]]()
        self._begun = dict[UUID, asyncio.Future[bool]]()
        self._faces = FacesOfLate()
        self._next: tuple[Found, UUID, float] | None = None
        self._changed = asyncio.Event()
        self._revision = 0

    # ---- what stands here

    @property
    def screen(self) -> Self:
        """Where it is seen whether faces are recognised."""
        return self

    def watch_with(self, watcher: Watching) -> None:
        """Find diners by face with a watcher, which calls ``show_face``."""
        self._watcher = watcher

    def camera_is_able(self, *, is_able: bool) -> None:
        """Whether the camera's picture is of now."""
        self._eyes = "ok" if is_able else "lost"
        self._done()

    def fire_is_on(self, phase: str | None) -> None:
        """A fire releases people here, or is over; a drill sells on."""
        self.sale.fire(is_on=phase == "fire")
        self._done()

    def refresh(self) -> None:
        """Plan, accounts or link are no longer as they were."""
        self._done()

    # ---- what people do

    def show_face(self, face: FaceAttempt) -> None:
        """Take what the camera saw."""
        boxes = () if self._watcher is None else self._watcher.boxes()
        shown, now_s = face_shown(face), self._monotonic()
        found = self._finder.by_face(
            shown,
            widths=[box.box.width for box in boxes],
            is_met=face.liveness is not None and face.liveness.outcome is Outcome.PASS,
        )
        decision_id = self._faces.keep(evidence_of(face, margin=shown.margin, decided_at_s=now_s))
        is_busy = not self.sale.is_at_rest
        if not self._take(found, decision_id) and is_busy:
            # Whoever is next has stood there already: a camera tells of each visit once.
            self._next = (found, decision_id, now_s)

    def present_card(self, number: str) -> bool:
        """Take a card; returns whether somebody was waited for."""
        return self._take(self._finder.by_card((number,), now=self._now()))

    def present_code(self, text: str) -> bool:
        """Take a scanned code; returns whether somebody was waited for."""
        return self._take(self._finder.by_code(text, now=self._now()))

    def observed(self, observation: CredentialRead | WeightChanged) -> None:
        """Take what a reader or the scale of this till says."""
        if isinstance(observation, CredentialRead):
            if observation.kind is ReadKind.QR:
                self.present_code(observation.number)
            elif (found := self._finder.read(observation, now=self._now())) is not None:
                self._take(found)
            return
        if self.sale.draft.scale is not None:
            self.sale.draft.scale.take(observation)
            self.sale.weighed()
            self._done()

    def scale_lost(self) -> None:
        """The scale does not answer."""
        if self.sale.draft.scale is not None:
            self.sale.draft.scale.lost()
            self.sale.weighed()
            self._done()

    async def do(self, command: TillCommand, *, by: str = "") -> bool:
        """Do what the page asks for; returns whether it meant something now.

        Args:
            command: Whose right to it is checked already.
            by: The operator; empty is whoever stands there.
        """
        match command:
            case commands.OpenTill():
                return await self.sessions.open(by=by)
            case commands.CloseTill():
                return await self.sessions.close(
                    counted_charges=command.counted_charges,
                    counted_fen=command.counted_fen,
                    by=by,
                )
            case commands.VoidLast(charge_id=charge_id):
                return await self.sessions.void_last(charge_id, by=by)
            case _:
                is_taken = self._do_now(command)
                self._done()
                return is_taken

    def _do_now(self, command: TillCommand) -> bool:
        sale, now, now_s = self.sale, self._now(), self._monotonic()
        self._serving.touch(now_s=now_s)
        if not self.entry.attended and isinstance(command, CHOOSING):
            # Whoever begins is the next one; a cashier may begin while the last one still reads.
            self.own_page.hide()
        match command:
            case commands.MyPage():
                return self.own_page.ask(sale.payment.result)
            case commands.HidePage():
                return self.own_page.hide()
            case commands.Stay():
                return self._serving.due_s(sale.draft) is not None
            case commands.Key(key=key):
                return sale.key(key)
            case commands.PickDish(dish=dish):
                return sale.dish(dish)
            case commands.PutBack(dish=dish):
                return sale.put_back(dish)
            case commands.CountMeals(count=count):
                return sale.meals(count)
            case commands.Confirm():
                return sale.confirm(now=now, now_s=now_s)
            case commands.NotMe():
                return sale.not_me(now_s=now_s)
            case commands.Choose(number=number):
                return sale.choose(number, now=now, now_s=now_s)
            case commands.Cancel():
                return sale.cancel(now_s=now_s)
            case commands.PickOrder(order=order):
                return sale.pick(order, now=now)
            case commands.TypedNumber(number=number):
                found = self._finder.by_card((number,), now=now, credential=CredentialKind.PIN)
                return self._take(sale.numbered(number, now=now) if found.refusal else found)
            case commands.ChangeMode(mode=mode):
                return sale.change_mode(mode)
            case commands.Tare():
                scale = sale.draft.scale
                is_tared = scale is not None and scale.tare()
                sale.weighed()
                return is_tared
            case _:
                return False

    # ---- the task

    async def run(self) -> None:
        """Tend the till for ever."""
        await self._resume()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._work())
            tasks.create_task(self._tick())

    async def settled(self) -> None:
        """Return when disk and central have answered all that was asked of them so far."""
        await self._wishes.join()
        while self._asking:
            await asyncio.gather(*self._asking, return_exceptions=True)
            await self._wishes.join()

    async def _resume(self) -> None:
        """Settle what was on its way when this task ended: it is paid only if it was kept so."""
        charge = self.sale.payment.charge
        if charge is None:
            return
        entry = self._keeping.book.entry(charge.charge_id)
        is_recorded = entry is not None and entry.state is State.RECORDED
        if not is_recorded and charge.order:
            await self._keeping.put_back(charge)
        elif not is_recorded:
            await self._keeping.release(charge, "interrupted")
        waiting, self._wishes = self._wishes, asyncio.Queue()
        while not waiting.empty():
            wish = waiting.get_nowait()
            if isinstance(wish, LetGo):
                self._wishes.put_nowait(wish)
        begun, self._begun = self._begun, {}
        for never in begun.values():
            never.set_result(False)
        self._recorded(charge, is_recorded=is_recorded)

    async def _tick(self) -> None:
        while True:
            self._changed.clear()
            await self.sessions.renew()
            if not self.sale.is_at_rest:
                # Whoever could not pay reads why, and may try again.
                self._serving.touch(now_s=self._monotonic())
            self.sale.tick(now=self._now(), now_s=self._monotonic())
            self._take_back(now_s=self._monotonic())
            self._act()
            serving_s = self._serving.due_s(self.sale.draft)
            due = (self.sale.due_s, self.own_page.due_s, serving_s, self._next_s)
            due_s = min((each for each in due if each is not None), default=None)
            wait_s = 1.0 if due_s is None else min(1.0, max(0.0, due_s - self._monotonic()))
            await wait_until_set(self._changed, timeout_s=wait_s)

    def _take_back(self, *, now_s: float) -> None:
        """Leave nothing to the next in the queue that somebody has begun and left."""
        if self.sale.is_at_rest and self._serving.is_over(self.sale.draft, now_s=now_s):
            self._serving.touch(now_s=now_s)
            if self.sale.draft.stands:
                self.sale.key("back")
            else:
                self.sale.cancel(now_s=now_s)

    async def _work(self) -> None:
        while True:
            wish = await self._wishes.get()
            # Whatever ends this task: the journal may have it, and then the display says so.
            await to_its_end(self._fulfil(wish))
            self._wishes.task_done()

    async def _fulfil(self, wish: Wish) -> None:
        match wish:
            case Keep(charge=charge):
                is_begun = await self._keeping.begin(charge)
                if not is_begun:
                    self._recorded(charge, is_recorded=False)
                self._begun.pop(charge.charge_id).set_result(is_begun)
            case Record(charge=charge):
                face = self._faces.of(charge.decision_id)
                is_recorded = await self._keeping.record(charge, face)
                self._recorded(charge, is_recorded=is_recorded)
            case HandOut(charge=charge):
                face = self._faces.of(charge.decision_id)
                is_recorded = await self._keeping.hand_out(charge, face)
                self._recorded(charge, is_recorded=is_recorded)
            case LetGo(charge=charge, reason=reason):
                await self._keeping.release(charge, reason)
            case LookAgain():
                pass

    async def _reserve(self, charge: Charge, begun: asyncio.Future[bool]) -> None:
        """Ask central while the disk keeps the charge; both have answered before it goes on."""
        answer = await self._money.reserve(charge)
        if await begun:
            self.sale.kept(charge.charge_id, answer, now_s=self._monotonic())
            self._done()

    def _recorded(self, charge: Charge, *, is_recorded: bool) -> None:
        now_s = self._monotonic()
        self.sale.recorded(charge.charge_id, is_recorded=is_recorded, now_s=now_s)
        self._done()

    def _done(self) -> None:
        """Something may be another: do what is wanted, show it, and see when the next is due."""
        self._act()
        self._changed.set()

    def _act(self) -> None:
        payment, is_selling = self.sale.payment, self.sale.phase(now=self._now()) not in NO_SALE
        self.own_page.follow(payment.result, is_at_rest=self.sale.is_at_rest and is_selling)
        if self._next is not None and self.sale.is_at_rest:
            self._take_next(self._next)
        for wish in self.sale.take_wanted():
            if isinstance(wish, LookAgain):
                if self._watcher is not None:
                    self._watcher.look_again()
                continue
            if isinstance(wish, Keep):
                begun = asyncio.get_running_loop().create_future()
                self._begun[wish.charge.charge_id] = begun
                asking = asyncio.create_task(self._reserve(wish.charge, begun))
                self._asking.add(asking)
                asking.add_done_callback(self._asking.discard)
            self._wishes.put_nowait(wish)
        self._publish()

    def _take_next(self, waiting: tuple[Found, UUID, float]) -> None:
        """Take whoever stood behind a diner, once that one has seen what came of it."""
        (found, decision_id, at_s), now_s = waiting, self._monotonic()
        if now_s - at_s > WAITED_S_MAX or self.sale.payment.has_just_paid(found):
            self._next = None
        elif now_s >= (self._next_s or 0.0):
            self._next = None
            self.own_page.seen(found, self.sale.payment.result)
            self.sale.found(found, decision_id=decision_id, now=self._now(), now_s=now_s)

    @property
    def _next_s(self) -> float | None:
        """When whoever stood behind a diner is taken; None where nobody does."""
        result = self.sale.payment.result
        if self._next is None or not self.sale.is_at_rest or result is None:
            return None
        return result.since_s + SEEN_S

    def _publish(self) -> None:
        around = Around(
            is_online=self._money.is_online,
            since=self._money.since,
            eyes=self._eyes,
            close=self.sessions.last_close,
            own_page=self.own_page.shown(self.sale.payment.result),
            self_service=self._serving.shown(self.sale.draft, now_s=self._monotonic()),
            masked_name=self._masked,
        )
        shown = self._board.screens.get(self.entry.id)
        screen = screen_of(
            self.sale,
            self._counter,
            around,
            revision=self._revision,
            now=self._now(),
            now_s=self._monotonic(),
        )
        if shown is None or _is_another(shown, screen):
            self._revision += 1
            self._board.show(screen.model_copy(update={"revision": self._revision}))

    # ---- who

    def _take(self, found: Found, decision_id: UUID | None = None) -> bool:
        self.own_page.seen(found, self.sale.payment.result)
        is_taken = self.sale.found(
            found, decision_id=decision_id, now=self._now(), now_s=self._monotonic()
        )
        self._done()
        return is_taken

    def _masked(self, holder_id: str) -> str:
        person = self._people.person(holder_id)
        return "" if person is None else person.masked_name


def _is_another(shown: TillScreen, screen: TillScreen) -> bool:
    """Return whether a page must be told; the seconds of a question it counts itself."""
    return _still(shown) != _still(screen)


def _still(screen: TillScreen) -> TillScreen:
    question = screen.question
    if question is not None:
        question = question.model_copy(update={"seconds_left": 0.0})
    timed = {
        name: None if part is None else part.model_copy(update={"seconds_left": 0.0})
        for name, part in (("own_page", screen.own_page), ("self_service", screen.self_service))
    }
    return screen.model_copy(update={"revision": 0, "question": question, **timed})
