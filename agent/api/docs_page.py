"""/docs: the OpenAPI document as one page of HTML, for a person without internet."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from agent.api.docs_schema import fields_table, kind_of

STYLE = """\
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--blue:#1f6feb}
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:0 auto;padding:1rem}
nav a,h3 code{margin-right:.6rem}a{color:var(--blue)}
article,section.schema{border-top:1px solid var(--line);padding:.5rem 0 1rem}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:var(--soft);padding:.6rem;overflow:auto}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
td:first-child{white-space:nowrap}
td p{margin:0}
.method{color:#fff;background:var(--blue);border-radius:4px;padding:.1rem .4rem}"""
_CODE = re.compile(r"`([^`]+)`")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No script at all, and no style but the page's own."""
METHODS = ("get", "post", "put", "patch", "delete")


def docs_page(document: Mapping[str, Any]) -> str:
    """The page. Everything that comes from the document is escaped."""
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f"<h1>{title}</h1>{_text(document['info'].get('description', ''))}"
        f'<p>The same for programs: <a href="/openapi.json">/openapi.json</a>.</p>'
        f"<nav>{''.join(_links(document))}</nav><table>{''.join(_index(document))}</table>"
        f"{''.join(_groups(document))}{''.join(_problems(document))}{''.join(_schemas(document))}</body></html>\n"
    )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def _links(document: Mapping[str, Any]) -> Iterator[str]:
    for tag in document.get("tags", []):
        yield f'<a href="#{escape(_anchor("tag", tag["name"]))}">{escape(tag["name"])}</a>'
    yield '<a href="#problems">Problems</a><a href="#schemas">Schemas</a>'


def _index(document: Mapping[str, Any]) -> Iterator[str]:
    """All operations at a glance."""
    for method, path, operation in _operations(document):
        anchor = escape(_anchor("operation", operation["operationId"]))
        yield (
            f'<tr><td><a href="#{anchor}"><code>{method.upper()} {escape(path)}</code></a></td>'
            f"<td>{escape(operation['summary'])}</td></tr>"
        )


def _groups(document: Mapping[str, Any]) -> Iterator[str]:
    for tag in document.get("tags", []):
        name = tag["name"]
        yield f'<h2 id="{escape(_anchor("tag", name))}">{escape(name)}</h2>'
        for method, path, operation in _operations(document):
            if name in operation["tags"]:
                yield _article(document, method, path, operation)


def _article(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> str:
    anchor = escape(_anchor("operation", operation["operationId"]))
    parts = [
        f'<article id="{anchor}"><h3><code><span class="method">{method.upper()}</span> {escape(path)}</code> ',
        f"{escape(operation['summary'])}</h3>{_text(operation.get('description', ''))}",
        _parameters(document, operation),
    ]
    if body := operation.get("requestBody"):
        parts.append(f"<h4>Request</h4>{_content(body['content'])}")
    for status, response in operation["responses"].items():
        if int(status) < 400:
            parts.append(f"<h4>Answer {escape(status)}</h4>{_text(response['description'])}")
            parts.append(_content(response.get("content", {})))
    codes = dict.fromkeys(code for code, _ in _problem_examples(operation))
    links = ", ".join(f'<a href="#problem-{escape(code)}">{escape(code)}</a>' for code in codes)
    return "".join([*parts, f"<h4>Problems</h4><p>{links}</p></article>"])


def _parameters(document: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
    rows = []
    for one in operation["parameters"]:
        parameter = document["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        need = "required" if parameter["required"] else "optional"
        rows.append(
            f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}, {need}</td>"
            f"<td>{kind_of(parameter['schema'])}</td><td>{_text(parameter.get('description', ''))}</td></tr>"
        )
    return f"<h4>Parameters</h4><table>{''.join(rows)}</table>" if rows else ""


def _content(content: Mapping[str, Any]) -> str:
    parts = []
    for kind, media in content.items():
        shown = f": {kind_of(media['schema'])}" if "schema" in media else ""
        parts.append(f"<p><code>{escape(kind)}</code>{shown}</p>")
        if "example" in media:
            parts.append(f"<pre>{escape(json.dumps(media['example'], indent=2, ensure_ascii=False))}</pre>")
    return "".join(parts)


def _problem_examples(operation: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for response in operation["responses"].values():
        for media in response.get("content", {}).values():
            for code, example in media.get("examples", {}).items():
                yield code, example["value"]


def _problems(document: Mapping[str, Any]) -> Iterator[str]:
    kinds = {code: value for *_, operation in _operations(document) for code, value in _problem_examples(operation)}
    yield '<h2 id="problems">Problems</h2><table>'
    yield "<tr><th>Code</th><th>Status</th><th>Meaning</th><th>What to do</th></tr>"
    for code, value in sorted(kinds.items(), key=lambda item: (item[1]["status"], item[0])):
        yield (
            f'<tr id="problem-{escape(code)}"><td><code>{escape(code)}</code></td><td>{value["status"]}</td>'
            f"<td>{escape(value['title'])}</td><td>{escape(value['detail'])}</td></tr>"
        )
    yield "</table>"


def _schemas(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<h2 id="schemas">Schemas</h2>'
    for name, schema in document["components"]["schemas"].items():
        yield f'<section class="schema" id="{escape(_anchor("schema", name))}"><h3>{escape(name)}</h3>'
        yield f"{_text(schema.get('description', ''))}{fields_table(schema)}</section>"


def _anchor(kind: str, name: str) -> str:
    return f"{kind}-{name.replace(' ', '-')}"


def _text(text: str) -> str:
    parts = (_CODE.sub(r"<code>\1</code>", escape(part)) for part in text.split("\n\n") if part.strip())
    return "".join(f"<p>{part}</p>" for part in parts)
