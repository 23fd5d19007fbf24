"""Numbers as people read them, in few columns. Pure."""


def count(value):
    if value is None:
        return "–"
    if abs(value) >= 9_999_500:
        return f"{value / 1e6:.0f}M"
    if abs(value) >= 10_000:
        return f"{value / 1e3:.0f}k"
    return f"{value:.0f}"


def rate(value):
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if value < 0.095:
        return "<0.1"
    return f"{value:.1f}" if value < 99.95 else count(value)


def seconds(value):
    if value is None:
        return "–"
    if value <= 0:
        return "0"
    if value < 0.9995e-3:
        return f"{value * 1e6:.0f} µs"
    if value < 9.95e-3:
        return f"{value * 1e3:.1f} ms"
    if value < 0.9995:
        return f"{value * 1e3:.0f} ms"
    if value < 9.95:
        return f"{value:.1f} s"
    if value < 119.5:
        return f"{value:.0f} s"
    if value < 7200:
        return f"{value / 60:.0f} min"
    if value < 2 * 86400:
        return f"{value / 3600:.0f} h"
    return f"{value / 86400:.0f} d"


def size(value):
    if value is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 999.5 or unit == "GB":
            digits = 1 if unit != "B" and abs(value) < 9.95 else 0
            return f"{value:.{digits}f} {unit}"
        value /= 1000
    return "–"


def percent(part, whole):
    return "–" if part is None or not whole else f"{100 * part / whole:.0f} %"


BLOCKS = " ▏▎▍▌▋▊▉█"


def bar(share, width, ascii_only=False):
    """A bar of `width` columns, filled to `share`."""
    share = min(max(share or 0.0, 0.0), 1.0)
    if ascii_only:
        full = round(share * width)
        return "#" * full + "." * (width - full)
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    text = "█" * full + (BLOCKS[rest] if rest else "")
    return text + "·" * (width - len(text))
