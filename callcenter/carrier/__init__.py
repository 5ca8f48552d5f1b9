"""The port to the telephone network: what we may ask of the carrier, and how it may refuse."""
