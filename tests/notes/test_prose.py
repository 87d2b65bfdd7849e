"""A learner's own notes: each shape is read and named, and what is not is told with its lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studyapp.errors import StudyError
from studyapp.notes import formats, hashcards, prose, unread
from studyapp.notes.foreign import Foreign, LectureNote, TrackerRow
from studyapp.notes.note import CardStyle, NoteKind

PATH = Path("notes.md")


def parse(text: str) -> Foreign:
    return prose.parse(text, PATH)


def shown(text: str) -> list[tuple[str, str, str]]:
    return [(note.question, note.answer, note.shape) for note in parse(text).notes]


SHAPES = {
    "bullets below": (
        "1. What is a tensor?\n    - a grid\n    - of numbers\n",
        [("What is a tensor?", "- a grid\n- of numbers", "numbered question")],
    ),
    "a paragraph below, the question on two lines": (
        "1. Why is the order of rows\nchanged before each epoch?\n\nSo that no\nbatch repeats.\n",
        [
            (
                "Why is the order of rows changed before each epoch?",
                "So that no\nbatch repeats.",
                "numbered question",
            )
        ],
    ),
    "what begins with a number and is not numbered": (
        "## 4 - 2 = ?\n\n2\n\n## 3.14 is which constant?\n\nPi\n\n"
        "## 1984: who wrote it?\n\nOrwell\n\n"
        "## 2.1 Which one?\n\nIt.\n\n## 7 - which one?\n\nThat.\n",
        [
            ("4 - 2 = ?", "2", "heading"),
            ("3.14 is which constant?", "Pi", "heading"),
            ("1984: who wrote it?", "Orwell", "heading"),
            ("Which one?", "It.", "heading"),
            ("which one?", "That.", "heading"),
        ],
    ),
    "an answer that begins with a name": (
        "## Which operator?\n\na :: b\n\n## Which scope?\n\nA::b\n\n## And?\n\na: so\n",
        [
            ("Which operator?", "a :: b", "heading"),
            ("Which scope?", "A::b", "heading"),
            ("And?", "so", "heading"),
        ],
    ),
    "every number is 1, the answer behind a tab": (
        "1. What is a loss?\n\tA number.\n1. Name two optimisers\n\n\tSGD\n\tAdam\n",
        [
            ("What is a loss?", "A number.", "numbered question"),
            ("Name two optimisers", "SGD\nAdam", "numbered question"),
        ],
    ),
    "a colon, no blank, numbers that leap": (
        "1: What is a seed?\n\nA start.\n\n10.**What is a step?**\n\nA move.\n\n10. Why?\n",
        [
            ("What is a seed?", "A start.", "numbered question"),
            ("What is a step?", "A move.", "numbered question"),
            ("Why?", "", "numbered question"),
        ],
    ),
    "a label's answer, up to what asks in another shape": (
        "Question: one?\nAnswer: a1\n- its own\n- list\n\n- Why two?\n    - a2\n\n"
        "| Question | Answer |\n|---|---|\n| What three? | a3 |\n",
        [
            ("one?", "a1\n- its own\n- list", "Q: and A:"),
            ("Why two?", "- a2", "question in a list"),
            ("What three?", "a3", "question of a table"),
        ],
    ),
    "a fold ends its answer; those within stay, but for what asks nothing around them": (
        "<details><summary>Outer?</summary>\n\nOut.\n\n"
        "<details><summary>Inner?</summary>In.</details>\n\n</details>\n\n- Why?\n    - So.\n\n"
        "<details>\n<summary>Week 1</summary>\n\n"
        "<details><summary>What is it?</summary>It.</details>\n</details>\n",
        [
            ("Outer?", "Out.\n\n**Inner?**\n\nIn.", "folded answer"),
            ("Why?", "- So.", "question in a list"),
            ("What is it?", "It.", "folded answer"),
        ],
    ),
    "pairs of lines, and lines that hold a pair": (
        "What is a?\nIt a.\nWhat is b?\nIt b.\n\n"
        "What is c? -> It c.\nWhat is d? => It d.\nWhat is e?: It e.\nWhat is f? — It f.\n",
        [(f"What is {name}?", f"It {name}.", "prose") for name in "abcdef"],
    ),
    "labels by other words, letters and signs": (
        "Question 1: a?\nAnswer 1: It a.\n\nExercise 2: b?\nSolution: It b.\n\n"
        "Вопрос: c?\nОтвет: It c.\n\nP: d?\nR: It d.\n\n問：e？\n答：It e.\n\n"
        "F: f?\nA: It f.\n\nQ. g?\nA. It g.\n\nQ) h?\nA) It h.\n\nQ - i?\nA - It i.\n\n"
        "Q : j ?\nR : It j.\n\n> Q: k?\n> A: It k.\n\nQ: l? A: It l.\n",
        [
            (f"{name}{sign}", f"It {name}.", "Q: and A:")
            for name, sign in zip("abcdefghijkl", [*"????？????", " ?", *"??"], strict=True)
        ],
    ),
    "a letter without its partner, and a problem in an answer": (
        "Q: what?\nA: it\n\nP: power\nR: load\n\nProblem: noise\nSolution: more data\n",
        [("what?", "it\n\nP: power\nR: load\n\nProblem: noise\nSolution: more data", "Q: and A:")],
    ),
    "a label with nothing behind it, and comments of Obsidian": (
        "Q:\nA: lost\n\nQ: open?\nA:\n\n%% Q: hidden? %%\nQ: seen?\nA: yes\n",
        [("open?", "", "Q: and A:"), ("seen?", "yes", "Q: and A:")],
    ),
    "terms below answers that have ended": (
        "## What is a?\n\n<details><summary>Answer</summary>\n\nIt.\n\n</details>\n\n"
        "* Alpha - the first\n* Beta - the second\n\n"
        "## What is b?\n\n```python\nanswer = '''Is.'''\n```\n\n* Gamma - third\n"
        "* Delta - fourth\n\n"
        "## What is c?\n\n<div>Is.</div>\n\n| Term | Meaning |\n|---|---|\n| Eps | fifth |\n\n"
        "## What is d?\n\nIs.\n\n---\n\n- **Zeta**: six\n- **Eta**: seven\n\n"
        "## What is e?\n\n- it: has\n- two: parts\n\nKey terms:\n\n- Theta: eight\n- Iota: nine\n\n"
        "## What is f?\n\nIs.\n\n### Glossary\n\nKappa - ten\nLambda - eleven\n\n"
        "## What is g?\n\n<details><summary>Answer</summary>Is.</details>\n\n* My\n> twelve\n\n"
        "<details><summary>What is h?</summary>Is.</details>\n\n* Ny - one\n* Xi - two\n\n"
        "## What is i?\n\n<details><summary>Answer</summary>Is.</details>\n\nNot: all.\n",
        [
            ("What is a?", "It.", "heading"),
            ("Alpha", "the first", "list of terms"),
            ("Beta", "the second", "list of terms"),
            ("What is b?", "Is.", "heading"),
            ("Gamma", "third", "list of terms"),
            ("Delta", "fourth", "list of terms"),
            ("What is c?", "Is.", "heading"),
            ("Eps", "fifth", "term of a table"),
            ("What is d?", "Is.", "heading"),
            ("Zeta", "six", "list of terms"),
            ("Eta", "seven", "list of terms"),
            ("What is e?", "- it: has\n- two: parts", "heading"),
            ("Theta", "eight", "list of terms"),
            ("Iota", "nine", "list of terms"),
            ("What is f?", "Is.", "heading"),
            ("Kappa", "ten", "line that defines"),
            ("Lambda", "eleven", "line that defines"),
            ("What is g?", "Is.", "heading"),
            ("My", "twelve", "term and quote"),
            ("What is h?", "Is.", "folded answer"),
            ("Ny", "one", "list of terms"),
            ("Xi", "two", "list of terms"),
            ("What is i?", "Is.\n\nNot: all.", "heading"),
        ],
    ),
    "folds whose answer is bold as a whole": (
        "<details>\n<summary>What is a yak?</summary><br><b>\n\nAn ox.<br>\nIt is big.\n"
        "</b></details>\n\n"
        "<details>\n<summary>Is it so?</summary><br><b>\n\nTrue.\n</b></details>\n",
        [
            ("What is a yak?", "An ox.\\\nIt is big.", "folded answer"),
            ("Is it so?", "True.", "folded answer"),
        ],
    ),
    "options of a choice, and folds that have headings": (
        "### 1. What is printed?\n\n- A: `1`\n- B: `2`\n\n"
        "<details><summary><b>Answer</b></summary>\n"
        "<p>\n\n#### Answer: B\n\nIt is.\n\n</p>\n</details>\n\n---\n\n"
        "### 2. It is one thing\n\n- A: true\n- B: false\n\n<details><summary>Answer</summary>\n\n"
        "Answer: A\n\n</details>\n\nQ. Which?\nA. one\nB. two\nAnswer: B\n\n"
        "Q1) Whose?\nA) mine\nB) yours\nCorrect answer: A\n\n"
        "<details><summary>Week 2</summary>\n\n## What is in it?\n\nThis.\n\n</details>\n\n"
        "<details><summary>How is it?</summary>\n\n## So\n\nIt is.\n\n</details>\n",
        [
            ("What is printed?\n\n- A: `1`\n- B: `2`", "B\n\nIt is.", "heading"),
            ("It is one thing\n\n- A: true\n- B: false", "A", "heading"),
            ("Which?\n\nA. one\nB. two", "B", "Q: and A:"),
            ("Whose?\n\nA) mine\nB) yours", "A", "Q: and A:"),
            ("What is in it?", "This.", "heading"),
            ("How is it?", "## So\n\nIt is.", "folded answer"),
        ],
    ),
    "labels below an answer of another shape, in other letters and directions": (
        "**What is a hen?** A bird.\n\n\u200fس: ما هذا؟\n\u200fج: كتاب\n\n"
        "질문: 이것은 무엇입니까?\n답: 그것\n\nש: מהו?\nת: זה\n\nQ: Whose is it?\nA: mine\n"
        "q: and whose is that?\na: yours\n\n## How is it?\n\nGood.\n\n- Q: Is it so?\n  A: no\n\n"
        "1. Which hen?\n\nThat.\n\n> 2. Which other?\n>\n> This.\n",
        [
            ("What is a hen?", "A bird.", "bold question"),
            ("ما هذا؟", "كتاب", "Q: and A:"),
            ("이것은 무엇입니까?", "그것", "Q: and A:"),
            ("מהו?", "זה", "Q: and A:"),
            ("Whose is it?", "mine", "Q: and A:"),
            ("and whose is that?", "yours", "Q: and A:"),
            ("How is it?", "Good.", "heading"),
            ("Is it so?", "no", "Q: and A:"),
            ("Which hen?", "That.", "numbered question"),
            ("Which other?", "This.", "question in a callout"),
        ],
    ),
    "comments and links within the file": (
        "1. What is a lock?\n   <!-- to do -->\n   A door. <!-- more --> `<!-- x -->`\n\n"
        "<!--\n## What was a lock?\n\nA gate.\n\n```\n-->\n\n%%\nQ: hidden?\n%%\n\n"
        "2. What is a key?\n\nA tool.\n\n**[⬆ Back to Top](#contents)**\n\n"
        "## Contents\n\n- [What is a lock?](#lock)\n  - [What is a key?](#key)\n\n"
        "## Where is more?\n\n[Below](#below)\n",
        [
            ("What is a lock?", "A door.  `<!-- x -->`", "numbered question"),
            ("What is a key?", "A tool.", "numbered question"),
            ("Where is more?", "[Below](#below)", "heading"),
        ],
    ),
    "an aside of Notion, and remarks among terms": (
        "- Some: a few\n- Most: nearly all\n- None: not one\n- Note: these differ\n"
        "- http://a.b : a site\n\n# Glossary\n\n- Any: each of them\n- See also: a book\n\n"
        "# Then\n\n<aside>\n💡 What is all?\nThe whole.\n\n</aside>\n\n"
        '## <a name="b"></a>What is `<aside>`? <a href="#b">¶</a>\n\nA tag.\n',
        [
            ("Some", "a few", "list of terms"),
            ("Most", "nearly all", "list of terms"),
            ("None", "not one", "list of terms"),
            ("Any", "each of them", "list of terms"),
            ("💡 What is all?", "The whole.", "prose"),
            ("What is `<aside>`?", "A tag.", "heading"),
        ],
    ),
    "answers that stand together, by their numbers": (
        "1. What is an ant?\n   a) small\n   b) tall\n2. What is a bee?\n   a) wide\n   b) loud\n"
        "Answer key: 1a, 2b\n\n### 1. Whose is it?\n### 2. Where is it?\n\n## Solutions\n\n"
        "1. Use\n   mine.\n2. There.\n\n"
        "# Then\n\n1. Is it red?\n   a) yes\n   b) no\n2. Why red?\n\n"
        "**Lösungen:**\n\n1. a\n2. So.\n\n"
        "# Last\n\n1. How red?\n2. How late?\n\n## Answers\n\n2. So.\n",
        [
            ("What is an ant?\n\na) small\nb) tall", "a) small", "numbered question"),
            ("What is a bee?\n\na) wide\nb) loud", "b) loud", "numbered question"),
            ("Whose is it?", "Use\nmine.", "heading"),
            ("Where is it?", "There.", "heading"),
            ("Is it red?\n\na) yes\nb) no", "a) yes", "numbered question"),
            ("Why red?", "So.", "numbered question"),
            ("How red?", "", "numbered question"),
            ("How late?", "So.", "numbered question"),
        ],
    ),
    "labels in headings": (
        "### Q: Who is it?\n### A: me\n\n## What is it made of?\n## Answer\nwood\n\n"
        "1. Is it old?\n\n### Answer: yes\n\nvery\n\n"
        "## Which of two?\n\n- A: this\n- B: that\n\n"
        "## Answer: B\n\n## Is that all?\n\nno\n\n## A: Another part\n",
        [
            ("Who is it?", "me", "heading"),
            ("What is it made of?", "wood", "heading"),
            ("Is it old?", "yes\n\nvery", "numbered question"),
            ("Which of two?\n\n- A: this\n- B: that", "B", "heading"),
            ("Is that all?", "no", "heading"),
        ],
    ),
    "what stands behind a question mark": (
        "1. What is this? ![](c.png)\n   A cat.\n2. Where is it told? [here](https://a.b)\n"
        "3. Is it told? ✓\n\n## What is a cone?[^9]\n\nIt[^9].\n\n**What is a cube?**[^9]\nIs.\n\n"
        "## What is a disc? 🤔\n\nRound.\n\n## What is a line? {#line .x}\n\nStraight.\n\n"
        "## What is a knot? [video](https://a.b)\n\nTied.\n\n## What is a ring? <br>\n\nOpen.\n\n"
        "**What is a dot?**<br>\nSmall.<br>\n\n[^9]: Solids\n",
        [
            ("What is this? ![](c.png)", "A cat.", "numbered question"),
            ("Where is it told?", "[here](https://a.b)", "numbered question"),
            ("Is it told?", "✓", "numbered question"),
            ("What is a cone?[^9]", "It[^9].\n\n[^9]: Solids", "heading"),
            ("What is a cube?[^9]", "Is.\n\n[^9]: Solids", "bold question"),
            ("What is a disc? 🤔", "Round.", "heading"),
            ("What is a line?", "Straight.", "heading"),
            ("What is a knot? [video](https://a.b)", "Tied.", "heading"),
            ("What is a ring?", "Open.", "heading"),
            ("What is a dot?", "Small.", "bold question"),
        ],
    ),
    "labels and numbers with marks of their own, and in other languages": (
        "**Q:** What is k?\n**A:** It k.\n\n"
        "*Q:* Who?\n*A:* Me.\n\n**Q1.** What is l?\n\n**A1.** Is l.\n\n"
        "__Question:__ Where?\n\n__Answer:__ There.\n\nFrage: Was ist c?\nAntwort: Ist.\n\n"
        "问：什么是张量？\n答：一个网格。\n",
        [
            ("What is k?", "It k.", "Q: and A:"),
            ("Who?", "Me.", "Q: and A:"),
            ("What is l?", "Is l.", "Q: and A:"),
            ("Where?", "There.", "Q: and A:"),
            ("Was ist c?", "Ist.", "Q: and A:"),
            ("什么是张量？", "一个网格。", "Q: and A:"),
        ],
    ),
    "lists of other programs": (
        "- What is o? #card\n  id:: 64a1\n\t- It o.\n- What is p? >> It p.\n- What is q? >>>\n"
        "    - one\n    - two\n- Ro :: a letter\n- Sigma >> another\n",
        [
            ("What is o?", "- It o.", "question in a list"),
            ("What is p?", "It p.", "question in a list"),
            ("What is q?", "- one\n- two", "question in a list"),
            ("Ro", "a letter", "list of terms"),
            ("Sigma", "another", "list of terms"),
        ],
    ),
    "callouts and quotes": (
        "> [!question]- What is r?\n> It r.\n>\n> > said\n\n> [!faq]\n> Why s?\n> So.\n\n"
        "> **What is t?**\n> It t.\n",
        [
            ("What is r?", "It r.\n\n> said", "question in a callout"),
            ("Why s?", "So.", "question in a callout"),
            ("What is t?", "It t.", "question in a callout"),
        ],
    ),
    "headings and lists of AsciiDoc": (
        "== Notes\n\n=== What is u?\n\nIt u.\n\nWhat is v?::\nIt v.\n"
        "What is w?::\n  It w.\n",
        [
            ("What is u?", "It u.", "heading"),
            ("What is v?", "It v.", "Q: and A:"),
            ("What is w?", "It w.", "Q: and A:"),
        ],
    ),
    "HTML with blocks of its own": (
        "<h2>What is html?</h2>\n<p>It is.</p>\n<ul><li>one</li></ul>\n\n# Terms\n\n<table>\n"
        "<tr><th>Term</th><th>Meaning</th></tr>\n\n<tr><td>Tau</td><td>A <b>letter</b></td></tr>\n"
        "</table>\n\n<details><summary>Who?</summary>I.</details> <details><summary>And?</summary>"
        "\n  You.\n</details>\n",
        [
            ("What is html?", "It is.\n\n- one", "heading"),
            ("Tau", "A **letter**", "term of a table"),
            ("Who?", "I.", "folded answer"),
            ("And?", "You.", "folded answer"),
        ],
    ),
    "labels below each other, and columns beside": (
        "Q1: What is aa?\nA1: It aa.\nQ2) What is bb\nA2) It bb.\nQuestion 3: Explain cc\n"
        "Ans: cc\n\n"
        "| # | Frage | Antwort | More |\n|---|---|---|---|\n| 1 | Was? | Das | So |\n",
        [
            ("What is aa?", "It aa.", "Q: and A:"),
            ("What is bb", "It bb.", "Q: and A:"),
            ("Explain cc", "cc", "Q: and A:"),
            ("Was?", "Das\n\n**More**: So", "question of a table"),
        ],
    ),
    "lists in lists, and tasks": (
        "* Terms\n    * Up - high\n    * Down - low\n\n# Then\n\nWhat is dd?\nIt dd.\n\n"
        "- [ ] What is ee?\n    - it ee\n- [x] What is ff?\n    - it ff\n",
        [
            ("Up", "high", "list of terms"),
            ("Down", "low", "list of terms"),
            ("What is dd?", "It dd.", "prose"),
            ("What is ee?", "- it ee", "question in a list"),
            ("What is ff?", "- it ff", "question in a list"),
        ],
    ),
    "numbers in bold": (
        "**1.** What is m?\n\nIt m.\n\n**2.** What is n?\n\nIs n.\n",
        [
            ("What is m?", "It m.", "numbered question"),
            ("What is n?", "Is n.", "numbered question"),
        ],
    ),
    "questions of other letters": (
        "## 什么是损失？\n\n一个数。\n\n## ما هذا؟\n\nشيء\n\n## מה זה?\n\nרשת 😀\n\n"
        "## Τι είναι νερό;\n\nH2O\n",
        [("什么是损失？", "一个数。", "heading"), ("ما هذا؟", "شيء", "heading"),
         ("מה זה?", "רשת 😀", "heading"), ("Τι είναι νερό;", "H2O", "heading")],
    ),
    "rules right below answers": (
        "## What is a?\nDescent\n---\n\n## What is b?\n\nA part.\n\nIt is a sentence.\n---\n\n"
        "## What is c?\n---\nC is.\n***\n",
        [
            ("What is a?", "Descent", "heading"),
            ("What is b?", "A part.\n\nIt is a sentence.", "heading"),
            ("What is c?", "C is.", "heading"),
        ],
    ),
    "what stands elsewhere comes where it is used": (
        "## What is a?\n\nIt[^1] is [here][x] or [Y].\n\n## What is b [so][y]?\n\n`[x]` [^2].\n\n"
        "[^1]: A note\n    on two lines.\n[x]: https://a.b/c \"title\"\n[y]: <d e>\n",
        [
            (
                "What is a?",
                'It[^1] is [here](https://a.b/c "title") or [Y](<d e>).\n\n'
                "[^1]: A note\n    on two lines.",
                "heading",
            ),
            ("What is b [so](<d e>)?", "`[x]` [^2].", "heading"),
        ],
    ),
    "terms below an item that holds its answer": (
        "1. What is a?\n    - it\n    - is\n\n* Alpha - first\n* Beta - second\n",
        [
            ("What is a?", "- it\n- is", "numbered question"),
            ("Alpha", "first", "list of terms"),
            ("Beta", "second", "list of terms"),
        ],
    ),
    "headings of several levels": (
        "# Week 2\n\n## What is a batch?\n\nA few rows.\n\n### 2.1 Explain an epoch\n\nAll rows.\n"
        "\n#### Why is that so?\n",
        [
            ("What is a batch?", "A few rows.", "heading"),
            ("Explain an epoch", "All rows.", "heading"),
            ("Why is that so?", "", "heading"),
        ],
    ),
    "quotes, one of them blank": (
        "## What is a head?\n\n> The last layer.\n>\n> A new one.\n\n## What is a body?\n\n>\n",
        [
            ("What is a head?", "The last layer.\n\nA new one.", "heading"),
            ("What is a body?", "", "heading"),
        ],
    ),
    "bold with colours": (
        '**1. What does a ReLU do?**\n<span style="color:red">It clips &amp; passes.</span>\n\n'
        '**Who wrote it?**\n\n<p style="color:blue">Nobody\n  knows.</p>\n',
        [
            ("What does a ReLU do?", "It clips & passes.", "numbered question"),
            ("Who wrote it?", "Nobody\nknows.", "bold question"),
        ],
    ),
    "the answer on the line": (
        "1. Adam has a state T/F: **True**\n2. Is SGD a method? **Yes**\n3. Is it old? Yes.\n"
        "4. What is a norm? How is it taken?\n",
        [
            ("Adam has a state T/F", "**True**", "numbered question"),
            ("Is SGD a method?", "**Yes**", "numbered question"),
            ("Is it old?", "Yes.", "numbered question"),
            ("What is a norm? How is it taken?", "", "numbered question"),
        ],
    ),
    "a heading in a numbered item": (
        "1. ### What is an effect?\n\n    A **result** of a cause.\n\n    A. And more.\n",
        [("What is an effect?", "A **result** of a cause.\n\nA. And more.", "numbered question")],
    ),
    "tags and characters in code": (
        "## What does `<p>` do?\n\nIt begins a&nbsp;<span>part</span>, `<p>` &lt;p&gt;.\n",
        [("What does `<p>` do?", "It begins a\xa0part, `<p>` &lt;p&gt;.", "heading")],
    ),
    "bold answers": (
        "## What is up?\n\n**Answer: the sky**\n\n## What is down?\n\n**A**: the ground\n",
        [("What is up?", "**the sky**", "heading"), ("What is down?", "the ground", "heading")],
    ),
    "a label": (
        "### Weight decay\n\nIn one line.\n\n**Answer:** A pull to zero.\n\nMore of it.\n",
        [("Weight decay\n\nIn one line.", "A pull to zero.\n\nMore of it.", "heading")],
    ),
    "a list of terms, a term and a quote": (
        "## Jargon\n\n* Epoch - a pass\n* Batch – some rows\n    - often 64\n\n* Seed\n> a start\n",
        [
            ("Epoch", "a pass", "list of terms"),
            ("Batch", "some rows\n- often 64", "list of terms"),
            ("Seed", "a start", "term and quote"),
        ],
    ),
    "a table of terms": (
        "| Keyword | Description |\n|:-:|---|\n| Logit | a\\|b |\n|Softmax|shares|\n",
        [("Logit", "a|b", "term of a table"), ("Softmax", "shares", "term of a table")],
    ),
    "a fold, the answer a string in code": (
        "#### What is printed?\n\n```python\n# 1. What is this?\nf()\n```\n\n<details>\n"
        "<summary>Show answer</summary>\n\n```python\n\nanswer = '''\n- one\n- two\n'''\n```\n\n"
        "</details>\n",
        [
            (
                "What is printed?\n\n```python\n# 1. What is this?\nf()\n```",
                "- one\n- two",
                "heading",
            )
        ],
    ),
    "a fold that asks": (
        "<details><summary>What is a GPU?</summary>\nA processor.\n</details>\n",
        [("What is a GPU?", "A processor.", "folded answer")],
    ),
    "questions in a list": (
        "## Asked in class\n\n- Is it fast?\n    - Not always.\n- Nothing was asked here.\n",
        [("Is it fast?", "- Not always.", "question in a list")],
    ),
    "prose": (
        "How is a leak found?\n\nBy a test of strangers.\n\nSomething else.\n",
        [("How is a leak found?", "By a test of strangers.", "prose")],
    ),
    "prose that asks in passing": (
        "We waited. So what is it?\n\n[What? Now](https://a.b) is a title.\n\nWhy not? Because.\n",
        [("Why not?", "Because.", "prose")],
    ),
    "a table of questions": (
        "| Question | Answer |\n|---|---|\n| What is a mask? | a<br>b |\n| Of what? | |\n",
        [
            ("What is a mask?", "a\nb", "question of a table"),
            ("Of what?", "", "question of a table"),
        ],
    ),
    "definitions": (
        "Definition: *leak* is what tells too much.\n\nMask\n: what hides\n\n"
        "- `fit`:: to train\n- `cut`:: to end\n- `lag`:: to wait\n",
        [
            ("leak", "*leak* is what tells too much.", "line that defines"),
            ("Mask", "what hides", "line that defines"),
            ("`fit`", "to train", "list of terms"),
            ("`cut`", "to end", "list of terms"),
            ("`lag`", "to wait", "list of terms"),
        ],
    ),
    "labels on both": (
        "Q: What is a fold?\nA: A part of the data.\n",
        [("What is a fold?", "A part of the data.", "Q: and A:")],
    ),
    "headings of terms": (
        "# Glossary\n\n## Tensor\n\nA grid.\n",
        [("Tensor", "A grid.", "heading of a term")],
    ),
    "arrows": (
        "weights → parameters\nlabels \\rightarrow targets\nof the loss\n",
        [
            ("weights", "parameters", "line that defines"),
            ("labels", "targets\nof the loss", "line that defines"),
        ],
    ),
    "only a picture, only code": (
        '## Which curve?\n\n<img src="a.png">\n\n## Which call?\n\n```\nfit()\n```\n',
        [
            ("Which curve?", "![](a.png)", "heading"),
            ("Which call?", "```\nfit()\n```", "heading"),
        ],
    ),
    "all in one item of a list": (
        "- [[Questions]]\n    1. Do ducks fly?\n        1. Some T / F | **True!**\n"
        "    2. Name two\n        - duck\n",
        [
            ("Do ducks fly?", "1. Some T / F | **True!**", "numbered question"),
            ("Name two", "- duck", "numbered question"),
        ],
    ),
    "tasks between questions in a list": (
        "* Do you like it?\n  * Yes\n* Name a bird.\n  * duck\n",
        [
            ("Do you like it?", "* Yes", "question in a list"),
            ("Name a bird.", "* duck", "question in a list"),
        ],
    ),
    "answers beside their questions in a list": (
        "- What is a wing?\n- A limb.\n- It beats.\n- What is a claw?\n- A nail.\n",
        [
            ("What is a wing?", "- A limb.\n- It beats.", "question in a list"),
            ("What is a claw?", "- A nail.", "question in a list"),
        ],
    ),
    "quoted questions": (
        "> 1. How do birds\n> see?\n\nWith eyes.\n\n> 2. Why two?\n\nFor depth.\n",
        [
            ("How do birds see?", "With eyes.", "quoted question"),
            ("Why two?", "For depth.", "quoted question"),
        ],
    ),
    "rules around questions": (
        "---\n1. What is a beak?\n---\n\nA mouth.\n\n---\n2. Why?\n---\nSo.\n",
        [
            ("What is a beak?", "A mouth.", "numbered question"),
            ("Why?", "So.", "numbered question"),
        ],
    ),
    "an answer in brackets": (
        "1. Is it needed? (no)\n2. What was its name? perceptron\n3. Is it deep (DL)?\n",
        [
            ("Is it needed?", "no", "numbered question"),
            ("What was its name?", "perceptron", "numbered question"),
            ("Is it deep (DL)?", "", "numbered question"),
        ],
    ),
    "bold labels": (
        "**Q: What is a tail?**\n\n**A:** The end.\n",
        [("What is a tail?", "The end.", "Q: and A:")],
    ),
    "an aside": (
        "1. What is bias?\n    - An offset.\n\nI had this wrong at first.\n",
        [("What is bias?", "- An offset.\n\nI had this wrong at first.", "numbered question")],
    ),
    "a numbered answer": (
        "1. Name two losses.\n\n1. squared\n2. absolute\n\n2. Which is robust?\n\nThe second.\n",
        [
            ("Name two losses.", "1. squared\n2. absolute", "numbered question"),
            ("Which is robust?", "The second.", "numbered question"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_is_read_and_named(name: str) -> None:
    text, expected = SHAPES[name]
    assert shown(text) == expected


def test_an_outline_of_org_is_read_by_its_headings() -> None:
    text = (
        "#+TITLE: Notes\n\n* Learning\n** What is a tensor?    :drill:\n   :PROPERTIES:\n"
        "   :ID: 1\n"
        "   :END:\n   A grid.\n** What is a loss?\n   A number.\n"
    )
    assert [one[:2] for one in shown(text)] == [
        ("What is a tensor?", "A grid."),
        ("What is a loss?", "A number."),
    ]
    assert [one.line for one in parse(text).problems] == [1]


def test_descriptions_of_asciidoc_are_pairs() -> None:
    text = (
        "= Notes\n:toc:\n\n== First\n\n=== What is s?\n\nIt s:\n\nr:: one\nw::\n  two\n\n"
        "[qanda]\nWhat is t?:: It t.\nExplain u:: It u.\n+\nMore u.\n\nHow is v?::\nIt v.\n\n"
        "* v one\n** v two\n\nProse.\n\n== Terms\n\nstd::vec:: A list.\nCPU::\n"
        "The link:http://a.b[brain].\n// hidden\n"
    )
    assert [one[:2] for one in shown(text)] == [
        ("What is s?", "It s:\n\n- **r**: one\n- **w**: two"),
        ("What is t?", "It t."),
        ("Explain u", "It u.\n\nMore u."),
        ("How is v?", "It v.\n\n- v one\n   - v two"),
        ("std::vec", "A list."),
        ("CPU", "The [brain](http://a.b)."),
    ]
    assert [(one.line, one.message[:5]) for one in parse(text).problems] == [(26, "prose")]


def test_a_line_that_asks_and_describes_ends_the_answer_above() -> None:
    text = "## What is a?\n\nIt a.\n\nWhat is b?:: It b.\nWhat is c?::\nIt c.\n"
    assert [one[:2] for one in shown(text)] == [
        ("What is a?", "It a."),
        ("What is b?", "It b."),
        ("What is c?", "It c."),
    ]


DRILL = """#+TITLE: Drill

* Words
** Item :drill:geo:
SCHEDULED: <2026-01-01 Thu>
:PROPERTIES:
:ID: 1
:END:
What is the capital of [[https://a.b][Estonia]]?
*** The Answer
It is =Tallinn=.
*** Note
A *port*.
** Greeting :drill:
The capital of [Peru] is [Lima||L…], see [[a][b]].
** Noun :drill:
:PROPERTIES:
:DRILL_CARD_TYPE: twosided
:DRILL_LAST_INTERVAL: 4.0
:END:
Translate.
*** Spanish
la mujer
*** English
the woman
** Fact :drill:
*** Question
Who wrote Faust?
*** Answer
Goethe
**** Where
Weimar
** TODO What is plain? :drill:
   It is.
** Card
*** Front
What is x?
*** Back
x is one.
"""


def test_cards_of_org_drill_are_asked_as_they_are_there() -> None:
    found = parse(DRILL)
    assert [(note.question, note.answer, note.card.value) for note in found.notes] == [
        (
            "What is the capital of [Estonia](https://a.b)?",
            "It is `Tallinn`.\n\n**Note**\n\nA **port**.",
            "answer",
        ),
        ("Greeting", "The capital of ==Peru=={#c1} is ==Lima=={#c2}, see [b](a).", "cloze"),
        ("la mujer\n\nNoun\n\nTranslate.", "the woman", "both"),
        ("Who wrote Faust?", "Goethe\n#### Where\nWeimar", "answer"),
        ("What is plain?", "It is.", "answer"),
        ("What is x?", "x is one.", "answer"),
    ]
    assert found.notes[0].tags == ("geo",)
    assert [(one.line, one.message) for one in found.problems] == [
        (1, "prose: this asks nothing and defines no term"),
        (5, "what is dated here, and elsewhere, is not read"),
        (14, "the hint of what is hidden here is left out"),
    ]


@pytest.mark.parametrize("end", [".org", ".md"])
def test_a_text_of_markdown_is_no_org(end: str) -> None:
    text = "#+BEGIN_NOTE\nSo.\n#+END_NOTE\n\n## What is *it*?\n\n* This.\n* That. :smile:\n"
    text = text if end == ".md" else "* What is *it*?\n\nThis.\n"
    (note,) = prose.parse(text, Path(f"a{end}")).notes
    said = {
        ".md": ("What is *it*?", "* This.\n* That. :smile:"),
        ".org": ("What is **it**?", "This."),
    }
    assert (note.question, note.answer) == said[end]


@pytest.mark.parametrize(
    ("head", "code", "language"),
    [
        ("#+TITLE: Notes\n\n** ", "#+BEGIN_SRC python -n\n{}\n#+END_SRC", "python"),
        ("#+TITLE: Notes\n\n** ", "  #+begin_example\n{}\n  #+end_example", ""),
        ("== ", "[source,bash]\n----\n{}\n----", "bash"),
        ("== ", ".Block\n[source, c++]\n------\n{}\n------", "c++"),
        ("== ", "[listing]\n----\n{}\n----", ""),
    ],
)
def test_code_of_org_and_asciidoc_is_fenced(head: str, code: str, language: str) -> None:
    said = "* no heading\n== none\n# What is this?\n```\n:end:"
    text = f"{head}What is code?\nThis:\n\n{code.format(said)}\n\n{head[-3:]}What is text?\nThat.\n"
    answer = f"This:\n\n````{language}\n{said}\n````"
    assert [one[:2] for one in shown(text)] == [
        ("What is code?", answer),
        ("What is text?", "That."),
    ]


@pytest.mark.parametrize("line", ["#+BEGIN_SRC python", "[source,bash]\n----", "----\n[source]"])
def test_code_without_an_end_is_text(line: str) -> None:
    [(asked, answer, _), (other, _, _)] = shown(
        f"## What is a?\nA.\n\n{line}\n\n## What is b?\nB.\n"
    )
    assert (asked, other) == ("What is a?", "What is b?")
    assert "```" not in answer


@pytest.mark.parametrize("mark", ["### {}", "**{}**", "## **{}:**"])
def test_headings_that_say_question_and_answer_alone_are_labels(mark: str) -> None:
    asks, answers = mark.format("Question 1"), mark.format("Answer")
    text = f"{asks}\n\nWhat is a tensor?\n\n{answers}\n\nA grid.\n\n---\n\n"
    text += f"{asks}\nExplain SGD\n{answers}\nDescent\n"
    assert shown(text) == [
        ("What is a tensor?", "A grid.", "Q: and A:"),
        ("Explain SGD", "Descent", "Q: and A:"),
    ]
    assert not parse(text).problems


def test_one_file_can_have_all_shapes() -> None:
    text = "\n\n".join(
        f"# Part {number}\n\n{text}" for number, (text, _) in enumerate(SHAPES.values())
    )
    expected = [(asked, answer) for _, notes in SHAPES.values() for asked, answer, _ in notes]
    found = [(asked, answer) for asked, answer, _ in shown(text)]
    again = [one for one in found if one not in expected]
    assert again == []
    assert len(found) == len(expected)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_an_editor_leaves_behind_changes_nothing(end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    text = '---\nlayout: post\ntitle: "What? Now"\n---\n\n1.\xa0What is a fit?\n\n    - A line.\n'
    path.write_bytes(("\ufeff" + text.replace("\n", end)).encode())
    found = prose.read(path)
    assert [(one.question, one.answer, one.line) for one in found.notes] == [
        ("What is a fit?", "- A line.", 6)
    ]
    assert found.problems == ()
    hugo = prose.parse('+++\ntitle = "a?"\n+++\n\n## What?\n\nThis.\n', PATH)
    assert [(one.question, one.answer) for one in hugo.notes] == [("What?", "This.")]


def test_times_of_a_lecture_and_its_plan_are_read() -> None:
    text = (
        "## 00:31:20 - Terms\n\n* Label - the truth\n* Fit - to train\n* Loss - an error\n\n"
        "## 1:02 Why wait?\n\nSo.\n\n## Plan\n\n"
        "|Part|Chapter|Section|\n|-|-|-|\n|1. A|1. B|C|\n| | |D|\n"
    )
    found = parse(text)
    terms = "* Label - the truth\n* Fit - to train\n* Loss - an error"
    assert found.lecture == (
        LectureNote(1880, "Terms", terms, 1),
        LectureNote(62, "Why wait?", "So.", 7),
    )
    assert found.tracker == (
        TrackerRow("1. A", "1. B", "C", 15),
        TrackerRow("1. A", "1. B", "D", 16),
    )
    assert [note.question for note in found.notes] == ["Label", "Fit", "Loss", "Why wait?"]
    assert {note.kind for note in found.notes[:3]} == {NoteKind.TERM}
    assert found.problems == ()


def test_what_is_not_read_is_told_with_its_lines() -> None:
    text = (
        "Some prose.\n\n1. Went away\n2. Came back\n\n## What?\n\nThis.\n\n## What?\n\nThis.\n"
        "\n##\n\n# Else\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1  # What is x?\n"
    )
    assert [(one.line, one.message) for one in parse(text).problems] == [
        (1, "prose and a numbered item, up to line 4: this asks nothing and defines no term"),
        (10, "this is on line 6 already, word for word"),
        (14, "this heading is empty"),
        (18, "a table and code, up to line 23: this asks nothing and defines no term"),
        (22, "what begins here has no end"),
    ]


@pytest.mark.parametrize(
    ("below", "line", "upto"),
    [
        ("1. What is one?\n2. What is two?", 5, "up to line 6: "),
        ("- Is it one?\n- Is it two?", 5, "up to line 6: "),
        ("It is.\n\n- Is it one?\n    - Yes.\n- And so on.", 7, "up to line 8: "),
        ("Is it one?\nYes.", 5, "up to line 6: "),
        ("**Gibbs energy**\nH - TS", 5, "up to line 6: "),
        ("> 2. Is it two?", 5, ""),
    ],
)
def test_what_may_be_a_note_in_an_answer_is_told(below: str, line: int, upto: str) -> None:
    asked = "**What is it?**" if below.startswith("**") else "## What is it?"
    found = parse(f"{asked}\n\nA thing.\n\n{below}\n")
    assert [note.answer for note in found.notes] == [f"A thing.\n\n{below}"]
    assert [(one.line, one.message) for one in found.problems] == [
        (line, f"{upto}this may be a note, and is read as part of an answer")
    ]


APART = [
    "What is two?\n\nIt is 2.",
    "ما هو الماء؟\n\nسائل.",
    "two? :: 2",
    "The ==eight== is 8.",
    "**Nine**: 9",
    "**Cell** : unit — of life",
    "cell – unit of life",
]


@pytest.mark.parametrize("whole", ["F : a?\nA : 1", "7. a?\n   1"])
def test_what_hides_as_anki_does_is_a_note_apart_from_a_whole_answer(whole: str) -> None:
    found = parse(f"{whole}\n\nThe {{{{c1::eight}}}} is 8.\n")
    assert [note.answer for note in found.notes] == ["1", "The ==eight=={#c1} is 8."]


@pytest.mark.parametrize("whole", ["F : a?\nA : 1", "7. a?\n   1", "# a?\n\nAnswer:\n\n1"])
@pytest.mark.parametrize("below", APART)
def test_what_would_be_a_note_apart_from_a_whole_answer_is_told(whole: str, below: str) -> None:
    found = parse(f"{whole}\n\n{below}\n")
    assert [note.answer for note in found.notes] == [f"1\n\n{below}"]
    (problem,) = found.problems
    assert problem.line == whole.count("\n") + 3
    assert problem.message.endswith("this may be a note, and is read as part of an answer")


def test_a_pair_with_other_labels_below_an_answer_is_told() -> None:
    found = parse("Front: a\nBack: b\n\nAsk: Explain c.\nSay: d\n")
    assert [(one.line, one.message) for one in found.problems] == [
        (4, "up to line 5: this may be a note, and is read as part of an answer")
    ]


@pytest.mark.parametrize("below", ["And so on.", "Note: so.\nSee: there.", "a == b and b == c"])
def test_what_goes_on_with_an_answer_is_not_told(below: str) -> None:
    assert parse(f"Question: a?\nAnswer: 1\n\n{below}\n").problems == ()


def test_comments_that_hold_notes_and_links_within_the_file_are_told() -> None:
    text = (
        "## What?\n\nThis. <!-- to do -->\n\n<!--\n## Why?\n\nSo.\n-->\n\n%% Q: Who? %%\n\n"
        "[Back to top](#what)\n\n- [What?](#what)\n- [Why?](#why)\n"
    )
    left_out = "this comment is left out, with what it asks or defines"
    assert [(one.line, one.message) for one in parse(text).problems] == [
        (5, f"up to line 9: {left_out}"),
        (11, left_out),
        (13, "this line, and 2 more lines: links within this file are not read"),
    ]


def test_rows_with_too_many_cells_and_labels_without_an_answer_are_told() -> None:
    found = parse("| Q | A |\n|---|---|\n| `a|b`? | c |\n| `a\\|b`? | c | |\n\n## Q: who?\n")
    assert [(note.question, note.answer) for note in found.notes] == [("`a|b`?", "c"), ("who?", "")]
    assert [(one.line, one.message) for one in found.problems] == [
        (3, "a row of this table has more cells than its head, and is not read"),
        (6, "this question has no answer yet"),
    ]


def test_words_of_two_languages_are_pairs() -> None:
    table = "| {} |\n|---|---|---|\n| {} |\n| {} |\n\n"
    both = table.format("Nr | Deutsch | in English", "1 | Hund | dog", "2 | Maus | mouse")
    compared = table.format("Feature | English | German", "Cases | no | yes", "Tones | no | no")
    figures = table.format("Year | English | German", "1990 | 2 | 3", "2000 | 4 | 5")
    same = table.format("English | German | Note", "yes | no | a", "yes | no | b")
    found = parse(both + compared + figures + same)
    assert [(note.question, note.answer) for note in found.notes] == [
        ("Hund", "dog"),
        ("Maus", "mouse"),
    ]
    assert [one.line for one in found.problems] == [6]


@pytest.mark.parametrize("heads", ["Front | Back", "Concept | Explanation"])
def test_columns_of_terms_that_ask_are_questions(heads: str) -> None:
    table = f"| {heads} |\n|---|---|\n| What is a wing? | it flies |\n"
    assert shown(table) == [("What is a wing?", "it flies", "question of a table")]
    some = f"{table}| Fin | it swims |\n"
    assert [one.kind for one in parse(some).notes] == [NoteKind.TERM] * 2


def test_a_table_of_two_columns_is_told_with_what_has_it_read(tmp_path: Path) -> None:
    table = "| Bird | Sound |\n|---|---|\n| Owl | hoot |\n"
    why = "call its columns Question and Answer"
    (told,) = parse(f"## What?\n\nThis.\n\n# Else\n\n{table}").problems
    assert (told.line, why in told.message) == (7, True)
    path = tmp_path / "a.md"
    path.write_text(table)
    with pytest.raises(StudyError, match=why):
        formats.recognise(path)


def test_a_key_and_answers_that_do_not_fit_are_told() -> None:
    text = "1. Is it?\n   a) yes\n   b) no\n2. Why?\n\nAnswers: 1a, 2b\n\n"
    text += "## Solutions\n\n1. So.\n"
    assert [(one.line, one.message) for one in parse(text).problems] == [
        (1, "the options below this question may be a choice: they are read as its answer"),
        (6, "a key to several questions, and not read: question 2 has no option b"),
        (10, "a numbered item: this asks nothing and defines no term"),
    ]


CHOICES = "1. Is it?\n   A) yes\n   B) no\n2. Why?\n   - A. so\n   - B. else\n\n"


@pytest.mark.parametrize(
    "key",
    [
        *("Answers: 1b, 2a", "Answers: 1. b  2. a", "Key: 1) B 2) A", "**Solutions:** (2a) (1b)"),
        *("Answers:\n1-b; 2-a", "## Answer key\n\n1-b; 2-a", "## Answers\n\n1. b  2. a"),
        *("Key:\n\n1) B\n2) A", "## Answers\n\n1. B\n1. A", "Antworten: 1: b; 2: a"),
    ],
)
def test_a_key_names_the_options_of_its_questions(key: str) -> None:
    found = parse(CHOICES + key)
    assert [(note.question, note.answer) for note in found.notes] == [
        ("Is it?\n\nA) yes\nB) no", "B) no"),
        ("Why?\n\n- A. so\n- B. else", "A. so"),
    ]
    assert not found.problems


@pytest.mark.parametrize(
    ("numbers", "key"),
    [
        ("12", "Answers: 1. red, mostly 2. blue"),
        ("12", "Answers: 1: red, mostly; 2: blue"),
        ("12", "## Answers\n\n1. red, mostly\n1. blue"),
        ("11", "## Answers\n\n1. red, mostly\n2. blue"),
        ("33", "## Answers\n\n3. red, mostly\n3. blue"),
    ],
)
def test_answers_that_stand_together_are_those_of_their_numbers(numbers: str, key: str) -> None:
    found = parse(f"{numbers[0]}. What is an ant?\n{numbers[1]}. What is a bee?\n\n{key}")
    assert [note.answer for note in found.notes] == ["red, mostly", "blue"]
    assert not found.problems


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# A\n\n1. Is it?\n# B\n\n1. Why?\n\nKey: 1a 2b", "the number 1 is there twice"),
        ("1. Is it?\n2. Why?\n\nKey: 1a 3b", "question 1 has no option a"),
        (f"{CHOICES}Key: 1a 2a 1b", "the number 1 is there twice"),
        (f"{CHOICES}Key: 1a 2a 3b", "no question above it has the number 3 and no answer"),
        ("1. Is it?\n3. Why?\n\nAnswers: 1. so 2. else", "their numbers are not those of"),
        ("1. Is it?\n2. Why?\n\nAnswers: 1. so 2. at 2. else", "their numbers are not those of"),
    ],
)
def test_a_key_that_does_not_fit_says_why(text: str, why: str) -> None:
    found = parse(text)
    assert any(why in one.message for one in found.problems), found.problems
    assert all(note.answer in ("", "A) yes\nB) no", "- A. so\n- B. else") for note in found.notes)


@pytest.mark.parametrize(
    ("key", "answers"),
    [
        ("Answers: 1. 4, 2. 9", ["4", "9"]),
        ("Answers: 1) 1945 2) 3.5", ["1945", "3.5"]),
        ("Answers: 1. 4. 2. 9.", ["4.", "9."]),
        ("**Answers:** 1: 10:30; 2: two of 3", ["10:30", "two of 3"]),
        ("Answers: 1. version 2. 5 of it 2. so", ["version 2. 5 of it", "so"]),
    ],
)
def test_the_answers_of_a_key_may_begin_with_digits(key: str, answers: list[str]) -> None:
    """Where the numbers follow each other."""
    found = parse(f"1. What is a?\n2. What is b?\n\n{key}\n")
    assert [note.answer for note in found.notes] == answers
    assert not found.problems


def test_one_question_may_have_an_answer_of_several_parts() -> None:
    for said in ("1. red 2. blue", "1. 3 2. 5"):
        (note,) = parse(f"1. Name two?\n\nAnswers: {said}").notes
        assert note.answer == said


def test_answers_may_stand_above_their_questions() -> None:
    """From the first on, up to where one stands below; but not where something above asks."""
    text = (
        "# T\n\nA: x1\nmore\nQ: a?\n\n**Answer:** x2\n**Question:** b?\n\n- A: x3\n- Q: c?\n\n"
        "Back: x4\nFront: d\n\nQ: e?\nA: x5\n"
    )
    found = parse(text)
    assert [(note.line, note.question, note.answer) for note in found.notes] == [
        (5, "a?", "x1\nmore"),
        (8, "b?", "x2"),
        (11, "c?", "x3"),
        (14, "d", "x4"),
        (16, "e?", "x5"),
    ]
    assert found.problems == ()
    for text in (
        "A: It a.\n\nQ: a?\n\nA: It b.\n\nQ: b?\n",
        "### Answer\n\nIt a.\n\n### Question\n\na?\n\n### Answer\n\nIt b.\n\n### Question\n\nb?\n",
    ):
        assert [one[:2] for one in shown(text)] == [("a?", "It a."), ("b?", "It b.")]
    text = "## a?\n\nA: x1\nQ: b?\n\nA: x2\n\nA: more\nQ: c?\nA: x3\n"
    assert [one[:2] for one in shown(text)] == [
        ("a?", "x1"),
        ("b?", "x2\n\nA: more"),
        ("c?", "x3"),
    ]


def test_emphasised_questions_on_adjacent_lines_part_them() -> None:
    text = (
        "Intro.\n**What is a?** It a.\n__What is b__? It b.\nAnd more.\n*What is c?* It c.\n"
        "***What is d?***\nIt d.\n\n# E\n\n- What is e?\n  **Who asks?** I.\n  **Who else?** You.\n"
    )
    assert [one[:2] for one in shown(text)] == [
        ("What is a?", "It a."),
        ("What is b?", "It b.\n\nAnd more."),
        ("What is c?", "It c."),
        ("What is d?", "It d."),
        ("What is e?", "**Who asks?** I.\n**Who else?** You."),
    ]


def test_questions_counted_in_brackets_are_items_of_a_list() -> None:
    asked = "(1) What is a?\n(2) What is b?\n"
    for key in ("Answers\n(1) one\n(2) two\n", "## Answers\n\n(1) one\n\n(2) two\n"):
        assert [one[:2] for one in shown(f"{asked}\n{key}")] == [
            ("What is a?", "one"),
            ("What is b?", "two"),
        ]
    below = asked.replace("?\n", "?\nIt is so (1).\n(1) first\n")
    assert [one[:2] for one in shown(below)] == [
        ("What is a?", "It is so (1).\n(1) first"),
        ("What is b?", "It is so (1).\n(1) first"),
    ]
    (note,) = parse(f"Q: Take a table.\n{asked}A: Both.\n").notes
    assert note.question == f"Take a table.\n\n{asked}".rstrip()


def test_lines_that_count_cards_are_of_none() -> None:
    """But one right below a question may answer it."""
    text = (
        "**Flashcard 1**\n**Front:** a\n**Back:** It a.\n\n**Flashcard 2:**\n\nQ: b\nA: It b.\n"
        "\nQuestion 3\nWhat is c?\n\nIt c.\n\n3. **🃏 Card #3**\n   - **Front:** d\n"
        "   - **Back:** It d.\n\n# What is e?\n\n**Card 4**\n\nQ: f\nA: It f.\n"
    )
    found = parse(text)
    assert [(note.question, note.answer) for note in found.notes] == [
        ("a", "It a."),
        ("b", "It b."),
        ("What is c?", "It c."),
        ("d", "It d."),
        ("What is e?", ""),
        ("f", "It f."),
    ]
    assert found.problems == ()
    assert shown("Which card?\nCard 1\n\nWhy?\nSo.\n")[0][:2] == ("Which card?", "Card 1")
    assert shown("Q: Which card?\nA:\n\nCard 1\n\nQ: b\nA: c\n")[0][1] == "Card 1"


def test_who_speaks_to_the_reader_below_an_answer_is_told() -> None:
    found = parse("Front: a\nBack: b\n\nLet me know if you want more!\n")
    assert [(one.line, one.message) for one in found.problems] == [
        (4, "this speaks to who reads it, and is read as part of an answer")
    ]


def test_an_answer_on_the_line_may_begin_as_a_task_does() -> None:
    """Where each line has one; where not, what may be one is told."""
    text = (
        "1. What is RAM? Random access memory.\n2. What is ROM? Read only memory.\n"
        "3. What starts it? Run the program.\n4. What of it? Name two.\n   - a\n   - b\n"
    )
    assert [one[:2] for one in shown(text)] == [
        ("What is RAM?", "Random access memory."),
        ("What is ROM?", "Read only memory."),
        ("What starts it?", "Run the program."),
        ("What of it? Name two.", "- a\n- b"),
    ]
    found = parse("1. What starts it? Run the program.\n2. Why? Explain.\n3. Who?\n")
    assert [note.answer for note in found.notes] == ["", "", ""]
    assert [(one.line, one.message) for one in found.problems] == [
        (1, "what stands behind this question may be its answer, and is read as part of it")
    ]


@pytest.mark.parametrize("head", ["Answer\n------", "Solution:\n===", "### Answer"])
def test_a_heading_says_that_an_answer_to_prose_follows(head: str) -> None:
    text = f"What is a?\n\n{head}\n\nIt a.\n\nMore.\n\nWhat is b?\n\n{head}\nIt b.\n"
    assert [one[:2] for one in shown(text)] == [
        ("What is a?", "It a.\n\nMore."),
        ("What is b?", "It b."),
    ]
    text = f"Question\n---\nWhat is a?\n\n{head}\nIt a.\n"
    assert [one[:2] for one in shown(text)] == [("What is a?", "It a.")]
    assert shown("## What is a?\n\na\n---\n")[0][:2] == ("What is a?", "a")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("1. What is a?\n   One.\n2. **Fin**: it swims\n", "qt"),
        ("1. What is a?\n   One.\n2. **Fin**: it swims\n3. **Wing**: it flies\n", "qtt"),
        ("1. **Fin**: it swims\n2. What is a?\n   One.\n", "tq"),
        ("1. What is a?\n2. **Fin**: it swims\n", "qq"),
        ("1. What is a?\n   One.\n2. **Fin**: explain it\n", "qq"),
        ("## Exercises\n\n1. What is a?\n   One.\n2. **Fin**: of fish\n", "qq"),
    ],
)
def test_an_item_that_defines_is_a_term_among_answered_questions(text: str, kinds: str) -> None:
    found = parse(text).notes
    assert "".join(note.kind.value[0] for note in found) == kinds
    assert all(note.answer for note in found if note.kind is NoteKind.TERM)


def test_what_is_to_be_done_asks_nothing_and_what_a_last_item_is_given_is_told() -> None:
    below = "Email: a@b.c\n\nLicense: MIT\n"
    for item in ("[ ] todo: what about a?", "TODO: what about a?"):
        assert parse(f"- {item}\n\n{below}").notes == ()
    found = parse(f"- What of a?\n- What about b?\n\n{below}")
    assert [(one.line, one.message) for one in found.problems] == [
        (2, "what stands below the list of this question is read as its answer")
    ]
    assert parse("- [ ] a?\n\nIt a.\n\nMore.\n\n- [ ] b?\n\nIt b.\n").problems == ()


BOXES = [
    '!!! question "What is a?"\n    It a.\n\n    More.\n??? tip "What is b?"\n    It b.\n',
    '??? "What is a?"\n    It a.\n\n    More.\n\n???+ note "What is b?"\n    It b.\n',
    ":::{admonition} What is a?\n:class: tip\n\nIt a.\n\nMore.\n:::\n:::x What is b?\nIt b.\n:::\n",
    ":::note[What is a?]\nIt a.\n\nMore.\n:::\n\n::: details What is b?\nIt b.\n:::\n",
    '::: {.tip title="What is a?"}\nIt a.\n\nMore.\n:::\n\n:::: tip What is b?\nIt b.\n::::\n',
    ".. tip:: What is a?\n   :open:\n\n   It a.\n\n   More.\n\n.. x:: What is b?\n\n   It b.\n",
]


@pytest.mark.parametrize("boxes", BOXES)
def test_boxes_whose_titles_ask_are_callouts(boxes: str) -> None:
    found = parse(f"Q: z?\nA: y\n\n{boxes}\nElse.\n")
    assert [(note.question, note.answer) for note in found.notes] == [
        ("z?", "y"),
        ("What is a?", "It a.\n\nMore."),
        ("What is b?", "It b."),
    ]
    lines = boxes.split("\n")
    assert [note.line - 4 for note in found.notes[1:]] == [
        at for at, line in enumerate(lines) if "What" in line
    ]
    assert [one.line for one in found.problems] == [len(lines) + 4]


def test_a_box_that_is_none_is_left_as_it_stands() -> None:
    assert shown(":::{tip} What is a?\nIt a.\n") == [("What is a?", "It a.", "prose")]
    assert shown('```\n!!! tip "What?"\n    So.\n```\n') == []
    assert shown('!!! note "Remember"\n    So.\n') == []


def test_a_line_that_asks_behind_a_sign_begins_anew() -> None:
    text = "🔹 Euler – 2.718\n👉 What is pi?\n3.14\n👉 What is e?\n2.718\n🔹 about\n→ Why?\nSo.\n"
    assert [one[:2] for one in shown(text)] == [
        ("👉 What is pi?", "3.14"),
        ("👉 What is e?", "2.718\n🔹 about"),
        ("→ Why?", "So."),
    ]
    assert [one.line for one in parse(text).problems] == [1]
    (note,) = parse("What of it?\n👉 Is it so?\n🔹 yes\n🔹 no\n").notes
    assert note.answer == "🔹 yes\n🔹 no"


def test_answers_that_hang_below_their_questions_part_them() -> None:
    text = "What is a?\n\tIt is a.\nWhat is b?\n  It is b.\n  And more.\nWhy not?\n\tSo.\n"
    assert [one[:2] for one in shown(text)] == [
        ("What is a?", "It is a."),
        ("What is b?", "It is b.\nAnd more."),
        ("Why not?", "So."),
    ]


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("a\n: b\nc\n:   d\n: e\n\nf\n\n: g\n\n    More.\n",
         [("a", "b"), ("c", "d\ne"), ("f", "g\n\nMore.")]),
        ("Loss\n    An error.\n    A number.\n\nFit\n  To train.\n",
         [("Loss", "An error.\nA number."), ("Fit", "To train.")]),
        (".. glossary::\n\n   epoch\n      One pass.\n\n   batch\n      Some rows.\n",
         [("epoch", "One pass."), ("batch", "Some rows.")]),
        ("loss - an error\nfit - to train\n\nstep - a change\n",
         [("loss", "an error"), ("fit", "to train"), ("step", "a change")]),
        ("der Hund = the dog\ndie Maus = the mouse\nEis = ice\n",
         [("der Hund", "the dog"), ("die Maus", "the mouse"), ("Eis", "ice")]),
        ("Term: loss\nDefinition: an error\n\n**Wort:** Maus\n**Bedeutung:** mouse\n",
         [("loss", "an error"), ("Maus", "mouse")]),
        ("ש: מהו א?\n\nת: א\n\n**ש:** מהו ב?\n**ת:** ב\n\nש׳: מהו ג?\nת׳: ג\n",
         [("מהו א?", "א"), ("מהו ב?", "ב"), ("מהו ג?", "ג")]),
        ("P : a ?\n\nR : b\n\nP : pression\n\nR : rayon\n",
         [("a ?", "b\n\nP : pression\n\nR : rayon")]),
        ("(Q) a?\n(A) b\n\n[Q2] c\n[A2] d\n\n(Q) e?\n\n(A) f\n",
         [("a?", "b"), ("c", "d"), ("e?", "f")]),
        ("Q.3 a?\nb\n\n**Q-4. c?**\nA.4 d\n\nQ#5: e?\nA: A.6 f\n",
         [("a?", "b"), ("c?", "d"), ("e?", "A.6 f")]),
        ("Front: a\nBack: b\n\nPrompt: Explain c.\nResponse: d\n",
         [("a", "b"), ("Explain c.", "d")]),
        ("**Front:** a\n**Back:** b\n\n__Frage__: c?\n__Antwort__: d\n", [("a", "b"), ("c?", "d")]),
        ("Question: a?\nMeaning: b.\nAnswer: c\n", [("a?\n\nMeaning: b.", "c")]),
        ("Set\n: Note: no order.\n  See also: bag\n", [("Set", "Note: no order.\nSee also: bag")]),
        ("# Glossary\n\n**Big O**: An upper\n  bound.\n\n**Theta**: A tight\n  one.\n",
         [("Big O", "An upper\nbound."), ("Theta", "A tight\none.")]),
        ("1. Part\n   1. What is a?\n      - It a.\n2. Part\n   a. What is b?\n      It b.\n"
         "   ii) Who?\n      I.\n",
         [("What is a?", "- It a."), ("What is b?", "It b."), ("Who?", "I.")]),
        ("1. Which?\na. This?\n   Yes.\nb. That?\n   No.\n",
         [("Which?", "a. This?\nYes.\nb. That?\nNo.")]),
        ("a. What is a?\n   - It a.\nb. What is b?\n   - It b.\n",
         [("What is a?", "- It a."), ("What is b?", "- It b.")]),
        ("- Part 1\n  - Why a?\n    - So.\n- Part 2\n  - Why b?\n    - No.\n",
         [("Why a?", "- So."), ("Why b?", "- No.")]),
    ],
)  # fmt: skip
def test_terms_as_other_programs_write_them(text: str, sides: list[tuple[str, str]]) -> None:
    assert [one[:2] for one in shown(text)] == sides
    said = [one for one in parse(text).problems if "prose, up" not in one.message]
    assert said == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Question: In what year?\nAnswer: 1968.\n", r"1968\."),
        ("Frage: Wie viele?\n**Antwort:** 1.\n", r"1\."),
        ("## How many?\n\n42.\n", r"42\."),
        ("How many? 42.\n", r"42\."),
        ("3. How many?\n\n   42.\n", r"42\."),
        ("# Glossary\n\n**Year**: 1999.\n", r"1999\."),
        ("Eyes\n: 2.\n\nEars\n: 2.\n", r"2\."),
        ("| Question | Answer |\n|---|---|\n| How many? | 42. |\n", r"42\."),
        ("1. How many?\n2. Why?\n\n## Answers\n\n1. 8.\n2. So.\n", r"8\."),
        ("1. How many?\n\n2.\n\n3. Why?\n\nSo.\n", ""),  # the second is to be written
    ],
)
def test_a_number_alone_answers(text: str, answer: str) -> None:
    assert parse(text).notes[0].answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "path = /usr\nname = x y\nport = no\n",  # settings
        "Bob - hello\nEve = hi\nAnn - bye\n",
        "8:00 - up\n9:00 - work\n12:00 - food\n",
        "A poem\n  goes on.\n\nIt is not a list of terms at all.\n",
        "- Part 1\n  - Why a?\n    - So.\n- Part 2\n  - b\n",
    ],
)
def test_what_only_looks_like_terms_is_none(text: str) -> None:
    assert parse(text).notes == ()


def test_no_lines_are_no_notes() -> None:
    assert prose.parse_lines([], [], PATH) == Foreign(())


def test_what_may_be_a_choice_without_its_answer_is_told() -> None:
    found = parse("## Which one is it?\n\n- A: the first\n- B: the second\n")
    assert [note.answer for note in found.notes] == ["- A: the first\n- B: the second"]
    assert [(one.line, one.message) for one in found.problems] == [
        (1, "the options below this question may be a choice: they are read as its answer")
    ]


def test_schedules_of_logseq_are_told() -> None:
    card = "- What is {}? #card\n  card-next-schedule:: 2026-12-05\n  card-repeats:: 4\n\t- It.\n"
    found = parse(card.format("a") + card.format("b"))
    assert [(note.question, note.answer) for note in found.notes] == [
        ("What is a?", "- It."),
        ("What is b?", "- It."),
    ]
    (told,) = found.problems
    assert (told.line, told.message) == (2, "the schedule of this card and of 1 more is not read")


def test_cards_of_programs_that_keep_notes_as_lists() -> None:
    text = (
        "- The capital of {{cloze France}} is {{cloze Paris\\\\a city}}. #card\n  id:: 64a\n"
        "- What is a trie? #card\n  card-ease-factor:: 2.5\n\t- A tree\n\t  collapsed:: true\n"
        "\t- of letters\n\t\t```\n\t\tid:: x\n\t\t```\n"
        "- The {{c2 heart}} moves {{c1::blood}} by {{c2::beats}}\n- {{embed ((64a))}}\n"
        "- Fruits >>>\n    - apple\n- Steps >>1.\n    - first\n    - then\n"
        "- Nuts :::\n    - almond\n- Roots ;;;\n    - beet\n- Type >>> there\n"
        "- Heap #card\n    - An array.\n"
    )
    found = parse(text)
    assert [(note.question, note.answer) for note in found.notes] == [
        ("", "The capital of ==France=={#c1} is ==Paris=={#c2} (a city)."),
        ("What is a trie?", "- A tree\n- of letters\n    ```\n    id:: x\n    ```"),
        ("", "The heart moves ==blood=={#c1} by beats"),
        ("The […] moves blood by […]", "The **heart** moves blood by **beats**"),
        ("Fruits", "- apple"),
        ("Steps", "- first\n- then"),
        ("Nuts", "- almond"),
        ("Roots", "- beet"),
        ("Heap", "- An array."),
    ]
    hides = [note.card is CardStyle.CLOZE for note in found.notes]
    assert hides == [True, False, True, *[False] * 6]
    assert [one.line for one in found.problems] == [12, 22]


def test_a_question_that_is_asked_twice_is_kept_twice_if_the_answers_differ() -> None:
    found = parse("## What?\n\nThis.\n\n## **What?**\n\nThat.\n").notes
    assert [(note.guid, note.answer) for note in found] == [
        ("question: what?", "This."),
        ("question: what? (2)", "That."),
    ]


@pytest.mark.parametrize(("data", "why"), [(b"\xff?", "not UTF-8 text"), (b"a?\0", "has a NUL")])
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(data)
    with pytest.raises(StudyError, match=why):
        prose.read(path)


# Laws

WORDS = st.integers(0, 10**6).map(lambda number: f"w{number}")
MARKS = st.sampled_from(
    [
        *(
            "# ",
            "### ",
            "1. ",
            "12: ",
            "- ",
            "> ",
            "    - ",
            "\t",
            "**",
            "Q: ",
            "A: ",
            "| ",
            "",
            "",
        ),
        *("Answer: ", "00:12:30 ", "```", "'''", "<details>", "<p>", "T/F: ", "- [ ] ", "a - "),
        *("### A: ", "- A: ", "- B: ", "Answers: 1a, 2b, ", "## Answers\n\n1. ", "<aside>", "q: "),
    ]
)
ENDS = st.sampled_from(
    ["?", "?**", ".", ":", " - ", "|", " → x", "", "</details>", "</p>", "\n\n---"]
)
LINES = st.tuples(MARKS, WORDS, ENDS, st.sampled_from(["", "\n"])).map("".join)


def told(found: Foreign) -> set[int]:
    """The lines that problems speak of."""
    lines = set[int]()
    for problem in found.problems:
        upto = re.search(r"up to line (\d+)", problem.message)
        lines.update(range(problem.line, int(upto[1]) + 1 if upto else problem.line + 1))
    return lines


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(LINES, max_size=25))
def test_every_word_is_read_or_told_with_its_line(pieces: list[str]) -> None:
    """But for headings that ask nothing: they say where something is, and are no knowledge."""
    text = "\n".join(pieces)
    found = parse(text)
    said = "\n".join(
        [part for note in found.notes for part in (note.question, note.answer)]
        + [f"{note.title}\n{note.text}" for note in found.lecture]
    )
    lines = told(found)
    for number, line in enumerate(text.split("\n"), 1):
        for word in re.findall(r"\bw\d+\b", line):
            assert re.search(rf"{word}\b", said) or number in lines or line.startswith("#")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(LINES, max_size=25))
def test_no_question_is_made_of_code(pieces: list[str]) -> None:
    text = "\n".join(pieces).replace("`", "").replace("<", "")
    assert parse(f"```\n{text}\n```\n").notes == ()


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    """What took hours if it were quadratic is read; nothing here is timed."""
    blanks = " " * 4000
    for text in (f"Q{blanks}x", f"**Q{blanks}x", f"**question{blanks}x\n\n**answer{blanks}x"):
        parse(text)
    for piece in (
        "[",
        "`" * 9,
        "**a",
        "T/F ",
        "<details>\n",
        "1. a?\n",
        "- a?\n> b\n",
        "_ ",
        "> Q: a\n> A: b\n",
        "<!-- ",
        "Answers:\n\n1. a\n\n",
        "[a]\n",
        ":P:\n",
        "a?::\n",
        "A: a\nQ: b?\n\n",
        "**a?** b\n",
        "Card 1\nQ: a?\n",
        "a. b?\n c\n",
        ":::x a?\n:::\n",
        '??? "a?"\n\n',
        "Answer\n--\n",
        "x? Run ",
    ):
        parse("1. Why?\n" + piece * (40_000 // len(piece)))
        if piece[-2:] in (":\n", "]\n"):
            for head in ("#+title: x\n\n* a :drill:\n", "== a\n\n[qanda]\nb::\n"):
                parse(head + piece * (40_000 // len(piece)))
    for deeper in ("  ", "\t", "> "):
        parse("".join(f"{deeper * depth}- a {depth}?\n" for depth in range(700)))


def test_a_long_file_may_begin_with_its_contents_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("See [above](#a).\n\n" * 5_000 + "## What?\n\nThis.\n")
    name, found = formats.read(path)
    assert (name, [note.question for note in found.notes]) == ("notes", ["What?"])


def test_a_paragraph_hides_what_has_the_marks_of_anki() -> None:
    text = (
        "The {{c1::heart}} pumps\n{{c2::blood::a fluid}}.\n\nCode `{{c1::x}}` is none.\n\n"
        "## What is it?\n\nAn {{c1::answer}}.\n"
    )
    found = parse(text)
    assert [(note.question, note.answer, note.card) for note in found.notes] == [
        ("", "The ==heart=={#c1} pumps\n==blood=={#c2} (a fluid).", CardStyle.CLOZE),
        ("What is it?", "An {{c1::answer}}.", CardStyle.ANSWER),
    ]
    assert [one.line for one in found.problems] == [4]


def test_the_items_of_a_list_hide_what_has_the_marks_of_anki() -> None:
    """Numbered ones, too, be it a question that hides something; but not what stands in code."""
    text = (
        "1. What is a {{c1::heart}}?\n2. It pumps {{c1::blood}}.\n3. What is `{{c1::x}}`?\n   It.\n"
    )
    assert [(note.question, note.answer) for note in parse(text).notes] == [
        ("", "What is a ==heart=={#c1}?"),
        ("", "It pumps ==blood=={#c1}."),
        ("What is `{{c1::x}}`?", "It."),
    ]
    for mark in ("1.", "-"):
        found = hashcards.parse(f"Q: a?\nA: b.\n\n{mark} It {{{{c1::c}}}}.\n", PATH)
        assert [(one.line, one.message) for one in found.problems] == [(4, unread.MAY_BE_A_NOTE)]


@pytest.mark.parametrize(
    ("text", "hides", "asks"),
    [
        (
            "{{c1::Mito}} make {{c1::ATP}}.",
            "",
            [("[…] make […].", "**Mito** make **ATP**.")],
        ),
        (
            "A {{c1,3::place::h}} and {{c2::more}} `{{c4::x}}`",
            "A ==place=={#c1} (h) and ==more=={#c2} `{{c4::x}}`",
            [("A […] (h) and more `{{c4::x}}`", "A **place** and more `{{c4::x}}`")],
        ),
        (
            "- N {{c1::outer {{c2::in}} \\*more\\*}} text",
            "N outer ==in=={#c2} \\*more\\* text",
            [("N […] text", "N <b>outer in \\*more\\*</b> text")],
        ),
        (
            "{{c2::f::g}}(x) is\n{{c1::two\nlines}} ==hl==",
            "==f=={#c2} (g)(x) is\ntwo\nlines =\\=hl=\\=",
            [("f(x) is\n[…] =\\=hl=\\=", "f(x) is\n<b>two\nlines</b> =\\=hl=\\=")],
        ),
    ],
)
def test_what_a_paragraph_cannot_hide_as_one_text_is_asked(
    text: str, hides: str, asks: list[tuple[str, str]]
) -> None:
    """As in a package of Anki's: two places of a number, one of two numbers, one in another."""
    found = parse(f"{text}\n")
    whole = [("", hides)] if hides else []
    assert [(note.question, note.answer) for note in found.notes] == [*whole, *asks]
    assert found.problems == ()
    cards = [one.card is CardStyle.CLOZE for one in found.notes]
    assert cards == [*[True] * bool(hides), *[False] * len(asks)]


def test_a_mark_that_hides_nothing_is_told_with_its_words() -> None:
    (told,) = parse("An {{c1, 3::x}} and {{c2::y}}.\n").problems
    assert (told.line, told.message) == (1, "{{c1, 3::x}}: this hides nothing, in Anki neither")
    twice = "".join(f"{{{{c{nth}::a}}}} {{{{c{nth}::{'x' * 3000}}}}} " for nth in range(1, 60))
    found = parse(f"{twice}\n")
    (told,) = found.problems
    assert len(found.notes) == 5
    assert told.message == "too long to be asked 54 times more, which is left out"


@pytest.mark.parametrize("sign", ["|", " | ", ">>", ">> ", " >> "])
@pytest.mark.parametrize("mark", ["", "- "])
def test_a_line_asks_before_a_bar_or_an_arrow_and_answers_behind(mark: str, sign: str) -> None:
    found = parse(f"{mark}What is X?{sign}One\n{mark}What is Y?{sign}two things\n")
    assert [(note.question, note.answer) for note in found.notes] == [
        ("What is X?", "One"),
        ("What is Y?", "two things"),
    ]
    assert parse(f"{mark}What is P(X=?|Y)\n").notes == ()


def test_sides_that_a_program_parts_both_ways_are_terms() -> None:
    found = parse("- Front <> Back\n- Left <> Right\n")
    assert [(note.question, note.answer) for note in found.notes] == [
        ("Front", "Back"),
        ("Left", "Right"),
    ]


@pytest.mark.parametrize("line", ["**Force**: a push", "**Momentum**:: mass", "- Front <> Back"])
def test_what_may_be_a_term_is_told_with_what_has_it_read(line: str) -> None:
    text = f"# Physics\n\n{line}\n\nThis is only said.\n\n**Note**: so is this.\n"
    assert [(one.line, "may define a term" in one.message) for one in parse(text).problems] == [
        (3, True),
        (5, False),
    ]
    assert parse(text.replace("Physics", "Glossary")).notes[0].line == 3


def test_rows_of_quizlet_end_with_a_sign_that_is_no_meaning() -> None:
    found = parse("loss - an error;\nfit - to train;\nstep - a; change;\n")
    assert [note.answer for note in found.notes] == ["an error", "to train", "a; change"]
