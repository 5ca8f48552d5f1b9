"""The schema's history (alembic). `python -m migrations "what changes"` drafts the next step."""
