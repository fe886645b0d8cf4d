"""
The Contact ID event codes as data: what each three-digit code means, and how care panels differ.

Sources: SIA DC-05-1999.09 as printed in the Radionics D6500, DSC, ADT and Ademco manuals; the care meanings from the
Climax Mobile PERS and CTC-1052 manuals.
"""

from collections.abc import Mapping
from types import MappingProxyType

from devices.decoders.decoder import NO_PROFILE
from dispatch.rules.signal import Event, Scope


def _table(*groups: tuple[Event, str]) -> Mapping[str, Event]:
    return MappingProxyType({code: event for event, codes in groups for code in codes.split()})


EVENTS: Mapping[str, Event] = _table(
    (Event.PRESS, "100 101 120 122 123"),
    (Event.DURESS, "121 124"),
    (Event.INACTIVITY, "102 641 654"),
    (Event.FIRE, "110 112 115 116 117 118"),
    (Event.SMOKE, "111"),
    (Event.WATER, "113 154"),
    (Event.HEAT, "114 158"),
    (Event.GAS, "151"),
    (Event.CO, "162"),
    (Event.INTRUSION, "130 131 132 133 134 135 136 138 139 140 142 146 155"),
    (Event.ALARM_24H, "150"),
    (Event.TAMPER, "137 144 145 341 383"),
    (Event.OFFLINE, "147 381 382"),
    (Event.MAINS_FAIL, "301 342"),
    (Event.LOW_BATTERY, "302 309 338 384"),
    (Event.BATTERY_MISSING, "311"),
    (Event.JAMMING, "344"),
    (Event.LINK_FAULT, "350 351 352 353 354 355 356 357 358 359"),
    (Event.GATEWAY_BOOT, "305"),
    (Event.FAULT, "141 143 152 153 156 157 159 161 163 200 201 202 203 204 205 206 300 303 304 307 308 310 312 313"),
    (Event.FAULT, "320 321 322 323 324 325 326 327 330 331 332 333 334 335 336 337 339 343 370 371 372 373 374 375"),
    (Event.FAULT, "376 377 378 380 385 386 387 388 389 391 392 393"),
    (Event.ARM_DISARM, "400 401 402 403 404 405 407 408 409 441 442 450 451 452 453 454 455 456 457 458 459 463 464"),
    (Event.CANCEL, "406"),
    (Event.INFO, "306 411 412 413 414 415 416 421 422 423 424 425 426 427 428 429 430 431 432 433 461 462 466 501"),
    (Event.INFO, "520 521 522 523 524 525 526 527 530 531 532 551 552 553 570 571 572 573 574 575 576 577 605 609"),
    (Event.INFO, "616 621 622 623 624 625 626 627 628 629 630 631 632 642 651 652 653"),
    (Event.TEST, "601 602 603 604 607 608 611 612 613 614 615"),
    (Event.VOICE_REQUEST, "606"),
    # No standard meaning; care panels report what the staff does (Climax).
    (Event.ATTENDANCE, "661 663"),
    (Event.PRESS, "662"),
)
"""What a new event (Q = 1 or E) of each code means."""

PROFILES: Mapping[str, Mapping[str, Event]] = MappingProxyType(
    {
        "standard": NO_PROFILE,
        "climax-pers": _table(
            (Event.FALL, "120"),
            (Event.INACTIVITY, "102 641"),
            (Event.ATTENDANCE, "661 663"),
            (Event.PRESS, "662"),
        ),
        "climax-ctc": _table(
            (Event.LOW_BATTERY, "380 373"),
            (Event.ATTENDANCE, "406 661 663"),
            (Event.INACTIVITY, "641"),
            (Event.PRESS, "662"),
            (Event.TEST, "611"),
        ),
    }
)
"""What known families of care panels mean by codes that the standard uses otherwise, by the name of the profile."""

RESTORES: Mapping[Event, Event] = MappingProxyType(
    {
        Event.LOW_BATTERY: Event.BATTERY_RESTORE,
        Event.BATTERY_MISSING: Event.BATTERY_RESTORE,
        Event.MAINS_FAIL: Event.MAINS_RESTORE,
        Event.TAMPER: Event.TAMPER_RESTORE,
        Event.OFFLINE: Event.ONLINE,
        Event.LINK_FAULT: Event.LINK_RESTORE,
        Event.JAMMING: Event.JAMMING_RESTORE,
        # These are as much said by the end as by the beginning: R401 is a closing, 3-661 is a job completed.
        Event.ARM_DISARM: Event.ARM_DISARM,
        Event.ATTENDANCE: Event.ATTENDANCE,
        Event.TEST: Event.TEST,
        Event.INFO: Event.INFO,
        Event.GATEWAY_BOOT: Event.GATEWAY_BOOT,
        Event.UNKNOWN: Event.UNKNOWN,
    }
)
"""What the end (Q = 3 or R) of an event is called where it is not simply `restore`."""

_PERSONAL = frozenset({Event.PRESS, Event.DURESS, Event.FALL, Event.FALL_SUSPECTED, Event.INACTIVITY, Event.WANDERING})

_GATEWAY_CODES = frozenset({"137", "145"})
_DEVICE_CODES = frozenset(
    ("373", "380", "381", "383", "384", "385", "386", "387", "388", "389", "391", "392", "393", "570", "641")
)


def contact_id_event(code: str, qualifier: str, profile: Mapping[str, Event] = NO_PROFILE) -> Event:
    """
    What a code with its qualifier (E R P, or 1 3 6) means; `unknown` for a code that nobody documents.

    A status report (P or 6, *still present*) of a person's call is a `status_press`: it was an event before. That a
    fire or a fault is still present is said with the event itself, which joins what is open.
    """
    event = profile.get(code) or EVENTS.get(code, Event.UNKNOWN)
    if qualifier in "R3":
        return RESTORES.get(event, Event.RESTORE)
    if qualifier in "P6" and event in _PERSONAL:
        return Event.STATUS_PRESS
    return event


def contact_id_scope(code: str) -> Scope:
    """Whether a code is about one transmitter or zone (device) or about the panel itself (gateway)."""
    if code in _DEVICE_CODES:
        return Scope.DEVICE
    return Scope.DEVICE if code.startswith(("1", "2")) and code not in _GATEWAY_CODES else Scope.GATEWAY


def contact_id_stated(event: Event) -> tuple[str, str]:
    """
    The qualifier (1 new, 3 restored) and the code with which a panel would say this; a test (602) where it has none.
    """
    if event in _STATED:
        return _STATED[event]
    new = [code for code, stated in EVENTS.items() if stated is event]
    ended = [code for code, stated in EVENTS.items() if RESTORES.get(stated) is event]
    return ("1", new[0]) if new else ("3", ended[0]) if ended else ("1", "602")


_STATED = {
    Event.PRESS: ("1", "101"),
    Event.RESTORE: ("3", "101"),
    Event.STATUS_PRESS: ("6", "101"),
    Event.LOW_BATTERY: ("1", "384"),
    Event.BATTERY_RESTORE: ("3", "384"),
    Event.OFFLINE: ("1", "381"),
    Event.ONLINE: ("3", "381"),
    Event.TEST: ("1", "602"),
}
