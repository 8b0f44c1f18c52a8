"""A phone number as the API's IncomingPhoneNumbers shows it."""

from __future__ import annotations

from typing import Any

from handlers.rehearsal import twilio_tables as tables


def sid_of(number: str) -> str:
    return f"PN{int(number[1:]):032x}"


def resource(account: str, number: str, *, sms_url: str) -> dict[str, Any]:
    """The number's record; `sms_url` is where its inbound texts are posted."""
    sid = sid_of(number)
    return {
        "account_sid": account,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": tables.VERSION,
        "beta": False,
        "bundle_sid": None,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "date_created": "Thu, 01 Jan 2026 00:00:00 +0000",
        "date_updated": "Thu, 01 Jan 2026 00:00:00 +0000",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number,
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": number,
        "sid": sid,
        "sms_application_sid": "",
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": "POST",
        "sms_url": sms_url,
        "status": "in-use",
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": "local",
        "uri": f"/{tables.VERSION}/Accounts/{account}/IncomingPhoneNumbers/{sid}.json",
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": None,
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": None,
    }
