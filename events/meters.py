"""The bars of seats: filled is taken, on every page."""


def filled(count: int, capacity: int) -> int:
    """Return the part of a bar that `count` of `capacity` seats fills, in hundredths.

    It shows from the first seat on, and is full only when no seat is left.
    """
    if count <= 0:
        return 0
    if count >= capacity:
        return 100
    return min(98, max(2, round(100 * count / capacity)))
