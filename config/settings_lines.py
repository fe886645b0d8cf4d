"""Two that cannot have the same line or the same address to listen on are refused by the settings, by both keys."""

from collections.abc import Iterator, Sequence

from marshmallow import ValidationError

from config.options import EdgeSettings, GatewaySettings, MessageSettings, ProviderSettings, WebSettings
from devices.ports.taking import Place, listening, places

LINES_IN = ("edge", "gateways", "messages", "providers", "web")
"""The sections that say what is opened."""

_WHAT = {
    "line": "the same serial line, which gives each byte to one of them only",
    "stdin": "the standard input, and there is one",
    "tcp": "the same address for TCP",
    "udp": "the same address for UDP",
    "broker": "the same broker under the same client id, so that each would throw out the other",
}


def refuse_shared_lines(
    *,
    edge: EdgeSettings,
    gateways: Sequence[GatewaySettings],
    messages: MessageSettings,
    providers: ProviderSettings,
    web: WebSettings,
) -> None:
    """
    Raises:
        ValidationError: at the port of a gateway that meets another one's, the pages' or a modem's; names both keys.
    """
    others = [*_not_of_gateways(edge, messages, providers, web)]
    for index, gateway in enumerate(gateways):
        own = places(gateway.port)
        for key, place in others:
            if any(place.meets(each) for each in own):
                told = f"gateways.{index}.port and {key} both want {_WHAT[place.kind]}."
                raise ValidationError({"gateways": {index: {"port": [told]}}})
        others += [(f"gateways.{index}.port", each) for each in own]


def _not_of_gateways(
    edge: EdgeSettings, messages: MessageSettings, providers: ProviderSettings, web: WebSettings
) -> Iterator[tuple[str, Place]]:
    if not edge.url:
        # An edge serves no pages, whatever these settings say of them.
        yield from (("web.listen", each) for each in listening(web.host, web.port, "tcp"))
    if "modem" in messages.order and providers.modem.port:
        yield from (("providers.modem.port", each) for each in places(providers.modem.port))
    if edge.modem:
        yield from (("edge.modem", each) for each in places(edge.modem))
