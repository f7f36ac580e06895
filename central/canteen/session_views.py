"""Sessions of tills as they are told: to whoever looks at a day, and to whoever signs it."""

from central.canteen.schemas import SessionDifference, SessionView, SumsView
from central.canteen.sessions import Difference, Session, Sums, differences


def view_of(session: Session) -> SessionView:
    """Return a session with each of its differences named."""
    values = {
        name: getattr(session, name) for name in SessionView.model_fields if hasattr(session, name)
    }
    till = session.till_sums
    return SessionView.model_validate(
        {
            **values,
            "till_sums": None if till is None else _sums(till),
            "centre_sums": _sums(session.centre_sums),
            "differences": [
                difference_view(each, of=session.session_id) for each in differences(session)
            ],
        }
    )


def difference_view(difference: Difference, *, of: str = "") -> SessionDifference:
    """Return a difference. Args: of: The session; empty is the merchant's own."""
    return SessionDifference(
        id=f"{of}:{difference.code}" if of else difference.code,
        code=difference.code,
        till=difference.till,
        centre=difference.centre,
        count=difference.count,
    )


def _sums(sums: Sums) -> SumsView:
    return SumsView(
        charge_count=sums.charge_count,
        charge_fen=sums.charge_fen,
        void_count=sums.void_count,
        void_fen=sums.void_fen,
    )
