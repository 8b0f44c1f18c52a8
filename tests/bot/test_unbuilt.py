"""What is set and has no effect: said, as long as it is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot import unbuilt
from bot.references import Kind, Reference
from bot.settings import Config, Database, Keys, Ladder, Limits, Line, Listen, Policy, Retention, Web

HOUSE = Path(__file__).parent.parent.parent
SECTIONS: dict[str, Any] = {"ladder": Ladder, "retention": Retention, "limits": Limits, "policy": Policy}


def config(**sections: Any) -> Config:
    """A configuration with these sections."""
    root, pepper = (Reference(f"keys.{name}", Kind.FILE, f"/keys/{name}") for name in ("root", "pepper"))
    made = {name: kind(**sections.get(name, {})) for name, kind in SECTIONS.items()}
    made["limits"] = Limits(**{"countries": ("US",), **sections.get("limits", {})})
    return Config(
        line=Line(country="US", time_zone="UTC"),
        database=Database(url="sqlite:////data/greenroom.db"),
        keys=Keys(root=root, pepper=pepper, keyring=Path("/keys/keyring")),
        web=Web(listen=Listen("127.0.0.1", 0)),
        **made,
    )


def test_defaults_deceive_nobody() -> None:
    """Who has set nothing is told nothing."""
    assert unbuilt.asked_for(config()) == ()


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("policy", {"minors": "ask"}),
        ("policy", {"reporting": {"en": "We must report."}}),
        ("ladder", {"nudge_minutes": 7}),
    ],
)
def test_what_is_set_and_not_built_is_named(section: str, value: dict[str, Any]) -> None:
    """The operator believes in what she wrote down: she is told by its key."""
    assert unbuilt.asked_for(config(**{section: value})) == (f"{section}.{next(iter(value))}",)


def test_the_table_is_true() -> None:
    """Every key of these sections is either obeyed somewhere or named as not obeyed: never both, never neither."""
    code = "\n".join(
        path.read_text()
        for package in ("bot", "handlers", "storage")
        for path in (HOUSE / package).rglob("*.py")
        if "rehearsal" not in path.parts and path.name not in {"unbuilt.py", "spellings.py", "config.py"}
    )
    keys = {f"{name}.{field}" for name, kind in SECTIONS.items() for field in kind.__struct_fields__}
    obeyed = {key for key in keys if re.search(rf"\b{re.escape(key)}\b", code)}
    assert keys - obeyed == {*unbuilt.DEFERRED}
