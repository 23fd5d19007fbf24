"""The screen: curses draws what screen.py made, and gives keys. Only what has changed is sent to the
terminal (curses sees to that), so nothing flickers."""
import curses
import time

from . import screen

KEYS = {curses.KEY_UP: "up", curses.KEY_DOWN: "down"}


def run(model, fetcher, interval, ascii_only):
    """Until the reader leaves. curses.error where the terminal cannot do it."""
    curses.wrapper(lambda window: _loop(window, model, fetcher, interval, ascii_only))


def _styles():
    plain = curses.A_NORMAL
    styles = {"plain": plain, "dim": curses.A_DIM, "head": curses.A_BOLD,
              "title": curses.A_REVERSE | curses.A_BOLD, "good": plain,
              "warn": curses.A_BOLD, "bad": curses.A_REVERSE}
    try:
        if curses.has_colors():
            curses.use_default_colors()
            for number, colour in enumerate((curses.COLOR_GREEN, curses.COLOR_YELLOW, curses.COLOR_RED,
                                             curses.COLOR_CYAN), 1):
                curses.init_pair(number, colour, -1)
            styles |= {"good": curses.color_pair(1), "warn": curses.color_pair(2) | curses.A_BOLD,
                       "bad": curses.color_pair(3) | curses.A_BOLD, "head": curses.color_pair(4) | curses.A_BOLD}
    except curses.error:
        pass  # without colours
    return styles


def _loop(window, model, fetcher, interval, ascii_only):
    try:
        curses.curs_set(0)
    except curses.error:
        pass  # it cannot be hidden
    window.timeout(100)
    styles = _styles()
    view = screen.View()
    fetched, due = fetcher.start(model.wanted()), time.monotonic() + interval
    _draw(window, model, view, styles, ascii_only)
    while True:
        changed = False
        try:
            key = window.get_wch()
        except curses.error:
            key = None  # none came
        if key is not None:
            if not view.on_key(KEYS.get(key, key) if isinstance(key, int) else key):
                return
            changed = True
        now = time.monotonic()
        if fetched is not None and fetcher.done(fetched):
            if not view.paused:
                model.on(now, fetcher.pages(fetched))
                changed = True
            fetched = None
        if fetched is None and now >= due and not view.paused:
            fetched, due = fetcher.start(model.wanted()), now + interval
        if changed:
            _draw(window, model, view, styles, ascii_only)


def _draw(window, model, view, styles, ascii_only):
    height, width = window.getmaxyx()
    window.erase()
    for row, line in enumerate(screen.render(model, view, width, height, ascii_only=ascii_only)):
        if row >= height:
            break
        column = 0
        for text, style in line:
            room = width - column - (1 if row == height - 1 else 0)  # the last cell would scroll
            if room <= 0:
                break
            try:
                window.addnstr(row, column, text, room, styles[style])
            except curses.error:
                break  # the window has become smaller meanwhile
            column += len(text)
    window.refresh()
