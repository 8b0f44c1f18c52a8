"""The emergency number of a country, as a texter can dial it from a mobile phone."""

from __future__ import annotations

import phonenumbers

NUMBERS: dict[str, str] = {
    # ITU-T E.161.1 names 112 and 911; national numbers from the ITU's list of emergency numbers (2023).
    **dict.fromkeys(("US", "CA", "MX", "DO", "PR", "AR", "CO", "PE", "EC", "CR", "PA", "PH", "UY"), "911"),
    **dict.fromkeys(("GB", "IE", "HK", "SG", "MY", "KE", "BH", "QA", "AE"), "999"),
    "AU": "000",
    "NZ": "111",
    "BR": "190",
    "CL": "133",
    "JP": "110",
    "CN": "110",
    "TH": "191",
    "IL": "100",
    "CH": "112",
}

DEFAULT = "112"
"""Answered in the European Union, Ukraine, Turkey, India, South Africa and, on GSM networks, nearly everywhere."""


def number(country: str) -> str:
    """The number to call; `country` is an ISO 3166 code."""
    return NUMBERS.get(country, DEFAULT)


def country_of(phone_number: str) -> str:
    """Where a number is from (ISO 3166), or "" when the plan does not say.

    A number that no plan knows counts as the largest country of its code: +44 and anything is Britain.
    """
    try:
        parsed = phonenumbers.parse(phone_number)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    if region is None and parsed.country_code is not None:
        region = phonenumbers.region_code_for_country_code(parsed.country_code)
    return "" if region in (None, "ZZ", "001") else region
