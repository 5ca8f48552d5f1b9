"""TwiML carried out verb by verb: one file for each kind of verb, `running.py` beneath them all."""
