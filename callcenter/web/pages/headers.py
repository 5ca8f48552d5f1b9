"""The headers of every page: what a browser may load, and that nobody keeps or frames it."""

from collections.abc import Mapping

# Tried in a browser with htmx, live events, the softphone and charts (whose tooltips need inline styles);
# nothing more is allowed than these need.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self' wss://*.twilio.com https://*.twilio.com",
        "media-src 'self' https://sdk.twilio.com blob:",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PRIVATE: Mapping[str, str] = {"Cache-Control": "no-store", "Vary": "Cookie, HX-Request, Accept-Language"}
HTTPS: Mapping[str, str] = {"Strict-Transport-Security": "max-age=31536000"}
"""Only where the installation is reached over https; its other hosts are left alone."""
