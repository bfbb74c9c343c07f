"""The client of one server: paths, retries, values."""

import itertools

import pytest

import machine
from irq_client.errors import (
    AnswerError,
    NoMatchError,
    NotAllowedError,
    ProblemError,
    TimeLimitError,
    UnreachableError,
)
from irq_client.server.client import Client
from service import Request, WebService, json_reply, problem, reply


@pytest.fixture
def good():
    """Return a service that answers well."""
    with WebService(machine.answer_well) as service:
        yield service


@pytest.mark.parametrize(
    ("ask", "path"),
    [
        (lambda client: client.interrupts(), "/api/v1/interrupts"),
        (lambda client: client.irqs(), "/api/v1/irqs"),
        (lambda client: client.irq("36"), "/api/v1/irqs/36"),
        (lambda client: client.cpus(), "/api/v1/cpus"),
        (lambda client: client.cpu(1), "/api/v1/cpus/1"),
        (lambda client: client.series(), "/api/v1/series"),
        (lambda client: client.events(), "/api/v1/events"),
        (lambda client: client.status(), "/api/v1/status"),
        (lambda client: client.affinity("36"), "/api/v1/irqs/36/affinity"),
    ],
)
def test_each_question_has_its_route(good: WebService, ask, path: str):
    with Client(good.url) as client:
        ask(client)

    assert [request.target for request in good.requests] == [path]


def test_an_answer_has_its_value_and_its_bytes(good: WebService):
    with Client(good.url + "/") as client:
        answer = client.cpus()

    assert answer.total == 11105
    assert b"HTTP/1.1" not in answer.text
    assert json_reply(machine.CPUS).endswith(answer.text)


def test_a_query_is_encoded(good: WebService):
    with Client(good.url) as client:
        client.interrupts(
            start="2026-01-01T00:00:00+01:00",
            irqs=["36", "45#2"],
        )

    (request,) = good.requests
    assert request.target.endswith("?start=2026-01-01T00%3A00%3A00%2B01%3A00&irq=36&irq=45%232")


@pytest.mark.parametrize(("irq", "segment"), [("THR#2", "THR%232"), ("I/O", "I%2FO")])
def test_a_name_is_one_segment_of_the_path(good: WebService, irq: str, segment: str):
    with Client(good.url) as client, pytest.raises(NoMatchError):
        client.irq(irq)

    assert good.requests[0].target == f"/api/v1/irqs/{segment}"


def test_setting_an_affinity_is_a_put(good: WebService):
    with Client(good.url) as client:
        answer = client.set_affinity("36", "0-3")

    (request,) = good.requests
    assert (request.method, request.target) == ("PUT", "/api/v1/irqs/36/affinity")
    assert request.body == b'{"cpus": "0-3"}'
    assert (answer.affinity, answer.pending) == ("0-3", True)


def served_in_turn(*answers: bytes) -> WebService:
    """Return a service whose last answer is given again and again."""
    turns = itertools.chain(answers, itertools.repeat(answers[-1]))
    return WebService(lambda _, __: next(turns))


def test_a_read_is_tried_again_until_it_is_answered():
    waits: list[float] = []
    with (
        served_in_turn(b"", problem(503, "no sample yet"), json_reply(machine.CPUS)) as service,
        Client(service.url, wait=waits.append) as client,
    ):
        assert client.cpus().total == 11105

    assert len(service.requests) == 3
    assert waits == [0.2, 0.4]


def test_a_read_is_given_up_after_three_attempts():
    waits: list[float] = []
    with (
        served_in_turn(problem(503, "no sample yet")) as service,
        Client(service.url, wait=waits.append) as client,
        pytest.raises(ProblemError, match="no sample yet"),
    ):
        client.cpus()

    assert len(service.requests) == 3


def test_a_retry_that_would_come_too_late_is_left_out():
    with (
        served_in_turn(b"") as service,
        Client(service.url, timeout_seconds=0.15) as client,
        pytest.raises(UnreachableError),
    ):
        client.cpus()

    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "answer", [problem(400, "no"), problem(401, "no"), reply(b"garbage"), problem(500, "no")]
)
def test_an_answer_that_would_come_again_is_not_asked_for_again(answer: bytes):
    with (
        served_in_turn(answer) as service,
        Client(service.url) as client,
        pytest.raises((ProblemError, AnswerError)),
    ):
        client.cpus()

    assert len(service.requests) == 1


@pytest.mark.parametrize("answer", [b"", problem(503, "not now"), problem(409, "managed")])
def test_a_write_is_sent_once(answer: bytes):
    with (
        served_in_turn(answer) as service,
        Client(service.url) as client,
        pytest.raises((UnreachableError, ProblemError)),
    ):
        client.set_affinity("36", "1")

    assert len(service.requests) == 1


def test_a_write_without_an_answer_may_have_been_made():
    def silent(service: WebService, _: Request):
        service.stopping.wait()
        yield b""

    with (
        WebService(silent) as service,
        Client(service.url, timeout_seconds=0.2) as client,
        pytest.raises(TimeLimitError, match="may have been made"),
    ):
        client.set_affinity("36", "1")


def test_a_refused_write_is_not_allowed():
    with (
        served_in_turn(problem(409, "IRQ 36 is managed by the kernel")) as service,
        Client(service.url) as client,
        pytest.raises(NotAllowedError, match="managed by the kernel"),
    ):
        client.set_affinity("36", "1")


def test_an_answer_of_another_shape_names_the_place():
    with (
        served_in_turn(json_reply(machine.CPUS | {"total": "many"})) as service,
        Client(service.url) as client,
        pytest.raises(AnswerError, match="total: expected a whole number"),
    ):
        client.cpus()
