"""The front door until there are pages: says that the centre runs, and where its outside is."""

from functools import cache

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_LINKS = (
    ("/api/v1/openapi.json", "the API, described as OpenAPI 3.1", "接口说明（OpenAPI 3.1）"),
    ("/health/ready", "what is degraded now", "当前状态"),
    ("/metrics", "figures for Prometheus", "运行指标（Prometheus）"),
)


@cache
def front_page() -> str:
    """Return one page in both languages; it loads nothing from anywhere."""
    rows = "".join(
        f'<li><a href="{path}">{path}</a> {english} <span lang="zh-CN">{chinese}</span></li>'
        for path, english, chinese in _LINKS
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        "<title>Call centre 呼叫中心</title><style>"
        "body{font:16px/1.6 system-ui,'PingFang SC','Microsoft YaHei',"
        "'Noto Sans CJK SC',sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem}li{margin:.5rem 0}"
        "span{display:block;opacity:.75}</style></head><body><h1>The centre runs "
        f'<span lang="zh-CN">呼叫中心已运行</span></h1><ul>{rows}</ul></body></html>'
    )


def front_door() -> Route:
    """Return the route of `/`."""

    def page(_request: Request) -> Response:
        policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
        return HTMLResponse(front_page(), headers={"Content-Security-Policy": policy})

    return Route("/", page)
