"""The reference of the centre file in both languages, made from the models: it cannot go stale.

`python -m callcenter.center.reference` prints it; `docs/centre-file.md` is its output.
"""

import sys
from collections.abc import Iterator
from typing import Any

from callcenter.center.file import CentreFile

Schema = dict[str, Any]

INTRODUCTION = """\
# The centre file · 中心配置文件

One TOML file describes a centre: `callcenter apply FILE` checks it, says everything that is wrong with it by
line, makes the centre what it says, and prints what changed. `--check` only checks; `--json` is for scripts.
Everything is matched by its `key`: rename the rest as you like, keep the keys. Lines and agents that are no
longer in the file are retired, never deleted, because past calls refer to them; put them back and they are
active again. Secrets and addresses come from the environment, not from here.

一个 TOML 文件描述整个中心：`callcenter apply FILE` 检查文件，按行号一次指出全部错误，使其生效并列出改动；
`--check` 只检查，`--json` 供脚本使用。各项以 `key` 对应：其他内容可随意修改，`key` 不要改。
文件中去掉的线路和坐席只停用、不删除，历史通话仍指向它们；重新写入即恢复。密钥与地址来自环境变量，不写在这里。

Examples · 示例: `examples/xinghe.toml` (a full centre · 完整), `examples/minimal.toml` (the smallest · 最小).

A menu's keys are the same on every line: `0` is always an agent, `*` always repeats, `8` changes the
language, and a choice has one key on all lines.
各线路按键一致：`0` 总是人工，`*` 总是重听，`8` 换语言，同一选择在各线路用同一按键。

This page is made by `python -m callcenter.center.reference`; a test holds it to the code.
本页由程序生成，并由测试保证与代码一致。
"""


def reference() -> str:
    """Return the page: a table for each table of the file, in the order in which they are met."""
    schema = CentreFile.model_json_schema()
    return "\n".join([INTRODUCTION, *_sections(schema, schema, "")])


def _sections(part: Schema, schema: Schema, path: str) -> Iterator[str]:
    """Yield a table's section, then those of the tables inside it."""
    if path:
        yield from _section(part, path)
    for name, value in part["properties"].items():
        inner = _table_of(value)
        if inner:
            header = f"{path}.{name}" if path else name
            yield from _sections(schema["$defs"][inner], schema, header)


def _section(part: Schema, path: str) -> Iterator[str]:
    yield f"## `{path}`\n\n{part['description']}\n{part['zh-CN']}\n"
    yield "| key | value | without it · 缺省 | meaning | 含义 |"
    yield "|---|---|---|---|---|"
    for name, value in part["properties"].items():
        default = "required · 必填" if name in part.get("required", []) else _default(value)
        yield f"| `{name}` | {_kind(value)} | {default} | {value['description']} | {value['zh-CN']} |"
    yield ""


def _table_of(value: Schema) -> str | None:
    """Return the name of the table that a value is, or is a list of."""
    reference: str | None = value.get("$ref") or value.get("items", {}).get("$ref")
    return reference.rpartition("/")[2] if reference else None


def _default(value: Schema) -> str:
    default = value.get("default")
    if default in (None, [], {}) or isinstance(default, dict):
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _kind(value: Schema) -> str:
    """Return what a value is, with its bounds."""
    if "anyOf" in value:
        return _kind(next(choice for choice in value["anyOf"] if choice["type"] != "null"))
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    if value.get("type") == "array":
        return "tables" if "$ref" in value["items"] else f"list: {_kind(value['items'])}"
    if "$ref" in value or value.get("type") == "object":
        return "table"
    return _PLAIN[value["type"]] + _bounds(value)


_PLAIN = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}


def _bounds(value: Schema) -> str:
    if value.get("format") == "date":
        return " (date)"
    if "maximum" in value:
        return f" {value['minimum']:g} to {value['maximum']:g}"
    return f" (at most {value['maxLength']})" if "maxLength" in value else ""


if __name__ == "__main__":
    sys.stdout.write(reference())
