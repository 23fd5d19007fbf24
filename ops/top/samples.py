"""Prometheus' text format, read; counters and histograms, compared over time.

Pure. https://prometheus.io/docs/instrumenting/exposition_formats/
"""
import math

LINES_MAX = 200_000  # of one page


class BadPage(ValueError):
    """The text is no metrics page; says where."""


def parse(text):
    """{name: [(labels, value)]}; comments are skipped, time stamps ignored."""
    samples = {}
    lines = text.split("\n", LINES_MAX)
    if len(lines) > LINES_MAX:
        raise BadPage(f"more than {LINES_MAX} lines")
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line[0] == "#":
            continue
        try:
            name, labels, rest = _head(line)
            value = float(rest.split()[0])
        except (ValueError, IndexError):
            raise BadPage(f"line {number} is no sample") from None
        samples.setdefault(name, []).append((labels, value))
    return samples


def _head(line):
    brace = line.find("{")
    space = line.find(" ")
    if brace < 0 or 0 <= space < brace:
        if space <= 0:
            raise ValueError
        return line[:space], {}, line[space:]
    labels, at = {}, brace + 1
    while line[at] != "}":
        equals = line.index("=", at)
        name = line[at:equals].strip()
        if line[equals + 1] != '"':
            raise ValueError
        value, at = _quoted(line, equals + 2)
        labels[name] = value
        if line[at] == ",":
            at += 1
    return line[:brace], labels, line[at + 1:]


def _quoted(line, at):
    value = []
    while line[at] != '"':
        if line[at] == "\\":
            at += 1
            value.append("\n" if line[at] == "n" else line[at])
        else:
            value.append(line[at])
        at += 1
    return "".join(value), at + 1


def total(samples, name, **labels):
    """The sum of the samples with these labels; None where there are none."""
    found = [value for its, value in samples.get(name, ())
             if all(its.get(key) == wanted for key, wanted in labels.items())]
    return sum(found) if found else None


def buckets(samples, name, **labels):
    """{upper bound: count} of a histogram, those with these labels added up."""
    sums = {}
    for its, value in samples.get(name + "_bucket", ()):
        if all(its.get(key) == wanted for key, wanted in labels.items()):
            try:
                bound = float(its["le"])
            except (KeyError, ValueError):
                continue
            sums[bound] = sums.get(bound, 0.0) + value
    return sums


def growth(before, after):
    """How much a counter grew; one that is smaller than it was began anew."""
    if after is None:
        return None
    if before is None or after < before:
        return after
    return after - before


def bucket_growth(before, after):
    if not before or any(after.get(bound, 0) < count for bound, count in before.items()):
        return dict(after)
    return {bound: count - before.get(bound, 0) for bound, count in after.items()}


def quantile(share, counts):
    """As histogram_quantile(): linear within a range; the last bound where it is more. None: nothing."""
    bounds = sorted(counts)
    if not bounds or not counts[bounds[-1]] > 0:
        return None
    rank = share * counts[bounds[-1]]
    below, lower = 0.0, 0.0
    for bound in bounds:
        if counts[bound] >= rank:
            if math.isinf(bound):
                return lower
            inside = counts[bound] - below
            return bound if inside <= 0 else lower + (bound - lower) * (rank - below) / inside
        below, lower = counts[bound], bound
    return lower
