"""The course as a tree: parts, chapters, sections, each with how far the learner is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from studyapp.notes.note import chapter_label
from studyapp.notes.plain import plain
from studyapp.study import words
from studyapp.study.tracker import FAMILIAR, Chapter, Completion, Course, CourseSection, Part
from studyapp.tui.keys import bind

Entry = Part | Chapter | CourseSection
Piece = tuple[str, Style]

OWN_NOTE = "✎"
_BAR = 10  # cells
_ROOMY = 58  # cells from which a chapter has a bar
_FAMILIAR = len(f"{FAMILIAR}/{FAMILIAR}")


class Contents(Tree[Entry], inherit_bindings=False):
    """Shows a course with a cursor in it. Posts `Moved` and `Chosen`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "contents--done",
        "contents--next",
        "contents--quiet",
        "contents--strong",
    }
    BINDINGS = [  # noqa: RUF012
        bind("go_on", "read", "read", "Read the section"),
        bind("go_on", "fold", "fold", "Fold or unfold"),
        bind("down", "cursor_down", "move", "Move", show=False),
        bind("up", "cursor_up", "move", show=False),
        bind("top", "scroll_home", "first", show=False),
        bind("bottom", "scroll_end", "last", show=False),
    ]
    DEFAULT_CSS = """
    Contents {
        background: transparent; padding: 0; scrollbar-gutter: stable;
        & > .tree--cursor { background: $foreground 10%; text-style: none; }
        & > .tree--highlight-line { background: $foreground 5%; }
        & > .contents--done { color: $accent; }
        & > .contents--next { color: $text-accent; text-style: bold; }
        & > .contents--quiet { color: $foreground 60%; }
        & > .contents--strong { color: $foreground; text-style: bold; }
        &:focus { background-tint: transparent;
            & > .tree--cursor { background: $accent 20%; color: $foreground; text-style: bold; } }
        &:nocolor > .tree--cursor { text-style: reverse; }
    }
    """

    class Moved(Message):
        """The cursor stands on another line; `entry` says on which by now."""

    @dataclass
    class Chosen(Message):
        """The learner wants to read this section, or only `clicked` on it."""

        section: CourseSection
        clicked: bool = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id)
        self.show_root = False
        self.show_guides = False
        self.guide_depth = 2
        self.auto_expand = False
        self._next: int | None = None
        self._digits = 1  # of the largest count of sections

    @property
    def entry(self) -> Entry | None:
        """What the cursor stands on."""
        return self.cursor_node.data if self.cursor_node else None

    def show(self, course: Course) -> None:
        """Show *course*; what is folded stays so, and the cursor where it is."""
        self._next = course.next_section.id if course.next_section else None
        self._digits = max((len(str(one.progress.total)) for one in course.parts), default=1)
        here = key(self.entry)
        folded = {key(node.data) for node in self._branches() if not node.is_expanded}
        first = not self.root.children
        if [key(node.data) for node in self._branches()] == [key(one) for one in _walk(course)]:
            for node, one in zip(self._branches(), _walk(course), strict=True):
                node.data = one
            self._invalidate()
            return
        self.root.remove_children()
        self.root.expand()
        for part in course.parts:
            branch = self.root.add("", part, expand=key(part) not in folded)
            for chapter in part.chapters:
                fold = first or key(chapter) in folded
                twig = branch.add("", chapter, expand=not fold, allow_expand=True)
                for section in chapter.sections:
                    twig.add_leaf("", section)
        self.go_to(here)

    def go_to(self, place: object) -> None:
        """Put the cursor on an entry, unfolding what it is in; on the first line if there is
        none. *place* is its `key`."""
        nodes = list(self._branches())
        node = next((one for one in nodes if key(one.data) == place), None)
        if node is None:
            node = next(iter(nodes), None)
        if node is None:
            return
        parent = node.parent
        while parent is not None:
            parent.expand()
            parent = parent.parent
        self._invalidate()
        self.move_cursor(self._tree_lines[0].node)
        self.move_cursor(node)

    def scroll_to_line(self, line: int, animate: bool = True) -> None:
        """Bring a line in sight, with the headings that it stands below if there is room."""
        node, first = self.get_node_at_line(line), line
        while node is not None and (node := node.parent) is not None and node is not self.root:
            if line - node.line < self.scrollable_content_region.height:
                first = node.line
        place = Region(0, first, 1, line - first + 1)
        self.scroll_to_region(
            place, animate=animate, force=True, origin_visible=False, x_axis=False
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("read", "fold"):
            reads = isinstance(self.entry, CourseSection)
            folds = self.cursor_node is not None and bool(self.cursor_node.children)
            return reads if action == "read" else folds
        return True

    def action_read(self) -> None:
        if isinstance(self.entry, CourseSection):
            self.post_message(self.Chosen(self.entry))

    def action_fold(self) -> None:
        if self.cursor_node is not None:
            self._toggle_node(self.cursor_node)

    @on(Tree.NodeSelected)
    def _clicked(self, event: Tree.NodeSelected[Entry]) -> None:
        event.stop()
        if isinstance(event.node.data, CourseSection):
            self.post_message(self.Chosen(event.node.data, clicked=True))
        else:
            self._toggle_node(event.node)

    @on(Tree.NodeHighlighted)
    def _moved(self, event: Tree.NodeHighlighted[Entry]) -> None:
        event.stop()
        self.post_message(self.Moved())

    def _branches(self) -> Iterator[TreeNode[Entry]]:
        for part in self.root.children:
            yield part
            for chapter in part.children:
                yield chapter
                yield from chapter.children

    # drawing

    def get_label_width(self, node: TreeNode[Entry]) -> int:
        return 1  # a line is as wide as the widget, so nothing scrolls sideways

    def render_label(self, node: TreeNode[Entry], base_style: Style, style: Style) -> Text:
        left, right, indent = self._sides(node)
        room = self.scrollable_content_region.width - indent
        return _line(left, right, room, base_style + style)

    def cut(self, width: int) -> str:
        """What the line of the cursor says on its left, if there is no room for all of it in a tree
        of *width* cells, its scrollbar included."""
        if self.cursor_node is None:
            return ""
        left, right, indent = self._sides(self.cursor_node)
        whole = Text.assemble(*left)
        room = _room(right, width - self.styles.scrollbar_size_vertical - indent)
        return whole.plain.strip() if whole.cell_len > room else ""

    def _sides(self, node: TreeNode[Entry]) -> tuple[list[Piece], list[Piece], int]:
        """What a line says on its left and on its right, and the cells before both."""
        entry, quiet = node.data, self._style("quiet")
        fold = ("▾ " if node.is_expanded else "▸ ") if node.children else "  "
        match entry:
            case Part():
                left = [(fold, quiet), (one_line(entry.title), self._style("strong"))]
                right = self._progress(entry.progress, bar=False)
                depth = 0
            case Chapter():
                left = [
                    (fold, quiet),
                    (f"{entry.number or ''} {_title(entry)}".strip(), Style()),
                ]
                right = self._chapter(entry)
                depth = 1
            case CourseSection():
                number = entry.number.ljust(_numbers(node))
                mark = f"[{'x' if entry.done else ' '}] "
                title = quiet if entry.done else Style()
                left = [(mark, title), (f"{number} ", quiet), (one_line(entry.title), title)]
                right = self._section(entry, node.parent.data if node.parent else None)
                depth = 2
            case _:
                return [], [], 0
        return left, right, depth * self.guide_depth

    def _chapter(self, chapter: Chapter) -> list[Piece]:
        quiet = self._style("quiet")
        if chapter.paused and chapter.begun:
            gap = "  " if chapter.sections else ""
            return [(words.paused(chapter.paused) + gap, quiet), *self._progress(chapter.progress)]
        if not chapter.sections:
            return [(_begun(chapter), quiet)]
        some = sum(one.started for one in chapter.sections)
        state = "started  " if chapter.started else f"{some} started  " if some else ""
        return [(state, quiet), *self._progress(chapter.progress)]

    def _section(self, section: CourseSection, chapter: Entry | None) -> list[Piece]:
        quiet = self._style("quiet")
        state: Piece = ("", quiet)
        if section.gone:
            state = ("gone ", quiet)
        elif section.id == self._next:
            state = ("next ", self._style("next"))
        elif section.started and not section.done and not _whole(chapter):
            state = ("started ", quiet)
        pen = OWN_NOTE if section.own.strip() else ""
        if section.familiarity is None:
            return [state, (f" {pen}", quiet)]
        familiar = f"{section.familiarity}/{FAMILIAR}".rjust(_FAMILIAR)
        return [state, (f"{familiar} {pen or ' '}", quiet)]

    def _progress(self, progress: Completion, *, bar: bool = True) -> list[Piece]:
        quiet, digits = self._style("quiet"), self._digits
        told = f"{progress.done:>{digits}} of {progress.total:<{digits}}"
        if not progress.total:
            return []
        if not bar or self.size.width < _ROOMY:
            return [(told, quiet)]
        full = _BAR * progress.done // progress.total
        return [
            ("█" * full, self._style("done")),
            ("░" * (_BAR - full) + " ", quiet),
            (told, quiet),
        ]

    def _style(self, name: str) -> Style:
        style = self.get_component_rich_style(f"contents--{name}")
        return Style(color=style.color, bold=style.bold)  # the ground stays that of the line


def key(entry: Entry | None) -> object:
    """What an entry is known by when the course has been read again."""
    match entry:
        case CourseSection():
            return entry.id
        case Chapter():
            return "chapter", entry.id
        case Part():
            return "part", entry.chapters[0].id
    return None


@lru_cache(maxsize=1024)
def one_line(title: str) -> str:
    """A title without Markdown's marks."""
    return " ".join(plain(title).split())


def _title(chapter: Chapter) -> str:
    return chapter_label(one_line(chapter.title), chapter.of)


def _walk(course: Course) -> Iterator[Entry]:
    for part in course.parts:
        yield part
        for chapter in part.chapters:
            yield chapter
            yield from chapter.sections


def _whole(chapter: Entry | None) -> bool:
    return isinstance(chapter, Chapter) and chapter.started


def _numbers(node: TreeNode[Entry]) -> int:
    """Cells of the longest number beside this one."""
    data = node.parent.data if node.parent else None
    sections = data.sections if isinstance(data, Chapter) else ()
    return max((len(one.number) for one in sections), default=0)


def _room(right: list[Piece], width: int) -> int:
    """Cells of a line that its left side may have."""
    return max(0, width - Text.assemble(*right).cell_len - 1)


def _line(left: list[Piece], right: list[Piece], width: int, style: Style) -> Text:
    """One line of *width* cells; what is on the left gives way."""
    if style.reverse:  # the cursor without colours: one ground for the whole line
        left, right = ([(text, Style()) for text, _ in side] for side in (left, right))
    end, room = Text.assemble(*right), _room(right, width)
    start = Text.assemble(*left)
    if start.cell_len > room:  # a tree has one line for each; below it the chosen one is whole
        whole = start.plain[: room - 1].rpartition(" ")[0]
        start = start[: len(whole)].append(" …")
    start.pad_right(max(0, room + 1 - start.cell_len))
    line = Text(style=style, no_wrap=True, end="")
    return line.append_text(start).append_text(end)


def _begun(chapter: Chapter) -> str:
    """How far a chapter without sections is: cards of a deck may come that was never started here,
    as they were met where it is from."""
    if chapter.started:
        return "started"
    if chapter.known:
        return f"{chapter.known:,} of {chapter.new + chapter.known:,} met"
    return "no sections" if chapter.number is not None else "not started"
