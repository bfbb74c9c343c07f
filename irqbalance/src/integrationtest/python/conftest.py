"""What the integration tests share: no process of theirs outlives them."""

pytest_plugins = ["leftovers"]
