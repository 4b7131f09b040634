"""A module of a team whose import hangs until a test opens the gate."""

from tests.models.team_builders import GATE, Small, begun

__all__ = ["Small"]

begun.append("hanging import")
assert GATE.wait(60)
