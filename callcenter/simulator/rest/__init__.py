"""Twilio's REST API, as far as the product uses it: one file for each resource."""
