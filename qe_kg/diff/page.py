"""A comparison as one HTML page that needs nothing else: no script, no font, no network. It prints well."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from qe_kg.diff.compare import Comparison
from qe_kg.diff.elements import ElementChange, PropertyChange, Value
from qe_kg.diff.text import headline, how_known, sections

_STYLE = """
:root { color-scheme: light }
body { font: 15px/1.5 system-ui, sans-serif; color: #1a202c; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #cbd5e0 }
td { overflow-wrap: anywhere }
code { font-size: .85em; color: #4a5568 }
.kind { font-weight: 600; white-space: nowrap }
.added .kind { color: #22543d } .removed .kind { color: #9b2c2c }
.changed .kind { color: #744210 } .renamed .kind { color: #2a4365 }
del { color: #9b2c2c; text-decoration: none } ins { color: #22543d; text-decoration: none }
del::before { content: "− " } ins::before { content: "+ " }
@media print {
  body { margin: 0; max-width: none; font-size: 10pt } tr { break-inside: avoid } thead { display: table-header-group }
}
""".strip()


def as_html(comparison: Comparison) -> str:
    """Write a comparison as an HTML page; everything out of the data is escaped."""
    title = escape(headline(comparison))
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>",
    ]
    for heading, rows in sections(comparison):
        items = "".join(f"<li>{escape(row)}</li>\n" for row in rows)
        parts.append(f"<h2>{escape(heading)}</h2>\n<ul>\n{items}</ul>")
    if comparison.elements.elements:
        parts.append("<h2>By element</h2>\n<table>\n<thead><tr><th>what</th><th>type</th><th>element</th>")
        parts.append("<th>property</th><th>from and to</th></tr></thead>")
        for one in comparison.elements.elements:
            parts.append(f'<tbody class="{one.kind}">')
            parts += _rows(comparison, one)
            parts.append("</tbody>")
        parts.append("</table>")
    parts.append("</body>\n</html>")
    return "\n".join(parts) + "\n"


def _rows(comparison: Comparison, one: ElementChange) -> Iterator[str]:
    name = f"{escape(one.label)}<br><code>{escape(comparison.namespaces.compact(one.iri))}</code>"
    if one.rename:
        was = escape(comparison.namespaces.compact(one.was or ""))
        name += f"<br>was <code>{was}</code>, {escape(how_known(one))}"
    span = max(len(one.properties), 1)
    head = (
        f'<td class="kind" rowspan="{span}">{one.kind}</td><td rowspan="{span}">{escape(one.type)}</td>'
        f'<td rowspan="{span}">{name}</td>'
    )
    if not one.properties:
        yield f"<tr>{head}<td></td><td></td></tr>"
    for change in one.properties:
        yield f"<tr>{head}<td>{escape(change.property)}</td><td>{_values(change)}</td></tr>"
        head = ""


def _values(change: PropertyChange) -> str:
    gone = [f"<del>{_value(value)}</del>" for value in change.before]
    come = [f"<ins>{_value(value)}</ins>" for value in change.after]
    return "<br>".join([*gone, *come])


def _value(value: Value) -> str:
    if value.label is None:
        return escape(value.text)
    return f"{escape(value.label)} <code>{escape(value.text)}</code>"
