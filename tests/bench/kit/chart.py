"""Draws cases as horizontal bars on a logarithmic scale: an SVG that needs no fonts, scripts or network."""
import math
from xml.sax.saxutils import escape

COLORS = {"nsunits": "#1a7f37", "floor": "#8c959f"}
OTHER = "#54aeff"
LEFT, WIDTH, BAR, GAP, HEAD = 190, 560, 14, 26, 40


def bars(results, cases):
    """The rows of the chart: (case, side, value) with None between cases."""
    for case in cases:
        series = results.series(case)
        if "nsunits" not in series:
            continue
        yield case, None, results.units[case]
        for side, s in sorted(series.items(), key=lambda item: item[1].median):
            yield case, side, s.median


def draw(results, cases, path):
    rows = list(bars(results, cases))
    values = [value for _, side, value in rows if side and value > 0]
    if not values:
        return
    low, high = math.floor(math.log10(min(values)) * 2) / 2 - 0.25, math.log10(max(values))
    y, body = HEAD, []
    for case, side, value in rows:
        if side is None:
            y += GAP - BAR
            body.append(f'<text x="8" y="{y + 11}" font-weight="bold">{escape(case)}, {escape(value)}</text>')
        else:
            length = (math.log10(max(value, 10 ** low)) - low) / (high - low) * WIDTH
            color = COLORS.get(side, OTHER)
            body.append(f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end">{escape(side)}</text>')
            body.append(f'<rect x="{LEFT}" y="{y + 1}" width="{length:.1f}" height="{BAR - 3}" fill="{color}"/>')
            body.append(f'<text x="{LEFT + length + 6:.1f}" y="{y + 11}">{value:.3g}</text>')
        y += BAR + 2
    with open(path, "w", encoding="utf-8") as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 70}" height="{y + 12}" '
                'font-family="sans-serif" font-size="11">\n'
                '<rect width="100%" height="100%" fill="white"/>\n'
                '<text x="8" y="22" font-size="14" font-weight="bold">nsunits and its peers '
                '(medians of one run, logarithmic: less is better)</text>\n')
        f.write("\n".join(body))
        f.write("\n</svg>\n")
