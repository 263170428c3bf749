# SPDX-License-Identifier: GPL-2.0-only
"""Plots as SVG: bars with the spread of the rounds, and lines over a size."""

import html

OURS, THEIRS, FLOOR = "#1f6feb", "#9aa4b2", "#d8dee6"
INK, FAINT = "#1f2328", "#8b949e"
SERIES = ["#9aa4b2", "#1f6feb", "#bf5700", "#2da44e", "#8250df"]
STYLE = 'font-family="system-ui, -apple-system, \'Segoe UI\', Helvetica, Arial, sans-serif"'


def text(x, y, words, size=13, anchor="start", fill=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" '
            f'font-weight="{weight}">{html.escape(words)}</text>')


def line(x1, y1, x2, y2, stroke=FAINT, width=1.0, dash=""):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
            f'stroke-width="{width}"{dashes}/>')


def document(width, height, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" {STYLE}>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>', *parts, "</svg>", ""])


def colour(way):
    if way.startswith("nestwg"):
        return OURS
    return FLOOR if way in ("floor", "floor-xdp", "xdp-drop", "none", "arrival") else THEIRS


def number(value):
    return f"{value:,.0f}"


def nice_step(top, steps):
    """A round distance of at most STEPS grid lines up to TOP."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if top / (step * factor) <= steps:
                return step * factor
        step *= 10


def bars(title, unit, costs):
    """costs: {way: Cost}. One bar each, a dashed line where the floor is."""
    left, right, top, row = 150, 130, 64, 30
    width, plot = 760, 760 - left - right
    height = top + row * len(costs) + 34
    most = max(cost.high for cost in costs.values()) * 1.02
    scale = plot / most
    bottom = top + row * len(costs)
    parts = [text(20, 28, title, 16, weight="600"), text(20, 47, f"{unit} a packet, less is better", 12, fill=FAINT)]
    step = nice_step(most, 6)
    for i in range(int(most / step) + 1):
        x = left + i * step * scale
        parts += [line(x, top - 4, x, bottom, "#eaeef2"), text(x, bottom + 18, number(i * step), 11, "middle", FAINT)]
    for i, (way, cost) in enumerate(costs.items()):
        y = top + i * row
        parts.append(text(left - 10, y + 18, way, 13, "end", weight="600" if way.startswith("nestwg") else "normal"))
        parts.append(f'<rect x="{left}" y="{y + 5:.1f}" width="{cost.median * scale:.1f}" height="{row - 12}" '
                     f'rx="3" fill="{colour(way)}"/>')
        middle = y + row / 2 - 1
        parts.append(line(left + cost.low * scale, middle, left + cost.high * scale, middle, INK, 1.5))
        for end in (cost.low, cost.high):
            parts.append(line(left + end * scale, middle - 4, left + end * scale, middle + 4, INK, 1.5))
        note = number(cost.median) + (f"  ({cost.lost:.0%} lost)" if cost.lost >= 0.005 else "")
        parts.append(text(left + cost.high * scale + 8, y + 18, note, 12))
    floor = costs.get("floor") or costs.get("xdp-drop") or costs.get("none")
    if floor:
        x = left + floor.median * scale
        parts.append(line(x, top - 4, x, bottom, INK, 1, "3 3"))
    return document(width, height, parts)


def lines(title, unit, sizes, series):
    """series: {way: [Cost or None for each size]}."""
    width, height, left, top, bottom = 760, 360, 80, 70, 300
    plot = width - left - 160
    most = max(cost.high for costs in series.values() for cost in costs if cost) * 1.08
    parts = [text(20, 28, title, 16, weight="600"), text(20, 47, f"{unit} a packet, less is better", 12, fill=FAINT)]

    def at(i, value):
        return left + plot * i / max(1, len(sizes) - 1), bottom - (bottom - top) * value / most

    step = nice_step(most, 5)
    for i in range(int(most / step) + 1):
        _, y = at(0, i * step)
        parts += [line(left, y, left + plot, y, "#eaeef2"), text(left - 8, y + 4, number(i * step), 11, "end", FAINT)]
    for i, size in enumerate(sizes):
        x, _ = at(i, 0)
        parts.append(text(x, bottom + 20, number(size), 12, "middle"))
    for shade, (way, costs) in zip(SERIES, series.items()):
        points = [(at(i, cost.median), at(i, cost.low), at(i, cost.high)) for i, cost in enumerate(costs) if cost]
        path = " ".join(f"{x:.1f},{y:.1f}" for (x, y), _, _ in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{shade}" stroke-width="2.5"/>')
        for (x, y), (_, low), (_, high) in points:
            parts += [line(x, low, x, high, shade, 1.5), f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{shade}"/>']
        x, y = points[-1][0]
        parts.append(text(x + 12, y + 4, way, 12, fill=shade, weight="600"))
    return document(width, height, parts)
