"""The plugin of all integration tests: none of their processes may outlive them."""

pytest_plugins = ["leftovers"]
