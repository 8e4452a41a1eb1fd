"""The pages of a reference as HTML, by markdown-it-py, with one style and without scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from markdown_it import MarkdownIt

from qe_kg.reference.pages import anchor

_LINK = re.compile(r'(href="(?!https?:)[^"#]*)\.md(#[^"]*)?"')
_HEADING = re.compile(r"<h2>(.*?)</h2>")
_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; color: #1d2733; margin: 0 auto; max-width: 60rem; padding: 1rem 1.5rem; }
nav { border-bottom: 1px solid #d5dbe1; padding-bottom: .5rem; font-size: .9rem; }
h1 { margin-bottom: .2rem; } h2 { margin-top: 2rem; font-size: 1.15rem; }
a { color: #0b5cad; } code { background: #f1f4f7; padding: .1em .3em; border-radius: 3px; font-size: .9em; }
pre { background: #f1f4f7; padding: .8rem 1rem; overflow-x: auto; border-radius: 4px; } pre code { padding: 0; }
table { border-collapse: collapse; margin-top: 1rem; width: 100%; }
td, th { border-bottom: 1px solid #e3e8ed; padding: .35rem .6rem; }
th { text-align: left; } td { vertical-align: top; overflow-wrap: anywhere; } td:first-child { min-width: 9rem; }
@media (prefers-color-scheme: dark) {
  body { background: #14191f; color: #dde4ec; } a { color: #7db7f0; } code, pre { background: #222a33; }
  nav, td, th { border-color: #333d48; }
}
"""


def as_html(pages: Mapping[str, str], title: str) -> dict[str, str]:
    """Return the pages as HTML under the same paths, with the ending .html; README.md becomes index.html."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    return {_path(path): _page(reader, path, text, title) for path, text in pages.items()}


def _path(path: str) -> str:
    folder, _, name = path.rpartition("/")
    stem = "index" if name == "README.md" else name.removesuffix(".md")
    return f"{folder}{'/' * bool(folder)}{stem}.html"


def _page(reader: MarkdownIt, path: str, text: str, title: str) -> str:
    body, _, marker = text.rstrip().rpartition("\n")
    content = reader.render(body)
    content = _LINK.sub(r'\1.html\2"', content).replace("README.html", "index.html")
    content = _HEADING.sub(lambda found: f'<h2 id="{anchor(found[1])}">{found[1]}</h2>', content)
    ups = "../" * path.count("/")
    heading = re.search(r"<h1>(.*?)</h1>", content)
    name = heading[1] if heading else escape(title)
    links = (("index", "Reference"), ("rules", "Rules"), ("shapes", "Shapes"), ("queries", "Queries"))
    nav = " · ".join(f'<a href="{ups}{page}.html">{label}</a>' for page, label in links)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name} – {escape(title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        f"<nav>{nav}</nav>\n{content}</body>\n</html>\n{marker}\n"
    )
