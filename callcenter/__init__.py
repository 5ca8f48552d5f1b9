"""A telephony-integrated call centre: the hotline answers, routes, promises, and every ring is measured."""
