"""The names that a person gives to IRQs."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import machine
from irq_client.errors import NoMatchError
from irq_client.server import client as client_module
from irq_client.server.client import Client
from irq_client.server.model import Irq
from irq_client.server.names import find_device, find_irqs
from service import Request, WebService, json_reply, problem


def irq(name: str, device: str = "", interface: str = "", *above: str) -> Irq:
    """Return an IRQ that is known by its names alone."""
    return Irq(name, device, None, 0, 0.0, interface=interface, above=above)


IRQS = (
    irq("24", "ahci[0000:00:1f.2]"),
    irq("25", "a"),
    irq("36", "mlx5_comp0@pci:0000:c1:00.0", "eth0"),
    irq("38", "mlx5_comp1@pci:0000:c1:00.0", "eth0, port1", "bond0", "bond0.100"),
    irq("39", "eth1-rx"),
    irq("40", "i801_smbus, snd_hda_intel:card0"),
    irq("40#2", "other"),
    irq("41", "36-39"),
    irq("NMI"),
    irq("THR#2"),
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("36", "36"),
        ("NMI", "NMI"),
        ("THR#2", "THR#2"),
        ("36,38-39", "36 38 39"),
        ("38, NMI,36", "36 38 NMI"),
        ("38-40", "38 39 40 40#2"),
        ("ahci[0000:00:1f.2]", "24"),
        ("eth0", "36 38"),
        ("port1", "38"),
        ("bond0.100", "38"),
        ("bond*", "38"),
        ("snd_hda_intel:card0", "40"),
        ("i801_smbus, snd_hda_intel:card0", "40"),
        ("36-39", "41"),  # a device as it is written comes before a range
        ("eth*", "36 38 39"),
        ("mlx5_comp[0-9]@*", "36 38"),
        ("4?", "40 41"),
        ("*", "24 25 36 38 39 40 40#2 41 NMI THR#2"),
        ("eth1*,25", "25 39"),
    ],
)
def test_a_name_means_irqs_in_the_servers_order(name: str, found: str):
    assert [each.irq for each in find_irqs(name, IRQS)] == found.split()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("37", "no IRQ is named '37'; near: 36, 38, 39"),
        ("eth1-tx", "no IRQ is named 'eth1-tx'; near: eth1-rx"),
        ("nmi", "no IRQ is named 'nmi'; near: NMI"),
        ("50-60", "no IRQ is named '50-60'; irq_client irqs lists them"),
        ("36,zzz", "no IRQ is named 'zzz'; irq_client irqs lists them"),
        ("", "no IRQ is named ''; irq_client irqs lists them"),
    ],
)
def test_a_name_that_nothing_has_is_refused_with_what_is_near(name: str, message: str):
    with pytest.raises(NoMatchError) as caught:
        find_irqs(name, IRQS)

    assert str(caught.value) == message
    assert caught.value.exit_status == 3


def test_a_device_is_one_as_it_is_written_or_a_pattern():
    assert find_device("ahci[0000:00:1f.2]", IRQS) == (IRQS[0],)
    assert find_device("eth0", IRQS) == IRQS[2:4]
    assert find_device("mlx5*", IRQS) is None
    with pytest.raises(NoMatchError, match="no device matches 'eth2'; near: eth0"):
        find_device("eth2", IRQS)
    with pytest.raises(NoMatchError, match="no device matches '36'"):
        find_device("36", IRQS)


@given(st.lists(st.sampled_from(IRQS), min_size=2, unique=True))
def test_a_list_means_what_its_parts_mean_together(irqs: list[Irq]):
    found = find_irqs(",".join(each.irq for each in irqs), IRQS)

    assert found == tuple(each for each in IRQS if each in irqs)


@given(st.sampled_from(IRQS))
def test_every_irq_is_found_by_its_own_name_alone(one: Irq):
    assert find_irqs(one.irq, IRQS) == (one,)


@given(st.text(max_size=8))
def test_any_text_means_some_irq_or_none(name: str):
    with contextlib.suppress(NoMatchError):
        assert find_irqs(name, IRQS)


def asked(ask) -> list[str]:
    """Return what a client asks a good server; a NoMatchError ends it."""
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        ask(client)
        return [request.target.removeprefix("/api/v1") for request in service.requests]


def test_names_become_the_servers_own_before_the_question():
    assert asked(lambda client: client.series(irqs=["virtio*", "NMI"], period="5m")) == [
        "/irqs?period=5m",
        "/series?period=5m&irq=36&irq=NMI",
    ]


def test_numbers_need_no_question():
    assert asked(lambda client: client.interrupts(irqs=["36", "24"])) == [
        "/interrupts?irq=36&irq=24"
    ]


def test_a_pattern_of_devices_is_the_servers_to_match_and_a_device_is_not():
    assert asked(lambda client: client.events(device="virtio*")) == [
        "/irqs",
        "/events?device=virtio%2A",
    ]
    assert asked(lambda client: client.events(device="ahci[0000:00:1f.2]")) == [
        "/irqs",
        "/events?irq=24",
    ]


def test_names_are_asked_for_once():
    def twice(client: Client) -> None:
        client.irqs(irqs=["virtio*"], period="1m")
        client.interrupts(irqs=["virtio*"], end="-1m")

    assert asked(twice) == [
        "/irqs?period=1m",
        "/irqs?period=1m&irq=36",
        "/interrupts?end=-1m&irq=36",
    ]


def test_a_device_without_these_irqs_is_no_match():
    with pytest.raises(NoMatchError, match="none of these IRQs is of the device"):
        asked(lambda client: client.irqs(irqs=["36"], device="ahci[0000:00:1f.2]"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.irq("35"),
        lambda client: client.affinity("35"),
        lambda client: client.interrupts(irqs=["35"]),
    ],
)
def test_a_number_that_the_server_never_saw_is_refused_with_what_is_near(ask):
    def answer(_: WebService, request: Request) -> bytes:
        if request.target == "/api/v1/irqs":
            return json_reply(machine.IRQS)
        return problem(404, "never saw IRQ 35")

    with (
        WebService(answer) as service,
        Client(service.url) as client,
        pytest.raises(NoMatchError, match="no IRQ is named '35'; near: 36, 24"),
    ):
        ask(client)


def test_named_gives_the_irqs_and_names_their_names():
    with WebService(machine.answer_well) as service, Client(service.url) as client:
        assert [irq.affinity for irq in client.named("virtio*")] == ["0-1"]
        assert client.names("3?") == ("36",)
        assert client.names("99") == ("99",)
        assert len(service.requests) == 2


def test_a_long_run_asks_again_what_a_name_means(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client_module, "NAMES_SECONDS", 0.0)

    def twice(client: Client) -> None:
        client.irqs(irqs=["virtio*"])
        client.irqs(irqs=["virtio*"])

    assert asked(twice) == ["/irqs", "/irqs?irq=36"] * 2
