"""The family's page of one alarm, `/f/{code}`: calm, read-only, as much as the resident allowed, gone a day after."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.families import Families
from dispatch.links import Links
from dispatch.web.access import by_code
from dispatch.web.carer import MISSES_A_MINUTE, too_often
from dispatch.web.i18n import N_, gettext
from dispatch.web.limits import Limit
from dispatch.web.options import WebOptions
from dispatch.web.small import small_page, speak

SENTENCES = {
    "raised": N_("A call for help has come in. Somebody is being sent."),
    "coming": N_("Somebody is on the way."),
    "there": N_("Somebody is there."),
    "closed": N_("It is over."),
}

STEPS = {
    "raised": N_("Call for help"),
    "coming": N_("Somebody set off"),
    "there": N_("Somebody arrived"),
    "closed": N_("Over"),
}


def family_blueprint(families: Families, links: Links, clock: Clock, *, options: WebOptions) -> Blueprint:
    """`/f/{code}`."""
    bp = Blueprint("family", __name__)
    misses = Limit(MISSES_A_MINUTE, 60, lambda: clock.look().steady_s)

    @bp.get("/f/<code>")
    @by_code
    def shown(code: str) -> Response:
        opened, ip = links.open_family(code), request.remote_addr or ""
        speak(options, options.lang)
        try:
            if opened is None:
                raise NotFound("no such code")
            told = families.told(*opened)
        except NotFound:
            if misses.is_over(ip):
                return too_often("")
            misses.count(ip)
            text = gettext("This page is over, or a letter of its address is missing.")
            return small_page("small_note.html", 404, title=gettext("Nothing here"), text=text, again="")
        return small_page("family.html", told=told, SENTENCES=SENTENCES, STEPS=STEPS, path=f"/f/{code}")

    return bp
