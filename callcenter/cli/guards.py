"""What must not be started together: real credentials and the phone simulator."""

from callcenter.cli.wire import ask, basic
from callcenter.settings import Settings, SettingsError, is_loopback

UNKNOWN_ACCOUNT = frozenset({401, 403, 404})


def is_simulator(api_url: str) -> bool:
    """Say whether our phone simulator answers at this address."""
    health = ask(f"{api_url}/simulator/health")
    return health.ok and isinstance(health.body, dict) and "live_calls" in health.body


def carrier_login(settings: Settings) -> str:
    """Return the Authorization header that the carrier's API is asked with."""
    if settings.twilio_api_key and settings.twilio_api_secret:
        return basic(settings.twilio_api_key, settings.twilio_api_secret)
    return basic(settings.twilio_account_sid or "", settings.twilio_auth_token or "")


def refuse_foreign_simulator(settings: Settings) -> None:
    """Raise SettingsError where a simulator runs that does not know our credentials: they are real ones."""
    url, account = settings.twilio_api_url, settings.twilio_account_sid
    if not url or not account or not is_loopback(url) or not is_simulator(url):
        return
    listing = f"{url}/2010-04-01/Accounts/{account}/Calls.json?PageSize=1"
    if ask(listing, authorization=carrier_login(settings)).status in UNKNOWN_ACCOUNT:
        raise SettingsError(
            [
                "TWILIO_API_URL leads to the phone simulator, which does not know TWILIO_ACCOUNT_SID:"
                " unset TWILIO_API_URL to serve real numbers, or use make run for the simulator"
            ]
        )
