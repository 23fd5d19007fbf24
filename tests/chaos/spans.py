"""The numbers of a turn as spans, and whether what is known of them agrees.

A single event is a span of one number; a merged delta of a replay is one of several. Between two numbers
lies a boundary. Each delta says how many characters lie between the boundary before it and the one after
it, and which: so the spans that share boundaries are pieces of one text, laid out on one line.
"""
import collections
import dataclasses


class Contradiction(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Span:
    first: int
    last: int
    kind: str
    attempt: int
    content: str


def texts_agree(spans):
    """Contradiction where two of them cannot both be true; of several, always the same one."""
    spans = sorted(spans, key=lambda one: (one.first, one.last, one.kind, one.attempt, one.content))
    singles = {}
    for one in spans:
        if one.kind != "delta" or one.first == one.last:
            known = singles.setdefault(one.last, one)
            if known != one:
                raise Contradiction(f"number {one.last} has two contents: {known.kind} of attempt "
                                    f"{known.attempt}, {one.kind} of attempt {one.attempt}")
    deltas = [one for one in spans if one.kind == "delta"]
    for one in deltas:
        for number in range(one.first, one.last + 1):
            known = singles.get(number)
            if known and (known.kind != "delta" or known.attempt != one.attempt):
                raise Contradiction(f"a delta stands for {one.first} to {one.last} of attempt "
                                    f"{one.attempt}, and {number} is a {known.kind} of {known.attempt}")
    _lay_out(deltas)


def _lay_out(deltas):
    """Places every text on the line of those that it shares a boundary with."""
    at = collections.defaultdict(list)
    for one in deltas:
        at[one.first - 1].append(one)
        at[one.last].append(one)
    place = {}
    for start in at:
        if start in place:
            continue
        place[start] = 0
        waiting, line = [start], {}
        while waiting:
            boundary = waiting.pop()
            for one in at[boundary]:
                begin, end = one.first - 1, one.last
                if boundary == begin:
                    other, where = end, place[begin] + len(one.content)
                else:
                    other, where = begin, place[end] - len(one.content)
                if other not in place:
                    place[other] = where
                    waiting.append(other)
                elif place[other] != where:
                    raise Contradiction(f"the texts of numbers {one.first} to {one.last} have two lengths")
                for offset, character in enumerate(one.content, place[begin]):
                    if line.setdefault(offset, character) != character:
                        raise Contradiction(f"numbers {one.first} to {one.last} have two contents")


def paths_through(spans, begin, end):
    """Spans that lead from number `begin` (held) to number `end` without a hole, or None.

    A reset or an end that stands for several numbers is applied over whatever of them is held.
    """
    by_first = collections.defaultdict(list)
    wide = []
    for one in spans:
        if one.kind != "delta" and one.first < one.last:
            wide.append(one)
        else:
            by_first[one.first].append(one)
    came_by = {begin: None}  # boundary: the span that led to it
    waiting = [begin]
    while waiting and end not in came_by:
        here = waiting.pop()
        onward = by_first[here + 1] + [one for one in wide if one.first - 1 <= here < one.last]
        for one in onward:
            if one.last not in came_by and one.last <= end:
                came_by[one.last] = (here, one)
                waiting.append(one.last)
    if end not in came_by:
        return None
    path, here = [], end
    while came_by[here] is not None:
        here, one = came_by[here]
        path.append(one)
    return path[::-1]
