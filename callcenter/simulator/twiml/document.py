"""A TwiML document as a tree.

Source: Twilio "TwiML for Programmable Voice", error 12100 (document parse failure).
"""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from callcenter.simulator.findings import TwimlFailure
from callcenter.simulator.webhooks import Callback, resolve

PARSE_FAILURE = 12100


@dataclass(frozen=True)
class Element:
    """A verb or noun: name, attributes, children, and its text with SSML tags taken away."""

    name: str
    attributes: dict[str, str]
    children: tuple["Element", ...]
    text: str

    def get(self, attribute: str, default: str = "") -> str:
        """Return an attribute, stripped."""
        return self.attributes.get(attribute, default).strip()

    def flag(self, attribute: str, *, default: bool) -> bool:
        """Return a boolean attribute; anything but true and false is the default."""
        return {"true": True, "false": False}.get(self.get(attribute).lower(), default)

    def whole(self, attribute: str, default: int) -> int:
        """Return a whole number, the default where it is none."""
        value = self.get(attribute)
        return int(value) if value.removeprefix("-").isdigit() else default


@dataclass(frozen=True)
class Document:
    """The verbs of one answer; `url` is where it came from, empty for inline TwiML."""

    verbs: tuple[Element, ...]
    url: str = ""

    def callback(self, element: Element, url: str = "action", method: str = "method") -> Callback | None:
        """Return the address in an attribute, absolute, with its method; None where there is none."""
        target = element.get(url)
        if not target:
            return None
        return Callback(resolve(self.url, target), element.get(method).upper() or "POST")


def parse(text: str, url: str) -> Document:
    """Read a document; raise TwimlFailure (12100) where Twilio cannot."""
    if text != text.lstrip() and text.lstrip().startswith("<?xml"):
        raise TwimlFailure(PARSE_FAILURE, "Whitespace before the XML declaration.")
    try:
        root = ET.fromstring(text)  # noqa: S314  the application under test is not an attacker
    except ET.ParseError as fault:
        raise TwimlFailure(PARSE_FAILURE, f"Not well-formed: {fault}.") from fault
    if root.tag != "Response":
        raise TwimlFailure(PARSE_FAILURE, f"The root is <{root.tag}>, not <Response>.")
    return Document(tuple(_element(child) for child in root), url)


def _element(node: ET.Element) -> Element:
    text = " ".join("".join(node.itertext()).split())
    return Element(node.tag, dict(node.attrib), tuple(_element(child) for child in node), text)
