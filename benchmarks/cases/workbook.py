"""A minimal XLSX file of texts, by hand: the same bytes each time, and no library."""

from __future__ import annotations

import io
import zipfile
from typing import Final
from xml.sax.saxutils import escape

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_RELATIONS: Final = f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}/'
_PART: Final = f'<Override ContentType="{_KIND}'
_FIXED: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
    f'"application/xml"/>{_PART}.sheet.main+xml" PartName="/xl/workbook.xml"/>'
    f'{_PART}.worksheet+xml" PartName="/xl/worksheets/sheet1.xml"/></Types>',
    "_rels/.rels": f'{_RELATIONS}officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="Seizures" '
    'sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_RELATIONS}worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def workbook(rows: list[list[str]]) -> bytes:
    """One sheet, ECMA-376, of inline texts."""
    told = "".join(
        f'<row r="{number}">{"".join(_cell(place, number, text) for place, text in enumerate(row))}</row>'
        for number, row in enumerate(rows, start=1)
    )
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{told}</sheetData></worksheet>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (_FIXED | {"xl/worksheets/sheet1.xml": sheet}).items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), _HEAD + text, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _cell(place: int, row: int, text: str) -> str:
    """Of at most 26 columns."""
    if not text:
        return ""
    return f'<c r="{chr(65 + place)}{row}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
