"""Settings of the floor."""

from deploy.bench.peer import peer_settings

globals().update(peer_settings("deploy.bench.floor"))
