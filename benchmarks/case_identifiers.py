"""How many identifiers are found in texts, and how many finds are none: `python -m
benchmarks.case_identifiers [N]`.

Sentences are made by rule, from templates in English and French: half hold identifiers as people write them,
half hold decoys (order numbers, hashes, versions, codes, prices, random digits). What was put in is what
must be found.
"""

from __future__ import annotations

import hashlib
import random
import string
import sys
from collections.abc import Callable

from partwatch.case.identifiers.base import Hint
from partwatch.case.identifiers.registry import find_all
from partwatch.case.identifiers.wallet_checks import BASE58, eip55
from partwatch.curation.rates import Rate

Rng = random.Random
_B32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _digits(rng: Rng, count: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(count))


def _word(rng: Rng, count: int) -> str:
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(count))


def phone(rng: Rng) -> tuple[str, str]:
    """French, Belgian, British, German mobiles; grouped, bare, with a trunk prefix or a country."""
    country, head, size = rng.choice(
        [("33", "61", 7), ("33", "7", 8), ("32", "47", 7), ("44", "7400", 6), ("49", "151", 8)]
    )
    body = (
        head + _digits(rng, size)
        if country != "33" or head == "61"
        else "7" + rng.choice("5678") + _digits(rng, 7)
    )
    value = f"+{country}{body}"
    if country == "33" and rng.random() < 0.6:
        local = "0" + body
        form = rng.choice([" ", ".", "-", "", ""])
        return form.join(local[at : at + 2] for at in range(0, 10, 2)), value
    gap = rng.choice([" ", "", "-"])
    return (
        f"{rng.choice(['+', '00'])}{country}{gap or ' '}"
        + gap.join(body[at : at + 3] for at in range(0, len(body), 3)),
        value,
    )


def email(rng: Rng) -> tuple[str, str]:
    """Addresses on common kinds of domain."""
    name = _word(rng, 5) + rng.choice(["", ".", "_", "+"]) + _word(rng, 4) + rng.choice(["", "84"])
    domain = f"{_word(rng, 6)}.{rng.choice(['org', 'com', 'fr', 'co.uk', 'de'])}"
    return f"{name}@{rng.choice([domain, domain.title()])}", f"{name}@{domain}"


def handle(rng: Rng) -> tuple[str, str]:
    """On services, by address or behind the service's name."""
    name = _word(rng, 7) + _digits(rng, 2)
    return rng.choice(
        [
            (f"https://t.me/{name}", f"telegram:{name}"),
            (f"t.me/{name}", f"telegram:{name}"),
            (f"telegram @{name}", f"telegram:{name}"),
            (f"insta: @{name}", f"instagram:{name}"),
            (f"Telegram : @{name.title()}", f"telegram:{name}"),
            (f"https://www.printables.com/@{name}", f"printables:{name}"),
        ]
    )


def _base58check(body: bytes) -> str:
    data = body + hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def wallet(rng: Rng) -> tuple[str, str]:
    """Bitcoin (old), Tron, Ethereum."""
    kind = rng.randrange(3)
    if kind == 2:
        digits = rng.randbytes(20).hex()
        return "0x" + rng.choice([digits, eip55(digits)]), "0x" + eip55(digits)
    text = _base58check(bytes((rng.choice((0, 5)) if kind == 0 else 0x41,)) + rng.randbytes(20))
    return text, text


def iban(rng: Rng) -> tuple[str, str]:
    """German and Belgian numbers."""
    country, size = rng.choice([("DE", 18), ("BE", 12)])
    body = _digits(rng, size)
    if country == "BE":
        body = body[:10] + f"{int(body[:10]) % 97 or 97:02d}"
    plain = int(body + "".join(str(ord(one) - 55) for one in country) + "00")
    value = f"{country}{98 - plain % 97:02d}{body}"
    spaced = " ".join(value[at : at + 4] for at in range(0, len(value), 4))
    return rng.choice([value, spaced]), value


def tracking(rng: Rng) -> tuple[str, str]:
    """UPU S10 numbers."""
    body = _digits(rng, 8)
    rest = 11 - sum(int(d) * w for d, w in zip(body, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    letters = rng.choice("RLCE") + rng.choice(string.ascii_uppercase)
    value = f"{letters}{body}{ {10: 0, 11: 5}.get(rest, rest) }{rng.choice(['FR', 'BE', 'DE'])}"
    return rng.choice([value, f"{value[:2]} {value[2:5]} {value[5:8]} {value[8:11]} {value[11:]}"]), value


def ip(rng: Rng) -> tuple[str, str]:
    """IPv4."""
    value = ".".join(str(rng.randrange(1, 255)) for _ in range(4))
    return value, value


def url(rng: Rng) -> tuple[str, str]:
    """Pages, some with punctuation behind."""
    value = f"https://{_word(rng, 6)}.example.org/{_word(rng, 4)}/{_digits(rng, 5)}"
    return value, value


def plate(rng: Rng) -> tuple[str, str]:
    """French plates, behind a word that says so."""
    letters = "ABCDEFGHJKLMNPQRTVWXYZ"
    a, b = (rng.choice(letters) + rng.choice("ABCDEFGH") for _ in range(2))
    value = f"{a}{_digits(rng, 3)}{b}"
    return f"{rng.choice(['plaque', 'immatriculé', 'plate:'])} {a}-{value[2:5]}-{b}", value


TRUE: dict[str, Callable[[Rng], tuple[str, str]]] = {
    "phone": phone, "email": email, "handle": handle, "wallet": wallet, "iban": iban, "tracking": tracking,
    "ip": ip, "url": url, "plate": plate,
}  # fmt: skip
FRAMES = (
    "Bonjour, voici: {}", "you can reach me here {} any time", "{}", "write to {}, thanks", "c'est le {}.",
    "ok ({}) tomorrow at 10:30", "envoie à {} avant 18h", "new one: {} !", "Paul: {} / delete after reading",
)  # fmt: skip
DECOYS: tuple[Callable[[Rng], str], ...] = (
    lambda r: f"order {_digits(r, 10)} shipped",
    lambda r: f"commande n° {_digits(r, 9)}",
    lambda r: f"it printed {_digits(r, 10)} layers",
    lambda r: f"{_digits(r, 12)}",
    lambda r: f"EAN {_digits(r, 13)}",
    lambda r: f"ISBN 978-{_digits(r, 1)}-{_digits(r, 4)}-{_digits(r, 4)}-{_digits(r, 1)}",
    lambda r: f"commit {r.randbytes(20).hex()}",
    lambda r: f"sha256 {r.randbytes(32).hex()}",
    lambda r: f"tx 0x{r.randbytes(32).hex()}",
    lambda r: f"firmware {r.randrange(9)}.{r.randrange(20)}.{r.randrange(99)}.{r.randrange(2000)}",
    lambda r: f"v{r.randrange(9)}.{r.randrange(20)}.{r.randrange(99)}.{r.randrange(99)}",
    lambda r: (
        f"{r.randrange(1, 28):02d}/{r.randrange(1, 12):02d}/20{_digits(r, 2)} {_digits(r, 2)}:{_digits(r, 2)}"
    ),
    lambda r: f"price {r.randrange(1, 99)} {_digits(r, 3)} {_digits(r, 3)},00 EUR",
    lambda r: f"at 48.{_digits(r, 6)}, 2.{_digits(r, 6)}",
    lambda r: ":".join(r.randbytes(1).hex() for _ in range(6)),
    lambda r: f"part AB-{_digits(r, 3)}-CD in the drawing",
    lambda r: f"{_word(r, 5)}@{_word(r, 5)} is not one, nor is @ {_word(r, 5)}",
    lambda r: f"T{''.join(r.choice(BASE58) for _ in range(33))}",
    lambda r: f"1{''.join(r.choice(BASE58) for _ in range(32))}",
    lambda r: f"bc1q{''.join(r.choice(_B32) for _ in range(38))}",
    lambda r: f"DE{_digits(r, 20)}",
    lambda r: f"RR{_digits(r, 9)}FR",
    lambda r: f"1709{_digits(r, 6)} seconds",
    lambda r: f"speed {_digits(r, 4)} {_digits(r, 4)} {_digits(r, 4)}",
    lambda r: f"card {_digits(r, 4)} {_digits(r, 4)} {_digits(r, 4)} {_digits(r, 4)}",
    lambda r: (
        f"{r.randbytes(4).hex()}-{r.randbytes(2).hex()}-{r.randbytes(2).hex()}-{r.randbytes(2).hex()}-{r.randbytes(6).hex()}"
    ),
    lambda r: f"layer_{_digits(r, 4)}.gcode and part-{_digits(r, 6)}.stl",
    lambda r: f"G1 X{_digits(r, 3)}.{_digits(r, 3)} Y{_digits(r, 3)}.{_digits(r, 3)} E0.{_digits(r, 5)}",
    lambda r: f"siret {_digits(r, 3)} {_digits(r, 3)} {_digits(r, 3)} {_digits(r, 5)}",
    lambda r: f"{r.choice(['serial', 'id:', 'job', 'in drawer', 'box'])} 0{_digits(r, 9)}",
)


def main() -> None:
    """A line for each kind."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rng, hint = random.Random(1), Hint("FR")
    right: dict[str, int] = dict.fromkeys(TRUE, 0)
    there: dict[str, int] = dict.fromkeys(TRUE, 0)
    wrong: dict[str, list[str]] = {name: [] for name in TRUE}
    missed: dict[str, list[str]] = {name: [] for name in TRUE}
    for number in range(count):
        wanted: set[tuple[str, str]] = set()
        if number % 2:
            kind = rng.choice(list(TRUE))
            text, value = TRUE[kind](rng)
            wanted.add((kind, value))
            there[kind] += 1
        else:
            text = rng.choice(DECOYS)(rng)
        sentence = rng.choice(FRAMES).format(text)
        found = {(one.kind, one.value) for one in find_all(sentence, hint) if one.kind != "date"}
        for one in found:
            # The address of a profile is an address as well.
            if one in wanted:
                right[one[0]] += 1
            elif not (one[0] == "url" and wanted and next(iter(wanted))[0] == "handle"):
                wrong[one[0]].append(sentence)
        for kind, _ in wanted - found:
            missed[kind].append(sentence)
    print(f"{count // 2:,} sentences with one, {count - count // 2:,} with a decoy")
    print("| kind | there | found | recall | wrong | precision |\n|---|---:|---:|---:|---:|---:|")
    for kind in TRUE:
        claimed = right[kind] + len(wrong[kind])
        print(
            f"| {kind} | {there[kind]} | {right[kind]} | {_rate(right[kind], there[kind])} "
            f"| {len(wrong[kind])} "
            f"| {_rate(right[kind], claimed)} |"
        )
    if "-v" in sys.argv:
        for name, told in (("wrong", wrong), ("missed", missed)):
            for kind, sentences in told.items():
                for sentence in sentences[:12]:
                    print(name, kind, repr(sentence))


def _rate(part: int, whole: int) -> str:
    low, high = Rate(part, whole).interval() if whole else (0.0, 1.0)
    return f"{part / whole:.4f} ({low:.4f} to {high:.4f})" if whole else "-"


if __name__ == "__main__":
    main()
