"""Whether a bot's public words say what the line is for: a phone may be watched, and a lock screen shows them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

STEMS: Final = (
    # English
    "hotline", "helpline", "help line", "crisis", "abuse", "abusive", "harass", "assault", "violence", "sexual",
    "rape", "rapist", "victim", "survivor", "counsel", "therap", "suicid", "traffick", "support line",
    "safe line", "metoo", "me too", "psycholo",
    # Spanish, Portuguese
    "acoso", "abuso", "violenc", "agresion", "violacion", "linea de ayuda", "linea de apoyo", "telefono de ayuda",
    "consejeria", "asesoramiento", "denuncia", "assedio", "vitima", "estupro", "aconselhamento",
    "linha de ajuda", "linha de apoio", "linha direta",
    # French, Italian
    "harcelement", "abus ", "viol ", "agression", "ligne d ecoute", "numero d ecoute", "molestie", "violenz",
    "vittim", "stupro", "linea di aiuto", "linea d aiuto", "telefono amico", "numero verde", "consultorio",
    # German
    "belastigung", "missbrauch", "gewalt", "opfer", "ubergriff", "beratung", "hilfetelefon", "seelsorge",
    "krisen", "notruf",
    # Ukrainian, Russian (folded: й is и, ї is і)
    "домаганн", "домогательств", "харасмент", "харассмент", "насильств", "насили", "зловживан", "жертв",
    "зґвалтуван", "изнасилован", "гаряча лінія", "горячая линия", "лінія допомог", "линия помощи",
    "телефон довіри", "телефон доверия", "психолог", "консультац", "кризов",
    # Polish
    "molestowan", "przemoc", "naduzyc", "ofiar", "gwałt", "gwalt", "telefon zaufania", "linia wsparcia", "poradni",
    # Romanian, Czech, Hungarian
    "hartuire", "abuz", "linie de ajutor", "consiliere", "obtezovan", "zneuzivan", "zneuziti", "nasili",
    "znasilnen", "linka duvery", "linka bezpeci", "poradn", "zaklatas", "bantalmaz", "eroszak", "aldozat",
    "segelyvonal", "lelkisegely", "tanacsadas",
)  # fmt: skip
"""How a telling word begins; one that ends with a space is a whole word ("viol" is not the violin)."""

SHORTEST_INSIDE: Final = 6
"""Letters of a stem that is looked for inside a user name, where words are not parted."""


def telling(text: str) -> str | None:
    """The first of our telling words that a text says, as we list it; None when it says nothing."""
    words = f" {_folded(text)} "
    return next((stem.strip() for stem in _STEMS if f" {stem}" in words), None)


def telling_inside(username: str) -> str | None:
    """The same for a user name, in which words may be written together."""
    squeezed = _folded(username).replace(" ", "")
    inside = (stem for stem in _STEMS if len(stem) >= SHORTEST_INSIDE and not stem.endswith(" "))
    found = next((stem for stem in inside if stem.replace(" ", "") in squeezed), None)
    return found or telling(username)


def names(text: str, organisation: str) -> bool:
    """Whether a text, or a user name, names the organisation."""
    ours = _folded(organisation)
    if not ours:
        return False
    squeezed = ours.replace(" ", "")
    inside = len(squeezed) >= SHORTEST_INSIDE and squeezed in _folded(text).replace(" ", "")
    return inside or f" {ours} " in f" {_folded(text)} "


def _folded(text: str) -> str:
    """Lower case, without accents, one space between words."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", bare))


_STEMS: Final = tuple(
    f"{_folded(stem)} " if stem.endswith(" ") else _folded(stem) for stem in dict.fromkeys(STEMS)
)
