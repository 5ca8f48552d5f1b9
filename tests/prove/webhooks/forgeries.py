"""A3: whatever was not signed by the carrier for this address is refused, and never breaks anything."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from urllib.parse import parse_qsl, urlencode

from tests.prove.planting import fault
from tests.prove.verdict import Proof, Trial, Verdict
from tests.prove.webhooks import plants
from tests.prove.webhooks.books import books, differences
from tests.prove.webhooks.forms import MEDIA, signature, signed
from tests.prove.webhooks.genuine import Genuine, begin, genuine
from tests.prove.webhooks.nothing_lost import all_of
from tests.prove.webhooks.wires import Request, Straight, Wire, door, in_process
from tests.web.twilio import PUBLIC_URL

REQUESTS = 100_000
REFUSALS = frozenset({400, 403, 404, 405, 413})
SAMPLE = 49
"""One forgery of so many goes over a socket where there is one; the others straight in."""
HUGE = b"x" * 10_000_000
Forger = Callable[[Genuine, Random], Request]


def flipped(real: Genuine, random: Random) -> Request:
    """Flip one bit of the body."""
    request = signed(real.target, real.pairs)
    body = bytearray(request.body)
    body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    return replace(request, body=bytes(body))


def flipped_proof(real: Genuine, random: Random) -> Request:
    """Flip one bit of the signature."""
    request = signed(real.target, real.pairs)
    proof = bytearray(dict(request.headers)["X-Twilio-Signature"].encode())
    proof[random.randrange(len(proof))] ^= 1 << random.randrange(7)
    told = "".join(chr(byte) for byte in proof if byte >= 32)
    return replace(request, headers=(MEDIA, ("X-Twilio-Signature", told)))


def other_address(real: Genuine, random: Random) -> Request:
    """Sign for another host, port or scheme, and say so in every header that a proxy might set."""
    base = random.choice(
        ["http://hotline.example.com", "https://hotline.example.com:8443", "https://evil.example", ""]
    )
    proof = ("X-Twilio-Signature", signature(base + real.target, real.pairs))
    scheme, _, host = base.partition("://")
    spoofed = (
        ("Host", host or "x"), ("X-Forwarded-Host", host), ("X-Forwarded-Proto", scheme),
        ("X-Forwarded-Port", "8443"), ("Forwarded", f"host={host};proto={scheme}"),
        ("X-Original-URL", base + real.target),
    )  # fmt: skip
    return Request(real.target, urlencode(real.pairs).encode(), (MEDIA, proof, *spoofed))


def other_path(real: Genuine, random: Random) -> Request:
    """Send what was signed for one address to another."""
    request = signed(real.target, real.pairs)
    target = random.choice([f"{real.target}/", f"{real.target}?a=1", "/twilio/voice/next/7", "/twilio/VOICE"])
    return replace(request, target=target)


def other_token(real: Genuine, random: Random) -> Request:
    """Sign with a token that is not ours, perhaps for an account of one's own."""
    foreign = "AC" + "6" * 32
    pairs = [(name, foreign if name == "AccountSid" else value) for name, value in real.pairs]
    token = random.choice(["", "x", "the auth token of another account"])
    proof = ("X-Twilio-Signature", signature(PUBLIC_URL + real.target, pairs, token))
    return Request(real.target, urlencode(pairs).encode(), (MEDIA, proof))


def foreign_account(real: Genuine, _random: Random) -> Request:
    """Sign rightly for an account that is not ours."""
    foreign = "AC" + "6" * 32
    pairs = [(name, foreign if name == "AccountSid" else value) for name, value in real.pairs]
    return signed(real.target, pairs)


def fetched(real: Genuine, random: Random) -> Request:
    """Ask by another method, with the form in the query, signed as Twilio signs a GET."""
    target = f"{real.target.partition('?')[0]}?{urlencode(real.pairs)}"
    proof = ("X-Twilio-Signature", signature(PUBLIC_URL + target, []))
    return Request(target, b"", (proof,), method=random.choice(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]))


def as_json(real: Genuine, _random: Random) -> Request:
    """Post JSON, signed as Twilio signs JSON."""
    body = json.dumps(dict(real.pairs)).encode()
    target = f"{real.target.partition('?')[0]}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    proof = ("X-Twilio-Signature", signature(PUBLIC_URL + target, []))
    return Request(target, body, (("Content-Type", "application/json"), proof))


def as_parts(real: Genuine, _random: Random) -> Request:
    """Post the very same fields as multipart, with the right signature."""
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in real.pairs
    )
    proof = dict(signed(real.target, real.pairs).headers)["X-Twilio-Signature"]
    media = ("Content-Type", "multipart/form-data; boundary=b")
    return Request(real.target, f"{parts}--b--\r\n".encode(), (media, ("X-Twilio-Signature", proof)))


def unsayable(real: Genuine, random: Random) -> Request:
    """Put into the body what no text is: halves of characters, broken UTF-8, nothing."""
    rest = random.choice([b"&a=%ED%A0%80", b"&a=%FF", b"&\xff=1", b"&a=%00", b"&%", b"&&&=&="])
    request = signed(real.target, real.pairs)
    return replace(request, body=random.choice([b"", request.body + rest]))


def unsigned(real: Genuine, random: Random) -> Request:
    """Leave the signature out, or put something else in its place."""
    told = random.choice(["", " ", "null", "=" * 28, "\u00e9" * 28, "A" * 5000, "sha1=" + "0" * 40])
    proof = (("X-Twilio-Signature", told),) if random.random() < 0.8 else ()
    return replace(signed(real.target, real.pairs), headers=(MEDIA, *proof))


def huge(real: Genuine, random: Random) -> Request:
    """Send ten megabytes; now and then only, for it is slow to carry."""
    if random.random() < 0.98:
        return unsigned(real, random)
    return replace(signed(real.target, real.pairs), body=HUGE)


FORGERS: tuple[Forger, ...] = (
    flipped, flipped_proof, other_address, other_path, other_token, foreign_account, fetched, as_json,
    as_parts, unsayable, unsigned, huge,
)  # fmt: skip


def prove(trial: Trial) -> Verdict:
    """Forge in turn, by every way and for every address; nothing may be accepted and nothing may change."""
    return asyncio.run(_prove(trial))


async def _prove(trial: Trial) -> Verdict:
    verdict = Verdict(0)
    async with door(trial) as wire:
        await begin(wire)
        known = genuine(trial.database)
        before = books(trial.database)
        with in_process(trial.database, 60.0) as app:
            await _forge(trial, known, wire, Straight(app), verdict)
        for change in differences(before, books(trial.database)):
            verdict.failed(f"forgeries changed {change}")
    return verdict


async def _forge(trial: Trial, known: list[Genuine], wire: Wire, straight: Wire, verdict: Verdict) -> None:
    random = Random(trial.seed)
    counted = {"on_sockets": 0, "true_after_all": 0}

    async def one(number: int) -> None:
        forger = FORGERS[number % len(FORGERS)]
        request = forger(random.choice(known), random)
        if is_genuine(request):
            counted["true_after_all"] += 1
            return
        way = straight if number % SAMPLE else wire
        counted["on_sockets"] += way is wire and not isinstance(wire, Straight)
        answer = await way.send(request)
        verdict.trials += 1
        if answer.status not in REFUSALS and not (answer.status == 0 and way is wire):
            verdict.failed(f"{forger.__name__} for {request.target} was answered with {answer.status}")

    await all_of(range(trial.of(REQUESTS, least=4 * len(FORGERS))), one)
    verdict.measured = counted


def is_genuine(request: Request) -> bool:
    """Say whether a request is the carrier's after all: a flipped bit may change nothing that counts."""
    told = dict(request.headers).get("X-Twilio-Signature", "")
    with suppress(ValueError):
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, errors="strict")
        ours = ("AccountSid", "AC" + "5" * 32) in pairs
        form = dict(request.headers).get("Content-Type", "").startswith("application/x-www-form")
        right = signature(PUBLIC_URL + request.target, pairs) == told
        return ours and form and right and request.method == "POST"
    return False


A3 = Proof(
    id="A3",
    promise="what the carrier did not sign for this address is refused: none accepted, no 5xx, no effect",
    prove=prove,
    mutants={
        "the beginning of a signature is enough": fault(
            ("callcenter.web.signature._is_signed", plants.nearly)
        ),
        "anybody's account is ours": fault(("callcenter.web.twilio.Bridge._is_ours", plants.always)),
        "the address is that of the request": fault(
            ("callcenter.web.signature.SignatureCheck.accepts", plants.accepts_any_address)
        ),
        "a missing signature is compared": fault(
            ("callcenter.web.signature.SignatureCheck.accepts", plants.accepts_none)
        ),
    },
    databases=("sqlite", "postgresql"),
    small=0.0012,
)
