"""Tiny tables and their mappings, for the contract test; docs/examples holds larger ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

from partwatch.case.imports.base import Example

PARCELS = """\
title = "Parcels of a carrier"
region = "FR"
said_at = { column = "Scanned", format = "%d/%m/%Y %H:%M" }

[[entities]]
name = "sender"
schema = "Person"
key = ["Sender", "Phone"]
when = "Sender"
[entities.properties]
name = "Sender"
phone = "Phone"

[[entities]]
schema = "Parcel"
[entities.properties]
trackingNumber = "Number"
carrier = { literal = "Example Post" }
sender = { link = "sender" }
destination = { column = "To", values = { "Belgique" = "BE" } }
weight = { column = "Weight", decimal = "," }
"""
_CSV = (
    "Number;Sender;Phone;To;Weight;Scanned\r\n"
    "RA 473 124 829 SE;Jeanne Müller;06 12 34 56 78;Belgique;1,250;05/03/2024 10:30\r\n"
    "RB123456785FR;Jeanne Müller;06 12 34 56 78;fr;0,4;06/03/2024 08:00\r\n"
    "RC123456785FR;Paul Bon;12;fr;0,4;06/03/2024 08:00\r\n"
    "RD123456785FR;too;few\r\n"
)
_SAID = (
    ("Parcel", "trackingNumber", "RA473124829SE"),
    ("Parcel", "trackingNumber", "RB123456785FR"),
    ("Parcel", "destination", "be"),
    ("Parcel", "weight", "1.25"),
    ("Parcel", "carrier", "Example Post"),
    ("Person", "name", "Jeanne Müller"),
    ("Person", "phone", "+33612345678"),
    ("Person", "name", "Paul Bon"),
)


def examples() -> Iterable[Example]:
    """CSV in two encodings, and XLSX."""
    yield Example("utf-8", {"a.csv": _CSV.encode()}, "a.csv", _SAID, errors=2, mapping=PARCELS)
    yield Example("cp1252", {"a.csv": _CSV.encode("cp1252")}, "a.csv", _SAID, errors=2, mapping=PARCELS)
    yield Example("utf-16", {"a.csv": _CSV.encode("utf-16")}, "a.csv", _SAID, errors=2, mapping=PARCELS)
    yield Example("xlsx", {"a.xlsx": workbook(_rows())}, "a.xlsx", _SAID[:6], errors=0, mapping=PARCELS)


def _rows() -> list[list[str]]:
    lines = _CSV.split("\r\n")[:3]
    return [line.split(";") for line in lines]


def workbook(rows: list[list[str]], sheet: str | None = None) -> bytes:
    """A minimal XLSX file of texts, by hand: so that examples need no library. sheet: its XML instead."""
    cells = "".join(
        f'<row r="{number}">'
        + "".join(f'<c t="inlineStr"><is><t>{_escaped(cell)}</t></is></c>' for cell in row)
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Parcels" sheetId="1" r:id="s"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="s" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet
        or f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            # A fixed date: the same bytes each time.
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), head + text, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
