"""What the language server answers, without a client: from documents to texts and places."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.language_server.completion import complete
from archc.language_server.cursor import gaps
from archc.language_server.definition import definition
from archc.language_server.hints import hints
from archc.language_server.hover import hover
from archc.language_server.positions import Positions
from archc.language_server.rename import CannotRename, rename, renamed_at
from archc.language_server.session import Session
from archc.language_server.versions import carried
from archc.resources import specs_folder
from archc.source.splice import Splices
from tests.strategies import examples, specs

SPEC = """\
use: [blocks/mine.yaml]
args: {width: 8}
input: [32, 32, 3]
define:
  pair:
    args: {filters: required, stride: 1}
    steps:
    - {id: first, conv: {filters: =filters, kernel: 3, stride: =}}
    - {conv: {filters: =first.channels, kernel: 3}}
    - add: {direct: [from: first], other: []}
stem:
- {id: entry, conv: {filters: =width, kernel: 3, bias: false}}     # → ⊕ 𝒞
- {conv: {filters: =2 * entry.channels, kernel: 1}}
learner:
  block: pair
  stride_policy: 2
  groups: [{filters: 16, blocks: 2}, {filters: 32}]
task:
- {id: deep, relu: }
- {from: entry, relu: }
- {repeat: 2, twice: 4}
- {id: pool, global_avg_pool: }
outputs: [entry, deep, pool]
"""

LIBRARY = """\
define:
  twice:
    args: {filters: required}
    steps:
    - {id: inner, conv: {filters: =, kernel: 3}}
    - {id: outer, conv: {filters: =inner.channels, kernel: 1}}
"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session with the spec and its library open; on the disk there is neither."""
    session = Session((tmp_path,))
    (tmp_path / "blocks").mkdir()
    session.put(tmp_path / "net.yaml", SPEC)
    session.put(tmp_path / "blocks" / "mine.yaml", LIBRARY)
    yield session
    session.close_all()


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return tmp_path / "net.yaml"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "blocks" / "mine.yaml"


def codes(session: Session, path: Path) -> list[str]:
    return [found.code for found in session.document(path).problems()]


def changed(session: Session, path: Path, old: str, new: str) -> str:
    """The document with a text replaced."""
    text = session.document(path).text
    assert old in text
    session.put(path, text.replace(old, new, 1))
    return session.document(path).text


def told(session: Session, path: Path, word: str, shift: int = 1) -> str:
    found = hover(session, path, session.document(path).text.index(word) + shift)
    return found.text if found is not None else ""


def hinted(session: Session, path: Path) -> dict[str, str]:
    """The hints by the text of the line before them."""
    text = session.document(path).text
    found = hints(session, path)
    return {text[: hint.offset].rpartition("\n")[2].strip(): hint.text for hint in found}


def completed(session: Session, path: Path, marked: str) -> dict[str, str]:
    """What may stand at `|`."""
    offset = marked.index("|")
    session.put(path, marked.replace("|", "", 1))
    found = complete(session, path, offset)
    return {item.word: item.text for item in found.items}


class TestProblems:
    def test_a_right_spec_has_none(self, session: Session, net: Path, mine: Path) -> None:
        assert codes(session, net) == []
        assert codes(session, mine) == []

    def test_what_is_typed_counts_not_what_is_saved(self, session: Session, net: Path) -> None:
        net.write_text("input: [8, 8, 3]\nstem: [unknown]\n", encoding="utf-8")
        assert codes(session, net) == []
        changed(session, net, "kernel: 3", "kernle: 3")
        assert codes(session, net) == ["unknown-attribute"]

    def test_a_change_of_the_library_counts(self, session: Session, net: Path, mine: Path) -> None:
        assert codes(session, net) == []
        changed(session, mine, "twice:", "thrice:")
        assert codes(session, net) == ["unknown-verb"]

    def test_a_library_is_checked_by_itself(self, session: Session, mine: Path) -> None:
        changed(session, mine, "=inner", "=iner")
        (found,) = session.document(mine).problems()
        assert found.code == "unknown-name"
        assert found.span is not None
        assert found.span.text == "iner"
        assert session.document(mine).real(found.span.source) == mine

    def test_all_variants_are_checked(self, session: Session, net: Path) -> None:
        wrong = "\nvariants: {right: {}, wrong: {width: none}}\ninput: [32"
        changed(session, net, "\ninput: [32", wrong)
        found = session.document(net).problems()[0]
        assert found.code == "wrong-type"
        assert found.notes == ("at the variant `wrong`",)

    def test_contracts_are_checked(self, session: Session, net: Path) -> None:
        changed(session, net, "outputs:", "expect: {params: 1}\noutputs:")
        assert codes(session, net) == ["contract"]

    def test_how_images_enter_is_checked(self, session: Session, net: Path) -> None:
        changed(session, net, "task:", "preprocess: {mode: torch, std: 0}\ntask:")
        (found,) = session.document(net).problems()
        assert (found.code, found.span and found.span.text) == ("wrong-type", "0")
        changed(session, net, "std: 0", "size: 32")
        assert codes(session, net) == []

    @pytest.mark.parametrize("text", ["", "services: {web: {image: nginx}}\n", "- 1\n"])
    def test_a_file_of_something_else_is_left_alone(
        self, session: Session, net: Path, text: str
    ) -> None:
        session.put(net, text)
        assert session.document(net).kind == "other"
        assert hints(session, net) == []
        assert hover(session, net, 0) is None

    def test_nothing_is_written_beside_the_documents(
        self, session: Session, net: Path, mine: Path
    ) -> None:
        codes(session, net)
        codes(session, mine)
        assert list(net.parent.rglob("*.yaml")) == []

    def test_every_shipped_file_is_right(self) -> None:
        session = Session((specs_folder(),))
        paths = sorted(specs_folder().rglob("*.yaml"))
        for path in paths:
            session.put(path, path.read_text(encoding="utf-8"))
        assert {path.name: codes(session, path) for path in paths if codes(session, path)} == {}
        session.close_all()


class TestHover:
    def test_a_step_tells_its_shape_and_costs(self, session: Session, net: Path) -> None:
        # 3·3·3·8 weights, each at 32·32 positions.
        text = told(session, net, "conv: {filters: =width")
        assert "A convolution" in text
        assert "**32×32×8**" in text
        assert "216 parameters, 221,184 MACs" in text

    def test_an_attribute_tells_what_it_is(self, session: Session, net: Path) -> None:
        text = told(session, net, "bias: false")
        assert "Whether a learned number is added to each channel" in text
        assert "**32×32×8**" in text

    def test_a_step_of_a_block_tells_all_its_uses(self, session: Session, net: Path) -> None:
        text = told(session, net, "conv: {filters: =filters")
        assert "**16×16×16, 8×8×32**" in text
        assert "3 times" in text

    def test_a_row_tells_its_group(self, session: Session, net: Path) -> None:
        assert "`group` → **8×8×32**" in told(session, net, "32}]")

    def test_a_step_of_a_library_is_that_of_the_spec(self, session: Session, mine: Path) -> None:
        text = told(session, mine, "conv: {filters: =,")
        assert "**32×32×4**, 2 times" in text

    def test_a_key_tells_what_it_is(self, session: Session, net: Path) -> None:
        assert "which stride each group has" in told(session, net, "stride_policy").lower()

    def test_a_comment_tells_nothing(self, session: Session, net: Path) -> None:
        assert told(session, net, "⊕") == ""

    @pytest.mark.parametrize("word", ["use", "args", "input", "outputs"])
    def test_what_is_no_step_tells_no_shape(self, session: Session, net: Path, word: str) -> None:
        assert "×" not in told(session, net, word)

    def test_the_id_of_a_step_is_its_step(self, session: Session, net: Path) -> None:
        assert "**32×32×8**" in told(session, net, "id: entry", 5)

    def test_where_a_line_is_wrong_the_others_tell_theirs(
        self, session: Session, net: Path
    ) -> None:
        changed(session, net, "pool, global_avg_pool: }", "pool, global_avg_pool: ")
        assert session.document(net).tree is None
        assert "**32×32×8**" in told(session, net, "conv: {filters: =width")
        changed(session, net, "pool, global_avg_pool: ", "pool, global_avg_pol: }")
        assert "**32×32×8**" in told(session, net, "conv: {filters: =width")


class TestHints:
    def test_each_line_has_its_shape(self, session: Session, net: Path) -> None:
        found = hinted(session, net)
        assert found["- {id: entry, conv: {filters: =width, kernel: 3, bias: false}}"] == "32×32×8"
        assert found["- add: {direct: [from: first], other: []}"] == "16×16×16, 8×8×32"
        assert found["groups: [{filters: 16, blocks: 2}, {filters: 32}]"] == "16×16×16"
        assert found["- {repeat: 2, twice: 4}"] == "32×32×4"
        assert found["- {id: pool, global_avg_pool: }"] == "4"

    def test_they_are_those_of_the_graph(self) -> None:
        path = specs_folder() / "resnet50.yaml"
        session = Session()
        session.put(path, path.read_text(encoding="utf-8"))
        found = hinted(session, path)
        assert found["- {filters: 512, blocks: 3}"] == "7×7×2048"
        assert [shape for line, shape in found.items() if "avg_pool" in line] == ["2048"]
        session.close_all()

    @pytest.mark.parametrize(
        "broken", ["- {conv: {", "- conv: [", "- {relu: , conv: 3}", "- rellu"]
    )
    def test_where_a_line_is_broken_the_others_keep_theirs(
        self, session: Session, net: Path, broken: str
    ) -> None:
        before = hinted(session, net)
        changed(session, net, "outputs:", f"{broken}\noutputs:")
        after = hinted(session, net)
        lost = before.items() - after.items()
        assert {line for line, _ in lost} <= {"task:"}

    def test_a_spec_that_was_never_right_has_what_can_be_told(
        self, session: Session, net: Path
    ) -> None:
        other = net.with_name("other.yaml")
        session.put(
            other, SPEC.replace("pool, global_avg_pool: ", "pool, conv: {filters: 0, kernel: 3}")
        )
        assert codes(session, other) == ["wrong-type"]
        assert hinted(session, other)["- {repeat: 2, twice: 4}"] == "32×32×4"


START = "use: [blocks/mine.yaml]\nargs: {width: 8}\ninput: [8, 8, 3]\n"


class TestCompletion:
    @pytest.mark.parametrize(
        ("marked", "some", "none"),
        [
            (f"{START}stem:\n- |", {"conv", "relu", "add", "twice", "id", "from"}, {"filters"}),
            (f"{START}stem:\n- co|\ntask: [relu]", {"conv", "concat", "twice"}, {"filters"}),
            (f"{START}stem: [re|]", {"relu", "twice"}, set()),
            (f"{START}stem:\n- {{|", {"conv", "when", "twice"}, {"filters"}),
            (f"{START}stem:\n- {{conv: {{|", {"filters", "kernel"}, {"id", "conv"}),
            (f"{START}stem:\n- {{conv: {{filters: 3, |}}}}", {"kernel"}, {"filters"}),
            (f"{START}stem:\n- conv:\n    filters: 3\n    |\n", {"kernel"}, {"filters"}),
            (f"{START}stem:\n- {{twice: {{|", {"filters"}, {"kernel"}),
            (f"{START}stem:\n- conv: {{padding: |", {"same", "symmetric"}, {"relu"}),
            (f"{START}stem:\n- conv: {{bias: |", {"true", "false"}, set()),
            (f"{START}learner:\n  |", {"block", "stride_policy", "filters"}, {"conv"}),
            (f"{START}learner:\n  block: |", {"twice", "conv"}, {"add"}),
            (f"{START}learner: {{stride_policy: {{|", {"first_group", "on"}, {"filters"}),
            (f"{START}learner:\n  groups:\n  - {{|", {"filters", "blocks"}, {"scaling"}),
            (f"{START}|", {"stem", "learner", "expect"}, {"input", "conv"}),
            (f"{START}defaults: {{conv: {{|", {"padding"}, {"conv"}),
            (f"{START}expect: {{|", {"params", "macs"}, {"conv"}),
            (f"{START}variants: {{small: {{|", {"width", "expect"}, {"conv"}),
            (f"{START}define:\n  one:\n    |", {"args", "steps", "outputs"}, {"conv"}),
            ("use: [|", {"blocks/residual.yaml"}, {"conv"}),
        ],
    )
    def test_keys_and_words(
        self, session: Session, net: Path, marked: str, some: set[str], none: set[str]
    ) -> None:
        found = completed(session, net, marked)
        assert some <= found.keys()
        assert not none & found.keys()

    @pytest.mark.parametrize(
        ("marked", "some", "none"),
        [
            ("- {from: |, relu: }", {"entry", "input"}, {"late", "width", "true"}),
            ("- {conv: {filters: =|", {"width", "entry", "max", "here"}, {"late", "conv"}),
            ("- {conv: {filters: =2 * en|", {"entry"}, {"late"}),
            ('- {conv: {filters: "=max(1, |', {"width", "entry", "ceil"}, {"conv"}),
            ("- {conv: {filters: =entry.|", {"channels", "height"}, {"width_", "entry"}),
            ("- {id: a$(repeat.|", {"number", "last"}, {"channels"}),
            ("- conv:\n    filters: =min(|", {"width", "entry"}, {"kernel"}),
        ],
    )
    def test_names_in_scope(
        self, session: Session, net: Path, marked: str, some: set[str], none: set[str]
    ) -> None:
        text = f"{START}stem:\n- {{id: entry, relu: }}\n{marked}\n- {{id: late, relu: }}\n"
        found = completed(session, net, text)
        assert some <= found.keys()
        assert not none & found.keys()

    def test_a_block_has_names_of_its_own(self, session: Session, mine: Path) -> None:
        found = completed(session, mine, LIBRARY.replace("=inner.channels", "=|"))
        assert {"filters", "inner", "input"} <= found.keys()
        assert "outer" not in found

    def test_what_completes_is_explained(self, session: Session, net: Path) -> None:
        found = completed(session, net, f"{START}stem:\n- {{|")
        assert found["conv"].startswith("A convolution")
        assert found["repeat"].startswith("does the step n times")

    def test_no_prefix_of_a_spec_breaks_it(self, session: Session, net: Path) -> None:
        text = session.document(net).text
        for offset in range(0, len(text), 3):
            session.put(net, text[:offset])
            complete(session, net, offset)
            hover(session, net, max(offset - 1, 0))
            hints(session, net)

    def test_where_there_is_a_gap(self) -> None:
        (gap,) = gaps("a: it's [b\nc: {d: [1, {e: 'x]', ")
        assert (gap.path, gap.is_key, gap.siblings) == (("c", "d", 1), True, {"e"})


class TestDefinition:
    @pytest.mark.parametrize(
        ("word", "shift", "found"),
        [
            ("block: pair", 8, "pair:\n"),
            ("=filters", 2, "filters: required, stride: 1"),
            ("stride: =", 8, "stride: 1}"),
            ("=first.channels", 2, "first, conv"),
            ("from: first", 8, "first, conv"),
            ("=width", 2, "width: 8}"),
            ("2 * entry", 5, "entry, conv"),
            ("from: entry", 8, "entry, conv"),
            ("[entry,", 2, "entry, conv"),
        ],
    )
    def test_in_the_document(
        self, session: Session, net: Path, word: str, shift: int, found: str
    ) -> None:
        document = session.document(net)
        target = definition(document, document.text.index(word) + shift)
        assert target is not None
        assert target.path == net
        assert document.text[target.span.start :].startswith(found)

    def test_of_a_block_in_a_library(self, session: Session, net: Path, mine: Path) -> None:
        document = session.document(net)
        target = definition(document, document.text.index("twice: 4") + 1)
        assert target is not None
        assert target.path == mine
        assert LIBRARY[target.span.start :].startswith("twice:")

    def test_of_an_arg_of_a_library(self, session: Session, net: Path, mine: Path) -> None:
        text = changed(session, net, "twice: 4", "twice: {filters: 4}")
        target = definition(session.document(net), text.index("{filters: 4}") + 2)
        assert target is not None
        assert target.path == mine
        assert LIBRARY[target.span.start :].startswith("filters: required")

    def test_of_a_file(self, session: Session, net: Path) -> None:
        text = changed(session, net, "use: [blocks/mine.yaml]", "use: [blocks/residual.yaml]")
        target = definition(session.document(net), text.index("residual") + 1)
        assert target is not None
        assert target.path == specs_folder() / "blocks" / "residual.yaml"

    def test_of_an_id_in_a_spec_that_is_extended(self, session: Session, net: Path) -> None:
        session.put(net, "extends: resnet50.yaml\ntask:\n- {from: conv1, relu: }\n")
        target = definition(session.document(net), session.document(net).text.index("conv1") + 1)
        assert target is not None
        assert target.path == specs_folder() / "resnet50.yaml"
        assert target.span.text == "conv1"

    def test_what_is_no_name_has_none(self, session: Session, net: Path) -> None:
        document = session.document(net)
        assert definition(document, document.text.index("false") + 1) is None


def renamed(session: Session, path: Path, word: str, shift: int, name: str) -> dict[Path, str]:
    document = session.document(path)
    found = {}
    for file, edits in rename(document, document.text.index(word) + shift, name).items():
        splices = Splices(session.document(file).text)
        for edit in edits:
            splices.replace(edit.span, edit.text)
        found[file] = splices.result()
    return found


class TestRename:
    @pytest.mark.parametrize(("word", "shift"), [("id: entry", 5), ("2 * entry", 5), ("[entry", 2)])
    def test_everywhere_in_its_body(
        self, session: Session, net: Path, word: str, shift: int
    ) -> None:
        assert renamed(session, net, word, shift, "begin") == {net: SPEC.replace("entry", "begin")}

    def test_in_a_block_alone(self, session: Session, net: Path) -> None:
        text = changed(session, net, "id: entry", "id: first")
        text = changed(session, net, "from: first]", "from: first], third: [from: first]")
        (after,) = renamed(session, net, "id: first", 5, "begin").values()
        block = text[: text.index("stem:")]
        assert after == text.replace(block, block.replace("first", "begin"))

    def test_the_network_stays_the_same_but_for_names(self, session: Session, net: Path) -> None:
        before = session.document(net).outcome.graph
        session.put(net, renamed(session, net, "id: entry", 5, "begin")[net])
        after = session.document(net).outcome.graph
        assert before is not None
        assert after is not None
        assert [node.name.replace("entry", "begin") for node in before] == [n.name for n in after]
        assert [node.shape for node in before] == [node.shape for node in after]

    def test_a_lone_sign(self, session: Session, net: Path) -> None:
        text = START + "stem:\n- {id: kernel, relu: }\n- {conv: {filters: 8, kernel: =kernel.rank}}"
        session.put(net, text.replace("=kernel.rank", "="))
        (after,) = renamed(session, net, "id: kernel", 5, "begin").values()
        assert after.endswith("kernel: =begin}}")

    def test_the_keys_of_groups_are_no_ids_in_scaling(self, session: Session, net: Path) -> None:
        changed(session, net, "id: entry", "id: filters")
        scaling = "scaling: {filters: =filters * 2}\n  stride_policy"
        changed(session, net, "stride_policy", scaling)
        (after,) = renamed(session, net, "id: filters", 5, "begin").values()
        assert "{filters: =filters * 2}" in after

    @pytest.mark.parametrize("name", ["", "two words", "input", "group", "1st", "width"])
    def test_a_name_that_will_not_do(self, session: Session, net: Path, name: str) -> None:
        with pytest.raises(CannotRename):
            renamed(session, net, "id: entry", 5, name)

    def test_a_name_that_is_taken(self, session: Session, net: Path) -> None:
        with pytest.raises(CannotRename, match="another id"):
            renamed(session, net, "id: entry", 5, "pool")

    def test_an_id_of_a_shipped_spec(self, session: Session, net: Path) -> None:
        session.put(net, "extends: resnet50.yaml\ntask:\n- {from: conv1, relu: }\n")
        with pytest.raises(CannotRename, match="ships with archc"):
            renamed(session, net, "conv1", 1, "begin")

    @pytest.mark.parametrize("word", ["conv:", "width: 8", "pair:", "32, 32", "global_avg_pool"])
    def test_what_is_no_id(self, session: Session, net: Path, word: str) -> None:
        document = session.document(net)
        assert renamed_at(document, document.text.index(word) + 1) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_places_are_counted_as_the_client_does(encoding: str) -> None:
    text = "a: ü\r\nb: 𝒞x # →\n\nc"
    positions = Positions(text, encoding)
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    for offset in range(len(text) + 1):
        line, column = positions.position(offset)
        assert line == text.count("\n", 0, offset)
        before = text[:offset].rpartition("\n")[2]
        assert column == len(before.encode(codec)) // width
        if text[offset - 1 : offset + 1] != "\r\n":
            assert positions.offset(line, column) == offset
    assert positions.offset(0, 99) == text.index("\r")
    assert positions.offset(99, 0) == len(text)


def test_offsets_in_another_version() -> None:
    here, there = "one two three", "one 2 or two three"
    assert carried(1, here, there) == 1
    assert carried(here.index("three"), here, there) == there.index("three")
    assert carried(3, "a b1 c", "a b2 c") is None


def test_resnet152_is_answered_at_once() -> None:
    """Every answer to a new version of the text, in time of the processor."""
    path = specs_folder() / "resnet152.yaml"
    text = path.read_text(encoding="utf-8")
    session = Session()
    asked = {
        "hints": lambda: hints(session, path),
        "hover": lambda: hover(session, path, text.index("groups") + 1),
        "completion": lambda: complete(session, path, text.index("groups") + 1),
        "definition": lambda: definition(session.document(path), text.index("resnet50") + 1),
        "problems": lambda: session.document(path).problems(),
    }
    best = dict.fromkeys(asked, 1.0)
    for turn in range(6):
        for name, ask in asked.items():
            session.put(path, f"{text}\n# {turn} {name}\n")
            start = time.process_time()
            ask()
            best[name] = min(best[name], time.process_time() - start)
    session.close_all()
    assert {name: seconds for name, seconds in best.items() if seconds > 0.05} == {}


@given(specs(), st.data())
@examples(15)
def test_random_specs_are_answered(text: str, data: st.DataObject) -> None:
    """Whatever the place, each question has an answer; an id renamed changes names alone."""
    session, path = Session(), Path.cwd() / "random.yaml"
    session.put(path, text)
    offset = data.draw(st.integers(0, len(text)))
    document = session.document(path)
    graph = document.outcome.graph
    assert graph is not None
    shapes = {str(node.shape) for node in graph} | {"…"}
    assert {part for hint in hints(session, path) for part in hint.text.split(", ")} <= shapes
    hover(session, path, offset)
    definition(document, offset)
    ids = [match.start(1) for match in re.finditer(r"\bid: (\w)", text)]
    ids = [found for found in ids if renamed_at(document, found)]
    if ids:
        edits = rename(document, data.draw(st.sampled_from(ids)), "renamed_by_hand")[path]
        splices = Splices(text)
        for edit in edits:
            splices.replace(edit.span, edit.text)
        session.put(path, splices.result())
        after = session.document(path).outcome.graph
        assert after is not None
        assert [node.shape for node in after] == [node.shape for node in graph]
    complete(session, path, min(offset, len(session.document(path).text)))
    session.close_all()


def test_the_answers_need_neither_the_protocol_nor_a_framework() -> None:
    modules = ("completion", "definition", "hints", "hover", "rename", "session")
    imports = "\n".join(f"import archc.language_server.{name}" for name in modules)
    script = f"{imports}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(done.stdout.split())
    assert "archc" in loaded
    assert not loaded & {"pygls", "lsprotocol", "keras", "tensorflow", "torch", "numpy"}
