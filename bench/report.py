"""What was measured, as Markdown tables and one SVG picture."""
import html
import math
import statistics

COLOURS = {"gyred": "#0b6e99", "corosync": "#b3541e"}
DASHES = {"p50_us": "", "p99_us": "5 4"}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def number(value):
    return f"{value:,.0f}".replace(",", " ") if value >= 100 else f"{value:.3g}"


def micros(nanoseconds):
    return f"{nanoseconds / 1000:.2f}"


def interval(spread):
    low, high = spread["interval95"]
    return f"{spread['median']:.3f} ({low:.3f} to {high:.3f})"


def raw_table(records):
    rows = [[one["poll"], one["bytes"], micros(one["one_way"]["p50_ns"]),
             micros(one["one_way"]["p99_ns"]), f"{one['one_way']['system_calls']:.1f}"]
            for one in records if one["measure"] == "raw"]
    head = ["poll", "bytes", "one way p50 µs", "p99 µs", "system calls of the transport"]
    return table(head, rows) if rows else ""


def rotation_table(records):
    rows = [[one["poll"], micros(one["hop"]["p50_ns"]), micros(one["raw"]["p50_ns"]),
             interval(one["ratio"]), interval(one["mean_ratio"]), f"{one['p99_ratio']:.2f}",
             interval(one["self_ratio"]), f"{100 * one['steal']:.1f} %"]
            for one in records if one["measure"] == "rotation"]
    head = ["poll", "hop p50 µs", "raw p50 µs", "hop / raw", "of the means", "of the p99s",
            "raw / raw", "stolen"]
    return table(head, rows) if rows else ""


def middle(records, key):
    return statistics.median(one[key] for one in records)


def of(records, **wanted):
    return [one for one in records
            if all(one.get(key) == value for key, value in wanted.items())]


def ring_tables(records, lab):
    mine = of(records, lab=lab)
    sizes = sorted({one["bytes"] for one in mine})
    rows = []
    for size in sizes:
        found = of(mine, measure="latency", bytes=size)
        if found:
            rows.append([size, *(number(middle(found, key))
                                 for key in ("p50_us", "p90_us", "p99_us", "p999_us"))])
    text = table(["bytes", "p50 µs", "p90 µs", "p99 µs", "p99.9 µs"], rows) + "\n"
    rows = []
    for size in sizes:
        for senders in (1, 3):
            found = of(mine, measure="throughput", bytes=size, senders=senders)
            if found:
                rate = middle(found, "messages_per_s")
                rows.append([size, senders, number(rate), number(rate * size / 1e6),
                             number(middle(found, "delivered_per_s"))])
    return text + table(["bytes", "senders", "messages/s", "MB/s", "delivered/s, slowest"], rows)


def rounds_ratio(gyre, peer, key):
    """Median, least and most of the ratios round by round; None if there is nothing to compare."""
    by_round = {one["round"]: one[key] for one in peer}
    ratios = [one[key] / by_round[one["round"]] for one in gyre if one["round"] in by_round]
    return (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def beside_table(records, ours, other):
    """Two labs that were measured in the same rounds."""
    rows = []
    for size in sorted({one["bytes"] for one in records if "bytes" in one}):
        for name, key, wanted in (
                ("latency p50 µs", "p50_us", {"measure": "latency"}),
                ("latency p99 µs", "p99_us", {"measure": "latency"}),
                ("messages/s, 1 sender", "messages_per_s",
                 {"measure": "throughput", "senders": 1}),
                ("messages/s, 3 senders", "messages_per_s",
                 {"measure": "throughput", "senders": 3}),
                ("delivered/s, 3 senders", "delivered_per_s",
                 {"measure": "throughput", "senders": 3})):
            first = of(records, lab=ours, bytes=size, **wanted)
            second = of(records, lab=other, bytes=size, **wanted)
            ratio = rounds_ratio(first, second, key)
            if ratio:
                rows.append([size, name, number(middle(first, key)), number(middle(second, key)),
                             "{:.2f} ({:.2f} to {:.2f})".format(*ratio)])
    return table(["bytes", "what", ours, other, f"{ours} / {other}, by round"], rows)


def peer_table(records, pair):
    mine = of(records, pair=pair)
    idle = ", ".join(f"{one['lab']} {100 * one['core_share']:.1f} %"
                     for one in of(mine, measure="idle"))
    return beside_table(mine, "gyred", "corosync") + \
        f"\nOf one core, while nobody sends, all three daemons: {idle}\n"


def power_of_ten(value):
    return f"{value:g}" if value < 1e4 else f"{value / 1e3:g}k" if value < 1e6 else \
        f"{value / 1e6:g}M"


class Panel:
    """A picture with two logarithmic axes."""

    width, height = 400, 300

    def __init__(self, left, title, unit, lines):
        self.log = math.log10
        self.left, self.title, self.unit, self.lines = left, title, unit, lines
        xs = [x for _, _, _, points in lines for x, _ in points]
        ys = [y for _, _, _, points in lines for _, y in points]
        self.x_range = self.log(min(xs)) - 0.1, self.log(max(xs)) + 0.1
        self.y_range = math.floor(self.log(min(ys))), math.ceil(self.log(max(ys)))

    def x(self, value):
        low, high = self.x_range
        return self.left + self.width * (self.log(value) - low) / (high - low)

    def y(self, value):
        low, high = self.y_range
        return 50 + self.height * (1 - (self.log(value) - low) / max(high - low, 1))

    def svg(self):
        parts = [f'<text x="{self.left}" y="30" font-weight="bold">{self.title}</text>']
        for power in range(self.y_range[0], self.y_range[1] + 1):
            y = self.y(10 ** power)
            parts.append(f'<path d="M{self.left} {y:.1f}h{self.width}" stroke="#ddd"/>'
                         f'<text x="{self.left - 6}" y="{y + 4:.1f}" text-anchor="end">'
                         f'{power_of_ten(10 ** power)}</text>')
        for size in sorted({x for _, _, _, points in self.lines for x, _ in points}):
            parts.append(f'<text x="{self.x(size):.1f}" y="370" text-anchor="middle">'
                         f'{size} B</text>')
        for number_of, (name, colour, dash, points) in enumerate(self.lines):
            path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                         f'stroke-width="2" stroke-dasharray="{dash}"/>')
            parts += [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" fill="{colour}"/>'
                      for x, y in points]
            parts.append(f'<text x="{self.left}" y="{392 + 16 * number_of}" fill="{colour}">'
                         f'{name}{", dashed" if dash else ""}, {self.unit}</text>')
        return "\n".join(parts)


def points_of(records, key):
    return [(size, middle(of(records, bytes=size), key))
            for size in sorted({one["bytes"] for one in records})]


def picture(records, caption):
    """Latency and throughput by size, of every lab; None if there is nothing to draw."""
    latency, rate = [], []
    for lab, colour in COLOURS.items():
        found = of(records, measure="latency", lab=lab)
        for key, dash in DASHES.items():
            if found:
                latency.append((f"{lab} {key[:3]}", colour, dash, points_of(found, key)))
        for senders, dash in ((1, ""), (3, "5 4")):
            found = of(records, measure="throughput", lab=lab, senders=senders)
            if found:
                rate.append((f"{lab} {senders} sender{'s'[:senders > 1]}", colour, dash,
                             points_of(found, "messages_per_s")))
    if not latency or not rate:
        return None
    panels = [Panel(70, "Own message to own delivery", "µs", latency),
              Panel(570, "Queue kept full", "messages/s", rate)]
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="1010" height="490" '
            'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" '
            'fill="white"/>\n' + "\n".join(panel.svg() for panel in panels) +
            f'\n<text x="70" y="478" fill="#666">{html.escape(caption)}</text>\n</svg>\n')
