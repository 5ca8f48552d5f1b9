"""Scripts and styles as esbuild has bundled them: a name holds a digest, so a browser keeps it for ever."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "assets"
ADDRESS = "/assets"
A_YEAR = "public, max-age=31536000, immutable"


@cache
def bundled() -> Mapping[str, str]:
    """Return the addresses of what was bundled by its source's name, `app.ts` or `app.css`.

    Nothing where `make assets` has not run: the pages say so, and are words without looks.
    """
    described = FOLDER / "meta.json"
    if not described.exists():
        return {}
    outputs = json.loads(described.read_text("utf-8"))["outputs"]
    return {
        Path(made["entryPoint"]).name: f"{ADDRESS}/{Path(path).name}"
        for path, made in outputs.items()
        if "entryPoint" in made
    }


class _Kept(StaticFiles):
    """Files that never change under their name."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, to be kept for a year."""
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            response.headers["Cache-Control"] = A_YEAR
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def mount() -> Mount:
    """Return the route of everything that was bundled."""
    return Mount(ADDRESS, _Kept(directory=FOLDER, check_dir=False))
