"""People and cards over HTTP, and the replica of them for nodes."""

from collections.abc import Collection
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from central.access.repository import current
from central.audit.endpoints import looked
from central.audit.purposes import MONITORING, PERSONNEL, Purposeful, Reason
from central.consent import erasures
from central.database import Transaction
from central.nodes.signed import Signed, SignedRequest
from central.people import pins, repository, templates
from central.people.replica import check_readable
from central.people.schemas import (
    AddedCard,
    CardList,
    ChangedPerson,
    NewCard,
    NewPerson,
    NewPin,
    Person,
    PersonPage,
)
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from central.tables import PERSON_MARKS
from config.contract.identifiers import new_id
from config.contract.nodes import ReplicaPage
from config.contract.trust import card_verifier, pin_verifier

router = APIRouter(tags=["people"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("people.read"))]
Writer = Annotated[Operator, Depends(Requires("people.write"))]


@router.get("/people")
async def list_people(
    operator: Reader,
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful(MONITORING, PERSONNEL))],
    query: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: UUID | None = None,
    must_come_again: Annotated[
        bool, Query(description="Only people to be enrolled again.")
    ] = False,
    unit: Annotated[
        UUID | None, Query(description="Only people of this unit and of those below it.")
    ] = None,
) -> PersonPage:
    """Return people, newest first."""
    async with services.database.read() as transaction:
        items = await repository.page(
            transaction,
            query=query.replace("\0", "").strip(),
            after=None if after is None else str(after),
            limit=limit + 1,
            has_names=operator.may("people.names"),
            network=services.faces.known_network,
            is_outdated=must_come_again,
            unit_id=None if unit is None else str(unit),
        )
    has_more, items = len(items) > limit, items[:limit]
    # What was searched for is a name or a number mostly, and so is never recorded.
    await looked(services, operator, "people_get", reason=reason)
    return PersonPage(items=items, next=items[-1].holder_id if has_more else None)


@router.post("/people", status_code=201)
async def add_person(wish: NewPerson, operator: Writer, services: Given) -> Person:
    """Add a person, who may pass from now on by whatever they are given."""
    holder_id = str(new_id())
    check_points(services, wish.access_points)
    async with services.database.write() as transaction:
        await check_profiles(transaction, wish.profiles)
        await _check_number(transaction, wish.number)
        await repository.add(transaction, holder_id, wish, now=services.now())
        await check_readable(transaction, holder_id)
        transaction.concerns(f"person:{holder_id}")
        return await person(transaction, holder_id, operator, services)


@router.get("/people/{holder_id}")
async def get_person(holder_id: UUID, operator: Reader, services: Given) -> Person:
    """Return a person."""
    async with services.database.read() as transaction:
        return await person(transaction, str(holder_id), operator, services)


@router.patch("/people/{holder_id}")
async def change_person(
    holder_id: UUID, wish: ChangedPerson, operator: Writer, services: Given
) -> Person:
    """Change a person; what is absent stays, what is null is cleared."""
    values: dict[str, Any] = wish.model_dump(exclude_unset=True)
    for name in ("name", "is_active", *PERSON_MARKS):
        if name in values and values[name] is None:
            raise RefusedError(422, "invalid_request", f"{name} cannot be cleared")
    check_points(services, wish.access_points)
    async with services.database.write() as transaction:
        await check_profiles(transaction, wish.profiles)
        before = await person(transaction, str(holder_id), operator, services)
        begin = values.get("valid_from", before.valid_from)
        end = values.get("valid_until", before.valid_until)
        if begin is not None and end is not None and end <= begin:
            raise RefusedError(422, "invalid_request", "validity ends before it begins")
        await _check_number(transaction, wish.number, besides=str(holder_id))
        await repository.change(transaction, str(holder_id), values)
        await check_readable(transaction, str(holder_id))
        transaction.concerns(fields=sorted(values))
        return await person(transaction, str(holder_id), operator, services)


@router.delete("/people/{holder_id}", status_code=204)
async def remove_person(holder_id: UUID, operator: Writer, services: Given) -> None:
    """Erase a person: name, cards, face and consents; every node forgets them, too.

    Events and the audit log keep the identifier, which is nobody's from then on.
    """
    async with services.database.write() as transaction:
        await templates.take_turn(transaction)
        await person(transaction, str(holder_id), operator, services)
        deletion_id = await erasures.erase_person(
            transaction,
            str(holder_id),
            key=services.central_key,
            by=operator.user_id,
            now=services.now(),
        )
        if deletion_id is not None:
            transaction.concerns(f"deletion:{deletion_id}")
    await services.erasure_file.settle(services.database)


@router.get("/people/{holder_id}/cards")
async def list_cards(holder_id: UUID, operator: Reader, services: Given) -> CardList:
    """Return a person's cards, oldest first."""
    async with services.database.read() as transaction:
        await person(transaction, str(holder_id), operator, services)
        return CardList(items=await repository.list_cards(transaction, str(holder_id)))


@router.post("/people/{holder_id}/cards", status_code=201)
async def add_card(holder_id: UUID, wish: NewCard, operator: Writer, services: Given) -> AddedCard:
    """Give a person a card; of its number only a verifier is kept."""
    card_id, verifier = str(new_id()), card_verifier(services.card_key, wish.number)
    if wish.valid_until is not None and wish.valid_until <= services.now():
        raise RefusedError(422, "card_is_over", "this card would be over already")
    async with services.database.write() as transaction:
        await person(transaction, str(holder_id), operator, services)
        if await repository.has_card(transaction, verifier):
            raise RefusedError(409, "card_taken", "somebody has this card: take it away first")
        await repository.add_card(
            transaction,
            str(holder_id),
            card_id=card_id,
            verifier=verifier,
            now=services.now(),
            valid_until=wish.valid_until,
        )
        transaction.concerns(f"card:{card_id}")
    return AddedCard(card_id=card_id)


@router.delete("/people/{holder_id}/cards/{card_id}", status_code=204)
async def remove_card(holder_id: UUID, card_id: UUID, _: Writer, services: Given) -> None:
    """Take a card away."""
    async with services.database.write() as transaction:
        if not await repository.remove_card(transaction, str(holder_id), str(card_id)):
            raise RefusedError(404, "card_not_found")


@router.put("/people/{holder_id}/pin", status_code=204)
async def put_pin(holder_id: UUID, wish: NewPin, operator: Writer, services: Given) -> None:
    """Give a person a PIN, and a duress PIN or none; only verifiers are kept, never shown again."""
    if pins.is_trivial(wish.pin) or (wish.duress_pin and pins.is_trivial(wish.duress_pin)):
        raise RefusedError(422, "pin_trivial", "a row or a repetition is guessed first")
    if wish.duress_pin == wish.pin:
        raise RefusedError(422, "duress_pin_same", "the duress PIN is another than the PIN")
    duress = wish.duress_pin
    key, holder = services.card_key, str(holder_id)
    values = {
        "pin_verifier": pin_verifier(key, holder, wish.pin),
        "duress_verifier": None if duress is None else pin_verifier(key, holder, duress),
    }
    async with services.database.write() as transaction:
        await person(transaction, holder, operator, services)
        await repository.change(transaction, holder, values)


@router.delete("/people/{holder_id}/pin", status_code=204)
async def remove_pin(holder_id: UUID, operator: Writer, services: Given) -> None:
    """Take a person's PIN and duress PIN away."""
    async with services.database.write() as transaction:
        await person(transaction, str(holder_id), operator, services)
        await repository.change(
            transaction, str(holder_id), {"pin_verifier": None, "duress_verifier": None}
        )


@router.get("/replica", tags=["nodes"], response_model_exclude_defaults=True)
async def get_replica(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed())],
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    *,
    pairs: bool = False,
    access: Annotated[
        int | None, Query(ge=0, le=2**31 - 1, description="The access model that the node has.")
    ] = None,
    statements: Annotated[
        bool, Query(description="Whether the node says which templates it holds.")
    ] = False,
    operators: bool = False,
) -> ReplicaPage:
    """Return to a node what changed of people after a version, and what else it asks for."""
    return await services.replica.page(
        after=after,
        node=signed.node,
        sealing_key=signed.sealing_key,
        with_pairs=pairs,
        access_known=access,
        with_statements=statements,
        with_operators=operators,
    )


async def person(
    transaction: Transaction, holder_id: str, operator: Operator, services: Services
) -> Person:
    """Return a person as an operator may see them; refuses with 404."""
    found = await repository.find(
        transaction,
        holder_id,
        has_names=operator.may("people.names"),
        network=services.faces.known_network,
    )
    if found is None:
        raise RefusedError(404, "person_not_found")
    return found


async def _check_number(
    transaction: Transaction, number: str | None, *, besides: str | None = None
) -> None:
    if number is not None and await repository.has_number(transaction, number, besides=besides):
        raise RefusedError(409, "number_taken", "somebody has this number")


async def check_profiles(transaction: Transaction, profiles: Collection[str] | None) -> None:
    """Refuse profiles that the access model lacks with 422."""
    if not profiles:
        return
    kept = await current(transaction)
    known = set() if kept is None else {profile.id for profile in kept.model.profiles}
    if unknown := set(profiles) - known:
        raise RefusedError(
            422, "unknown_profile", f"the access model has no {', '.join(sorted(unknown))}"
        )


def check_points(services: Services, points: list[str] | None) -> None:
    """Refuse points that are not installed with 422."""
    unknown = set(points or ()) - {point.id for point in services.settings.site.access_point}
    if unknown:
        raise RefusedError(
            422, "unknown_access_point", f"the site file has no {', '.join(sorted(unknown))}"
        )
