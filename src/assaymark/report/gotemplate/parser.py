"""From the words of a template to the tree that carries it out (text/template/parse).

Variables get their places here: a variable lives from its declaration to the end of the block around it, so a template
needs as many places as it ever has variables at once. Functions must exist, pipelines make sense, and blocks end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from assaymark.report.gotemplate.constants import number_of, text_of
from assaymark.report.gotemplate.expressions import (
    Access,
    AndOr,
    Call,
    Dot,
    Expression,
    Literal,
    Pipeline,
    Variable,
)
from assaymark.report.gotemplate.lexer import SyntaxProblem, Token, tokens
from assaymark.report.gotemplate.statements import (
    Action,
    Body,
    Choice,
    Definition,
    Invocation,
    Jump,
    Leave,
    Range,
    Statement,
    Text,
)
from assaymark.report.gotemplate.values import Function

MAIN: Final = ""
_OPERANDS: Final = frozenset(
    {"bool", "char", "dot", "field", "word", "number", "nil", "raw", "string", "variable", "open"}
)
_CALLABLE: Final = (Access, AndOr, Call)


def parse(source: str, functions: Mapping[str, Function], *, depth: int) -> dict[str, Definition]:
    """The templates of a file by their names; `MAIN` is what stands outside of definitions.

    Raises:
        SyntaxProblem: it is no template, or it calls what is not there.
    """
    parser = _Parser(list(tokens(source)), functions, depth)
    parser.definitions[MAIN] = parser.definition(MAIN)
    return parser.definitions


class _Parser:
    def __init__(self, words: list[Token], functions: Mapping[str, Function], depth: int) -> None:
        self._words = words
        self._place = 0
        self._functions = functions
        self._variables = ["$"]
        self._slots = 1
        self._loops = 0
        self._depth = depth
        self._level = 0
        self.definitions: dict[str, Definition] = {}

    # statements

    def definition(self, name: str) -> Definition:
        """A template up to its end: that of the file for the main one, `{{end}}` for others."""
        outer = self._variables, self._slots, self._loops
        self._variables, self._slots, self._loops = ["$"], 1, 0
        body, end = self._body()
        if end.text != ("" if name == MAIN else "end"):
            raise SyntaxProblem(f"unexpected {_spoken(end)}", end.line)
        made = Definition(body, self._slots)
        self._variables, self._slots, self._loops = outer
        return made

    def _body(self) -> tuple[Body, Token]:
        """Statements up to `end`, `else` or the end of the file, which is the second value."""
        self._deeper(self._peek())
        statements: list[Statement] = []
        while True:
            word = self._next()
            if word.kind == "text":
                statements.append(Text(word.text))
                continue
            if word.kind == "end of file":
                break
            word = self._next_word()
            if word.kind == "keyword" and word.text in ("end", "else"):
                break
            if word.text == "define" and word.kind == "keyword":
                self._define(word)
            else:
                statements.append(self._keyword(word) if word.kind == "keyword" else self._action(word))
        self._level -= 1
        return Body(statements), word

    def _action(self, first: Token) -> Statement:
        self._place -= 1
        return Action(self._pipeline("command", "right"), first.line)

    def _keyword(self, word: Token) -> Statement:
        match word.text:
            case "if" | "with":
                return self._choice(word)
            case "range":
                return self._range(word)
            case "template":
                return self._invocation(word)
            case "block":
                return self._block(word)
        if not self._loops:
            raise SyntaxProblem(f"`{{{{{word.text}}}}}` outside of a `range`", word.line)
        self._expect("right", f"`{word.text}`")
        return Jump(Leave(word.text))

    def _choice(self, word: Token) -> Statement:
        known = len(self._variables)
        pipeline = self._pipeline(word.text, "right")
        body, end = self._body()
        otherwise = self._otherwise(word.text, end, word)
        del self._variables[known:]
        return Choice(pipeline, body, otherwise, looks=word.text == "with", line=word.line)

    def _range(self, word: Token) -> Statement:
        known = len(self._variables)
        pipeline = self._pipeline("range", "right")
        self._loops += 1
        body, end = self._body()
        self._loops -= 1
        otherwise = self._otherwise("range", end, word)
        del self._variables[known:]
        return Range(pipeline, body, otherwise, word.line)

    def _otherwise(self, keyword: str, end: Token, opened: Token) -> Body:
        """What stands behind `else`; `else if` and `else with` need no `end` of their own."""
        if end.kind == "end of file":
            raise SyntaxProblem(f"`{{{{{keyword}}}}}` without its `{{{{end}}}}`", opened.line)
        if end.text == "end":
            self._expect("right", "`end`")
            return Body(())
        following = self._peek_word()
        if following.kind == "keyword" and following.text == keyword and keyword != "range":
            self._next_word()
            self._deeper(following)
            chosen = self._choice(following)
            self._level -= 1
            return Body((chosen,))
        self._expect("right", "`else`")
        body, last = self._body()
        if last.kind != "keyword" or last.text != "end":
            raise SyntaxProblem(f"expected `{{{{end}}}}`, not {_spoken(last)}", last.line)
        self._expect("right", "`end`")
        return body

    def _invocation(self, word: Token) -> Statement:
        name = self._name("template")
        pipeline = None
        if self._peek_word().kind == "right":
            self._next_word()
        else:
            pipeline = self._pipeline("template", "right")
        return Invocation(name, pipeline, self.definitions, word.line)

    def _block(self, word: Token) -> Statement:
        name = self._name("block")
        pipeline = self._pipeline("block", "right")
        self.definitions[name] = self.definition(name)
        self._expect("right", "`end`")
        return Invocation(name, pipeline, self.definitions, word.line)

    def _define(self, word: Token) -> None:
        if self._level > 1:
            raise SyntaxProblem("`{{define}}` inside of another block", word.line)
        name = self._name("define")
        self._expect("right", "`define`")
        if name in self.definitions:
            raise SyntaxProblem(f"template `{name}` is defined twice", word.line)
        self.definitions[name] = self.definition(name)
        self._expect("right", "`end`")

    def _name(self, context: str) -> str:
        word = self._next_word()
        if word.kind not in ("string", "raw"):
            raise SyntaxProblem(f"`{context}` needs a name in quotation marks, not {_spoken(word)}", word.line)
        return str(self._constant(word))

    # expressions

    def _pipeline(self, context: str, end: str) -> Pipeline:
        names, declares = self._targets(context)
        commands: list[Expression] = []
        while True:
            word = self._peek_word()
            if word.kind == end:
                self._next_word()
                break
            if word.kind not in _OPERANDS:
                raise SyntaxProblem(f"unexpected {_spoken(word)} in {context}", word.line)
            commands.append(self._command(len(commands) + 1))
        if not commands:
            raise SyntaxProblem(f"missing value for {context}", word.line)
        if declares:  # only now, so that `$x := add $x 1` adds to the one before
            self._variables += [name.text for name in names]
            self._slots = max(self._slots, len(self._variables))
        return Pipeline(tuple(commands), tuple(map(self._slot, names)))

    def _targets(self, context: str) -> tuple[list[Token], bool]:
        """The variables in front of `:=` or `=`, and whether they are declared there."""
        names: list[Token] = []
        start = self._place
        while self._peek_word().kind == "variable" and len(names) < 2:
            names.append(self._next_word())
            if self._peek_word().kind != "comma":
                break
            comma = self._next_word()
            if context != "range" or len(names) == 2:
                raise SyntaxProblem(f"too many variables in {context}", comma.line)
            if self._peek_word().kind != "variable":
                raise SyntaxProblem("`range` can only declare or assign variables", comma.line)
        sign = self._peek_word().kind
        if not names or sign not in ("declare", "assign"):
            if len(names) > 1:
                raise SyntaxProblem("`range` can only declare or assign variables", names[0].line)
            self._place = start
            return [], False
        self._next_word()
        return names, sign == "declare"

    def _slot(self, word: Token) -> int:
        for slot in range(len(self._variables) - 1, -1, -1):
            if self._variables[slot] == word.text:
                return slot
        raise SyntaxProblem(f"variable `{word.text}` is not declared", word.line)

    def _command(self, stage: int) -> Expression:
        """Operands up to the pipe or the end; the first one decides what the others are for."""
        first_word = self._peek_word()
        first, *others = self._operands()
        if isinstance(first, (Access, AndOr, Call)):
            first.arguments = tuple(others)
            return first
        if others:
            raise SyntaxProblem(
                f"can't give an argument to {_spoken(first_word)}, which is not a function", first_word.line
            )
        if isinstance(first, Literal) and first.constant is None:
            raise SyntaxProblem("`nil` is not a command", first_word.line)
        if stage > 1:
            raise SyntaxProblem(
                f"{_spoken(first_word)} in stage {stage} of a pipeline is not a function", first_word.line
            )
        return first

    def _operands(self) -> list[Expression]:
        found: list[Expression] = []
        while True:
            word = self._peek_word()
            if word.kind not in _OPERANDS:
                break
            found.append(self._operand())
            word = self._next()
            if word.kind == "space":
                continue
            if word.kind != "pipe":
                if word.kind not in ("right", "close"):
                    raise SyntaxProblem(f"unexpected {_spoken(word)} behind an operand", word.line)
                self._place -= 1
            return found
        if word.kind == "pipe":
            self._next_word()
            if self._peek_word().kind not in _OPERANDS:
                raise SyntaxProblem("missing command behind `|`", word.line)
        elif word.kind not in ("right", "close"):
            raise SyntaxProblem(f"unexpected {_spoken(word)} behind an operand", word.line)
        return found

    def _operand(self) -> Expression:
        """A term and the fields behind it."""
        word = self._next_word()
        term = self._term(word)
        names: list[str] = [word.text[1:]] if word.kind == "field" else []
        while self._peek().kind == "field":
            names.append(self._next().text[1:])
        if not names:
            return term
        if isinstance(term, Literal) or (isinstance(term, Dot) and word.kind == "dot"):
            raise SyntaxProblem(f"unexpected `.{names[0]}` behind {_spoken(word)}", word.line)
        return Access(term, tuple(names), (), word.line)

    def _term(self, word: Token) -> Expression:
        match word.kind:
            case "word":
                return self._call(word)
            case "dot" | "field":
                return Dot()
            case "variable":
                return Variable(self._slot(word))
            case "nil":
                return Literal(None)
            case "bool":
                return Literal(word.text == "true")
            case "open":
                return self._parenthesised(word)
        return Literal(self._constant(word))

    def _call(self, word: Token) -> Expression:
        if word.text in ("and", "or"):
            return AndOr(word.text, (), word.line)
        function = self._functions.get(word.text)
        if function is None:
            raise SyntaxProblem(f"function `{word.text}` is not defined", word.line)
        return Call(word.text, function, (), word.line)

    def _parenthesised(self, word: Token) -> Expression:
        self._deeper(word)
        pipeline = self._pipeline("parentheses", "close")
        self._level -= 1
        return pipeline

    def _deeper(self, word: Token) -> None:
        self._level += 1
        if self._level > self._depth:
            raise SyntaxProblem("blocks and parentheses are too deep in each other", word.line)

    def _constant(self, word: Token) -> Any:
        try:
            return number_of(word.text) if word.kind == "number" else text_of(word.text)
        except ValueError as exc:
            raise SyntaxProblem(f"`{word.text}`: {exc}", word.line) from exc

    # words

    def _peek(self) -> Token:
        return self._words[self._place]

    def _next(self) -> Token:
        self._place += 1
        return self._words[self._place - 1]

    def _peek_word(self) -> Token:
        while self._words[self._place].kind == "space":
            self._place += 1
        return self._words[self._place]

    def _next_word(self) -> Token:
        word = self._peek_word()
        self._place += 1
        return word

    def _expect(self, kind: str, context: str) -> None:
        word = self._next_word()
        if word.kind != kind:
            raise SyntaxProblem(f"unexpected {_spoken(word)} in {context}", word.line)


def _spoken(word: Token) -> str:
    if word.kind == "end of file":
        return "the end of the file"
    return f"`{{{{{word.text}}}}}`" if word.kind == "keyword" else f"`{word.text.strip() or word.text}`"
