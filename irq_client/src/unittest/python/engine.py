"""A Prometheus on loopback that evaluates the few expressions that irq_client asks."""

import re
from collections.abc import Iterable, Mapping

import promql_parser
from promql_parser import Call, Expr, MatchOp, MatrixSelector, VectorSelector

from service import Request, WebService, json_reply

Labels = Mapping[str, str]
Samples = list[tuple[int, float]]
"""Unix milliseconds and values, rising."""

LOOKBACK_MS = 300_000


class Engine:
    """Series, each with its samples; `answer` is a WebService's."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._series: list[tuple[Labels, Samples]] = []

    def add(self, name: str, samples: Iterable[tuple[int, float]], **labels: str) -> None:
        """Add a series."""
        self._series.append(({"__name__": name, **labels}, sorted(samples)))

    def answer(self, _: WebService, request: Request) -> bytes:
        """Answer a query or a range of queries."""
        given = dict(request.query)
        expression = promql_parser.parse(given["query"])
        if request.path == "/api/v1/query":
            found = self._evaluated(
                expression, _milliseconds(given["time"]) if "time" in given else 0
            )
            if isinstance(expression, MatrixSelector):
                return _answer("matrix", [_series(labels, samples) for labels, samples in found])
            return _answer("vector", [_value(labels, samples[-1]) for labels, samples in found])
        start, end, step = (_milliseconds(given[each]) for each in ("start", "end", "step"))
        steps: dict[tuple[tuple[str, str], ...], Samples] = {}
        for moment in range(start, end + 1, step):
            for labels, samples in self._evaluated(expression, moment):
                steps.setdefault(tuple(labels.items()), []).append((moment, samples[-1][1]))
        return _answer("matrix", [_series(dict(labels), each) for labels, each in steps.items()])

    def _evaluated(self, expression: Expr, moment: int) -> list[tuple[Labels, Samples]]:
        """Return series with a value each, or with several if the expression is a range."""
        text = expression.prettify()
        if text == "vector(time())":
            return [({}, [(self.now, self.now / 1000)])]
        if isinstance(expression, promql_parser.ParenExpr):
            return self._evaluated(expression.expr, moment)
        if isinstance(expression, VectorSelector):
            offset = expression.offset.total_seconds() if expression.offset else 0.0
            newest = self._selected(expression, moment - round(offset * 1000), LOOKBACK_MS)
            return [(labels, samples[-1:]) for labels, samples in newest]
        if isinstance(expression, MatrixSelector):
            span = round(expression.range.total_seconds() * 1000)
            return self._selected(expression.vector_selector, moment, span)
        if isinstance(expression, Call):
            return self._called(expression, moment)
        if isinstance(expression, promql_parser.AggregateExpr):  # count by
            names, counts = expression.modifier.labels, dict[tuple[str, ...], int]()
            for labels, _ in self._evaluated(expression.expr, moment):
                key = tuple(labels.get(name, "") for name in names)
                counts[key] = counts.get(key, 0) + 1
            return [
                (dict(zip(names, key, strict=True)), [(moment, n)]) for key, n in counts.items()
            ]
        assert isinstance(expression, promql_parser.BinaryExpr)
        found = self._evaluated(expression.lhs, moment)
        if str(expression.op) == ">":
            return [each for each in found if each[1][-1][1] > expression.rhs.val]
        others = self._evaluated(expression.rhs, moment)
        if str(expression.op) == "and":
            names = expression.modifier.matching.labels
            there = {tuple(labels[name] for name in names) for labels, _ in others}
            return [each for each in found if tuple(each[0][name] for name in names) in there]
        less = {tuple(labels.items()): samples[-1][1] for labels, samples in others}
        return [
            (labels, [(moment, samples[-1][1] - less[tuple(labels.items())])])
            for labels, samples in found
            if tuple(labels.items()) in less
        ]

    def _called(self, call: Call, moment: int) -> list[tuple[Labels, Samples]]:
        figure = {
            "timestamp": lambda samples: samples[-1][0] / 1000,
            "last_over_time": lambda samples: samples[-1][1],
            "min_over_time": lambda samples: min(value for _, value in samples),
            "increase": lambda samples: samples[-1][1] - samples[0][1],
        }[call.func.name]
        found = self._evaluated(call.args[0], moment)
        return [(labels, [(moment, figure(samples))]) for labels, samples in found]

    def _selected(
        self, selector: VectorSelector, moment: int, span: int
    ) -> list[tuple[Labels, Samples]]:
        matchers = [(each.name, each.op, each.value) for each in selector.matchers.matchers]
        if selector.name:
            matchers.append(("__name__", MatchOp.Equal, selector.name))
        found = []
        for labels, samples in self._series:
            inside = [each for each in samples if moment - span <= each[0] <= moment]
            if inside and all(_matches(labels.get(n, ""), op, text) for n, op, text in matchers):
                found.append((labels, inside))
        return found


def _matches(value: str, op: MatchOp, text: str) -> bool:
    return value == text if op == MatchOp.Equal else re.fullmatch(text, value) is not None


def _milliseconds(text: str) -> int:
    return round(float(text) * 1000)


def _answer(kind: str, result: list[object]) -> bytes:
    return json_reply({"status": "success", "data": {"resultType": kind, "result": result}})


def _value(labels: Labels, sample: tuple[int, float]) -> object:
    return {"metric": labels, "value": [sample[0] / 1000, f"{sample[1]:.15g}"]}


def _series(labels: Labels, samples: Samples) -> object:
    return {"metric": labels, "values": [[at / 1000, f"{value:.15g}"] for at, value in samples]}
