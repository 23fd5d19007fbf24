"""The metric and label names in a PromQL expression. Enough of the language for our own files: what it does not
know it takes for a name, which the tests then do not find."""
import re

WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "offset", "bool",
         "inf", "nan"}
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
MATCHERS = re.compile(r"([A-Za-z_:][\w:]*)?\s*\{([^}]*)\}")
RANGE = re.compile(r"\[[^\]]*\]")
NAME = re.compile(r"[A-Za-z_:][\w:]*")


def names_of(expression):
    """(metrics, labels), both sets."""
    plain = STRING.sub('""', expression)
    labels = set()
    for group in GROUPING.findall(plain):
        labels |= {label.strip() for label in group.split(",") if label.strip()}
    for _, matchers in MATCHERS.findall(plain):
        labels |= {re.split(r"[!=~]", one)[0].strip() for one in matchers.split(",") if one.strip()}
    plain = GROUPING.sub(" ", RANGE.sub(" ", re.sub(r"\{[^}]*\}", " ", plain)))
    metrics = set()
    for found in NAME.finditer(plain):
        after = plain[found.end():].lstrip()
        before = plain[found.start() - 1] if found.start() else " "
        if found.group().lower() not in WORDS and not after.startswith("(") and not before.isdigit():
            metrics.add(found.group())
    return metrics, labels


def expressions_of_dashboard(dashboard):
    """[(panel's title, expression)]"""
    return [(panel["title"], target["expr"]) for panel in dashboard["panels"]
            for target in panel.get("targets", ())]


def labels_of_legends(dashboard):
    return {label for panel in dashboard["panels"] for target in panel.get("targets", ())
            for label in re.findall(r"\{\{\s*(\w+)\s*\}\}", target["legendFormat"])}
