"""What is being sold, before anybody pays it. Pure."""

import dataclasses
from typing import Literal
from uuid import UUID

from config.contract.money import ChargeLine, ChargeMode, Dish
from edge.canteen.collecting import typed_number
from edge.canteen.keypad import fen_of, typed_amount, typed_count
from edge.canteen.prices import total_of, weighed_price, with_piece, without_piece
from edge.canteen.weighing import Scale

DraftPhase = Literal["idle", "choosing", "weighing", "confirming", "collecting"]
MEALS = frozenset({ChargeMode.FIXED, ChargeMode.COUNT})


@dataclasses.dataclass(slots=True)
class Draft:
    """The meal on the till.

    Attributes:
        modes: That the till can do, its usual one first.
        typed: Of an amount, a count or the number of an order.
        picked: The order that somebody is to prove is theirs; None is whatever they have ordered.
        pieces: Dishes that are sold by the piece.
        weighed_dish: What lies on the scale; chosen once, and kept from plate to plate.
        standing: The lines that are to be paid, of keyed, menu and weighed meals; empty while the
            cashier is still at it.
        is_self_served: Nobody attends: a count stands when somebody says so, not by itself.
        is_sure: Somebody has said so.
    """

    mode: ChargeMode
    modes: tuple[ChargeMode, ...]
    typed: str = ""
    pieces: tuple[ChargeLine, ...] = ()
    weighed_dish: Dish | None = None
    scale: Scale | None = None
    standing: tuple[ChargeLine, ...] = ()
    picked: UUID | None = None
    is_self_served: bool = False
    is_sure: bool = False

    @property
    def stands(self) -> bool:
        """Whether somebody has said that it is this much."""
        return bool(self.standing) or self.is_sure

    @property
    def count(self) -> int:
        """Meals, of the mode ``count``."""
        return int(self.typed) if self.mode is ChargeMode.COUNT and self.typed else 1

    @property
    def lines(self) -> tuple[ChargeLine, ...]:
        """What the meal is made of, standing or not yet."""
        return self.standing or self._lines

    def amount_fen(self, *, meal_fen: int | None) -> int | None:
        """Return what it comes to so far. Args: meal_fen: price of a meal now."""
        if self.mode in MEALS:
            return None if meal_fen is None else meal_fen * self.count
        return total_of(self.lines) or None

    def is_armed(self, *, has_meal: bool) -> bool:
        """Return whether somebody may pay it now, or collect what they have ordered."""
        if self.mode is ChargeMode.ORDERS:
            return True
        if self.mode is ChargeMode.COUNT and self.is_self_served:
            return has_meal and self.is_sure
        return has_meal if self.mode in MEALS else bool(self.standing)

    def phase(self, *, has_meal: bool) -> DraftPhase:
        """Return what the till waits for."""
        if self.mode is ChargeMode.ORDERS:
            return "collecting"
        if self.is_armed(has_meal=has_meal):
            return "confirming"
        if self.mode is ChargeMode.WEIGHED:
            return "weighing"
        return "choosing" if self.typed or self.pieces else "idle"

    def change_mode(self, mode: ChargeMode) -> None:
        """Sell in another way, from nothing."""
        self.mode = mode
        self.clear()

    def clear(self) -> None:
        """Begin anew; what lies on the scale still lies there."""
        self.typed, self.pieces, self.standing = "", (), ()
        self.picked, self.is_sure = None, False

    def paid(self) -> None:
        """It is paid: what lies on the scale must be taken off before it is weighed again."""
        if self.mode is ChargeMode.WEIGHED and self.scale is not None:
            self.scale.is_spent = True
        self.clear()

    def key(self, key: str) -> bool:
        """Take a key of the keypad."""
        before = (self.typed, self.pieces, self.standing, self.picked, self.is_sure)
        if self.mode is ChargeMode.ORDERS:
            typed = "" if self.picked is not None else self.typed
            self.typed, self.picked = typed_number(typed, key), None
        elif key.isupper():
            return False
        elif self.is_sure:
            if key not in ("back", "clear"):
                return False
            self.is_sure = False
            if key == "clear":
                self.clear()
        elif self.standing:
            # An amount that stands is not typed at: it is taken back first.
            if key not in ("back", "clear") or self.mode is ChargeMode.WEIGHED:
                return False
            self.standing = ()
            if key == "clear":
                self.clear()
        elif self.mode is ChargeMode.KEYED:
            self.typed = typed_amount(self.typed, key)
        elif self.mode is ChargeMode.COUNT:
            self.typed = typed_count(self.typed, key)
        elif key in ("back", "clear"):
            self.pieces = self.pieces[:-1] if key == "back" else ()
        return (self.typed, self.pieces, self.standing, self.picked, self.is_sure) != before

    def put_back(self, dish: Dish) -> bool:
        """Take one piece less of a dish."""
        before, self.standing = self.pieces, ()
        self.pieces = without_piece(self.pieces, dish)
        if self.mode is ChargeMode.WEIGHED:
            self.weighed()
        return self.pieces != before

    def meals(self, count: int) -> bool:
        """Take so many meals."""
        if self.mode is not ChargeMode.COUNT:
            return False
        self.typed, self.is_sure = str(count), False
        return True

    def dish(self, dish: Dish) -> bool:
        """Take a dish."""
        if self.mode is ChargeMode.WEIGHED and dish.per_g is not None:
            self.weighed_dish = dish
            self.weighed()
            return True
        if self.mode not in (ChargeMode.MENU, ChargeMode.WEIGHED) or dish.per_g is not None:
            return False
        if self.mode is ChargeMode.MENU:
            self.standing = ()
        before, self.pieces = self.pieces, with_piece(self.pieces, dish)
        if self.mode is ChargeMode.WEIGHED:
            self.weighed()
        return self.pieces != before

    def weighed(self) -> bool:
        """Take what the scale says: a weight at rest stands by itself, any other does not."""
        if self.mode is ChargeMode.WEIGHED:
            has_weight = self._weighed_line is not None
            self.standing = self._lines if has_weight else ()
        return True

    def confirm(self) -> bool:
        """Let the amount stand."""
        if self.mode is ChargeMode.COUNT and self.is_self_served and not self.is_sure:
            self.is_sure = True
            return True
        if self.mode in MEALS or self.mode is ChargeMode.WEIGHED or not self._lines:
            return False
        self.standing = self._lines
        return True

    @property
    def _weighed_line(self) -> ChargeLine | None:
        dish, scale = self.weighed_dish, self.scale
        grams = None if scale is None else scale.net_g
        price = None if dish is None or grams is None else weighed_price(dish, grams)
        if dish is None or price is None:
            return None
        return ChargeLine(item=dish.id, weight_g=grams, amount_fen=price)

    @property
    def _lines(self) -> tuple[ChargeLine, ...]:
        match self.mode:
            case ChargeMode.KEYED:
                fen = fen_of(self.typed)
                return () if fen is None else (ChargeLine(amount_fen=fen),)
            case ChargeMode.WEIGHED:
                line = self._weighed_line
                return self.pieces if line is None else (line, *self.pieces)
            case ChargeMode.MENU:
                return self.pieces
            case _:
                return ()
