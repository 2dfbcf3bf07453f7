"""What others need to read our exports with, as it ships under docs/reference: `python -m
partwatch.exchange.shipped DIR` writes it anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from partwatch.case.vocabulary import SCHEMATA
from partwatch.exchange.case_ontology import ontology
from partwatch.exchange.misp_templates import template_of


def shipped() -> dict[str, str]:
    """Texts by their names: our ontology beside UCO's, and our object templates for MISP."""
    templates = [template_of(name) for name in sorted(SCHEMATA)]
    return {"partwatch-uco.ttl": ontology()} | {
        f"misp-objects/{one['name']}/definition.json": json.dumps(one, indent=1, sort_keys=True) + "\n"
        for one in templates
    }


def main(arguments: Sequence[str]) -> None:
    """Write them into a folder."""
    for name, text in shipped().items():
        path = Path(arguments[0]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
