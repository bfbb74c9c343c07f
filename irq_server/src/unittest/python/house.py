"""A store of a simulated machine and the application over it, for tests of its routes."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from irq_server.sampling.sampler import Sampler
from irq_server.store.store import Store
from simulated import FakeClock, Machine


@dataclass
class House:
    """A store of one machine, sampled every 10 s by hand, and the application over it."""

    machine: Machine
    store: Store
    clock: FakeClock
    sampler: Sampler
    client: FlaskClient

    def sample(self, seconds: float = 10.0) -> None:
        """Lets time pass and takes a sample."""
        self.clock.advance(seconds)
        self.machine.show()
        self.sampler.sample(round(self.clock.now() * 1000))

    def get(self, path: str, **headers: str) -> TestResponse:
        """Return the answer to a GET request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named)

    def put(self, irq: str, body: object) -> TestResponse:
        """Return the answer to a PUT of an affinity."""
        return self.client.put(f"/api/v1/irqs/{irq}/affinity", json=body)

    def json(self, path: str) -> Any:
        """Return the JSON of a GET request that must succeed."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()
