"""What a network does, order by order, and what of it is seized."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from benchmarks.cases import conversations, doings, sources
from benchmarks.cases.network import DESIGNS, HARMLESS, PARTS, Cell, Plan
from benchmarks.cases.people import Person
from benchmarks.cases.tables import Row
from benchmarks.cases.world import World


def seized(world: World, cell: Cell) -> None:
    """Phones, a computer, and the makers' cards with print jobs; always the phone of one seller."""
    rng = world.rng
    holders = [cell.sellers[0], *(one for one in cell.makers if rng.random() < 0.6)]
    for one in holders:
        number = doings.exhibit(world, "telephone", world.day(250), holder_=one)
        cell.phones[one.id] = conversations.chats(f"telephone-{number.replace('/', '-')}", number)
    if rng.random() < 0.7:
        cell.box_of = rng.choice((cell.sellers[-1], cell.makers[0]))
        number = doings.exhibit(world, "computer", world.day(250), holder_=cell.box_of)
        cell.box = conversations.mailbox(f"mail-{number.replace('/', '-')}", number)
    for one in cell.makers:
        card = doings.exhibit(world, "memory card of a printer", world.day(250), holder_=one)
        cell.jobs[one.id] = [_job(world, cell, one, card) for _ in range(rng.randrange(2, 5))]


def _job(world: World, cell: Cell, maker: Person, card: str) -> doings.File:
    """A print job on a memory card."""
    number = world.people.numbers.digits("file", 4)
    own = (f"order-{number}.gcode", job_bytes(world.seed, number))
    name, sha = world.keep(
        *(world.given.listed_jobs.pop(0) if cell.listed and world.given.listed_jobs else own)
    )
    file = doings.File(name, sha, len(world.files[sha][1]))
    row: Row = {
        "sha256": file.sha256, "file": file.name, "slicer": "PrusaSlicer 2.9", "exhibit": card,
        "printed": world.day().isoformat(), "serial": world.maybe(0.7, cell.serials[maker.id]),
    }  # fmt: skip
    world.add(sources.JOBS, row)
    cell.items[file.sha256] = maker.id
    _matched(world, cell, file.sha256, 14.0)
    return file


def job_bytes(seed: int, number: str) -> bytes:
    """A print job of one square of one layer: a file as good as any."""
    lines = [f"; generated for case {seed}, file {number}", "G28", "G1 Z0.2 F3000"]
    side = 10 + int(number) % 40
    lines += [
        f"G1 X{x} Y{y} E{step}" for step, (x, y) in enumerate(((0, 0), (side, 0), (side, side), (0, side)))
    ]
    return ("\n".join(lines) + "\n").encode()


def _matched(world: World, cell: Cell, sha: str, bits: float) -> None:
    """What screening found of an item: its part, or of harmless goods nothing, seldom something weak."""
    rng = world.rng
    design = int(cell.name.rsplit(" ", 1)[-1]) % len(DESIGNS)
    if not cell.listed:
        if rng.random() > 0.1:
            return
        stated, finding = f"{max(0.1, rng.gauss(1.5, 1.0)):.2f}", "candidate"
    else:
        stated, finding = f"{max(2.0, rng.gauss(bits, 3.0)):.2f}", "match"
    row: Row = {
        "sha256": sha,
        "design": DESIGNS[design],
        "part": rng.choice(PARTS[design]),
        "finding": finding,
        "bits": stated,
    }
    world.add(sources.MATCHES, row)


def linked(world: World, cells: list[Cell]) -> None:
    """What the files tell of their source: jobs of one maker strongly, some strangers weakly."""
    rng = world.rng
    everything = [sha for cell in cells for sha in cell.items]
    for cell in cells:
        world.cell = cell.name
        for own in cell.jobs.values():
            for left, right in pairwise(own):
                _link(world, left.sha256, right.sha256, max(1.0, rng.gauss(13, 3)))
        for own in cell.jobs.values():
            strangers = [sha for sha in everything if sha not in cell.items]
            if strangers and rng.random() < 0.7:
                _link(world, own[0].sha256, rng.choice(strangers), max(0.2, rng.gauss(1.2, 0.8)))
    world.cell = ""


def _link(world: World, left: str, right: str, bits: float) -> None:
    row: Row = {
        "sha256": left,
        "other": right,
        "marks": "slicer settings, extrusion profile",
        "bits": f"{bits:.2f}",
    }
    world.add(sources.LINKS, row)


def traded(world: World, cell: Cell, plan: Plan) -> None:
    """The orders, and what is said and paid around them."""
    rng = world.rng
    goods = DESIGNS[int(cell.name.rsplit(" ", 1)[-1]) % len(DESIGNS)] if cell.listed else rng.choice(HARMLESS)
    for one in cell.sellers:
        for _ in range(2):
            doings.listing(
                world,
                one,
                cell.usernames[one.id],
                f"{goods}, printed to order",
                "Message me for sizes. Posted within the week.",
            )
    for number in range(plan.orders):
        _order(world, cell, goods, number)
    for _ in range(plan.orders * plan.chat):
        _chat(world, cell)
    for holder, table in cell.phones.items():
        doings.address_book(world, table, world.people.all[holder])


def _order(world: World, cell: Cell, goods: str, number: int) -> None:
    rng = world.rng
    buyer = cell.buyers[number % len(cell.buyers)]
    seller = cell.sellers[number % len(cell.sellers)]
    maker = cell.makers[number % len(cell.makers)]
    courier = cell.couriers[number % len(cell.couriers)]
    day = world.day(20, 220)
    price = rng.randrange(40, 400)
    doings.message(world, cell.phones, buyer, seller, day, f"Hello, is the {goods} still to be had?")
    doings.message(world, cell.phones, seller, buyer, day, f"Yes, {price} EUR, posted on Friday.")
    if rng.random() < 0.65:
        doings.payment(world, buyer, seller, day, price, rng.choice(("order", "thanks", goods, "parcel")))
    else:
        doings.transfer(world, buyer, seller, day, f"{price / 60_000:.6f}")
    later = day + timedelta(days=rng.randrange(1, 4))
    if number % 2 == 0 or rng.random() < 0.5:
        if rng.random() < 0.5:
            doings.transfer(world, seller, cell.organiser, later, f"{price / 120_000:.6f}")
        else:
            doings.payment(world, seller, cell.organiser, later, price // 2, "share")
    file = rng.choice(cell.jobs[maker.id]) if rng.random() < 0.4 else None
    text = f"{rng.randrange(1, 4)} more by Thursday"
    doings.message(world, cell.phones, cell.organiser, maker, later, text, file=file.name if file else "")
    if cell.box is not None and cell.box_of is maker and file:
        doings.mail(world, cell.box, cell.organiser, maker, later, "For Thursday", text, file=file)
    doings.message(world, cell.phones, seller, cell.organiser, later, "One more sold.")
    doings.message(world, cell.phones, maker, courier, later, "Ready to be fetched.")
    if rng.random() < 0.3:
        doings.payment(
            world, cell.organiser, rng.choice((maker, courier)), later, rng.randrange(20, 90), "wages"
        )
    posted = later + timedelta(days=rng.randrange(1, 5))
    _posted(world, cell, number, (maker, courier, buyer), posted)


def _posted(world: World, cell: Cell, number: int, who: tuple[Person, Person, Person], posted: date) -> None:
    """A courier posts it, under another name or their own; some parcels are opened."""
    rng = world.rng
    maker, courier, buyer = who
    hides = rng.random() < 0.5
    tracking = doings.parcel(
        world,
        courier,
        buyer,
        posted,
        alias=cell.aliases[courier.id] if hides else None,
        shop=cell.shop if rng.random() < 0.6 else None,
        phone=cell.burners[courier.id] if hides or rng.random() < 0.3 else None,
        careful=number < 3,
    )
    seller = cell.sellers[number % len(cell.sellers)]
    if cell.box is not None and cell.box_of is seller and rng.random() < 0.5:
        text = f"It is on its way: {tracking}"
        doings.mail(world, cell.box, seller, buyer, posted, "Your parcel", text, mention=tracking)
    if rng.random() < 0.3:
        doings.message(world, cell.phones, courier, seller, posted, f"Posted: {tracking}", mention=tracking)
    if number == 0 or rng.random() < 0.35:
        name, sha = world.scan(cell.listed)
        what = "printed part, plastic, scanned by the laboratory"
        doings.exhibit(world, what, posted + timedelta(days=2), tracking=tracking, item=(name, sha))
        cell.items[sha] = maker.id
        _matched(world, cell, sha, 11.0)


def _chat(world: World, cell: Cell) -> None:
    """Talk within the network, or with a friend who has nothing to do with it."""
    rng = world.rng
    holder = world.people.all[rng.choice(list(cell.phones))]
    friends = [one for one in cell.busy if int(one.id[1:]) % 3 == 0]
    others = [one for one in [*cell.members, *friends] if one is not holder]
    other = rng.choice(others)
    sender, recipient = (holder, other) if rng.random() < 0.5 else (other, holder)
    text = rng.choice(
        ("ok", "tomorrow?", "call me", "same place at six", "done", "not before Monday", "thanks")
    )
    doings.message(world, cell.phones, sender, recipient, world.day(), text)
