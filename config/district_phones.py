"""Telephone numbers as people type them."""

import re
import unicodedata

import phonenumbers
from marshmallow import ValidationError
from phonenumbers import ValidationResult, is_possible_number_with_reason, parse

PHONE_REGION = "CN"
CHINA = 86
MOBILE_DIGITS = 11


def e164(text: str) -> str:
    """
    A telephone number as +86…; spaces, dashes and full-width digits are forgiven, no country code means China.

    Raises:
        ValidationError: no number of any country looks like this.
    """
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), PHONE_REGION)
    except phonenumbers.NumberParseException:
        raise ValidationError("Not a telephone number.") from None
    if number.extension or not phonenumbers.is_possible_number(number):
        raise ValidationError("Not a possible telephone number.")
    _refuse_mistyped(number.country_code, phonenumbers.national_significant_number(number))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _refuse_mistyped(country: int | None, national: str) -> None:
    """
    What the lengths of the Chinese plan let pass though it reaches nobody: a mobile number (13 to 19) has eleven
    digits, and a landline is reached with its area code (工信部, 电信网编号计划).
    """
    if country != CHINA:
        return
    if re.match("1[3-9]", national) and len(national) != MOBILE_DIGITS:
        raise ValidationError("A mobile number has eleven digits.")
    if re.fullmatch("[2-8][0-9]{6,7}", national):
        raise ValidationError("Not a possible telephone number.")


def typed_number(text: str) -> str | None:
    """A number as somebody typed it on a page, as +86…; None where it is none."""
    try:
        return e164(text[:40])
    except ValidationError:
        return None


def own_number(text: str) -> str | None:
    """
    A number that somebody typed as their own; None where it is none, or as short as a hotline (12345), which a register
    may hold and nobody has.
    """
    typed = typed_number(text)
    possible = typed is not None and is_possible_number_with_reason(parse(typed)) == ValidationResult.IS_POSSIBLE
    return typed if possible else None
