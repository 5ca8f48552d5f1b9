"""TwiML as Twilio reads it: parsed, checked against the grammar, every doubt written down."""
