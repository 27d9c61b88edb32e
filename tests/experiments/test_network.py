"""Links of the network that clients are tried on: what they lose, delay and hold back, without devices of the kernel."""

from __future__ import annotations

import random
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.network.link import End, Weather, destination


def ipv4(target: str) -> bytes:
    return bytes([0x45]) + bytes(15) + socket.inet_aton(target)


def ipv6(target: str) -> bytes:
    return struct.pack(">I", 6 << 28) + bytes(20) + socket.inet_pton(socket.AF_INET6, target)


def test_packets_go_where_they_say() -> None:
    assert destination(ipv4("10.91.0.3")) == "10.91.0.3" and destination(ipv6("fd91::3")) == "fd91::3"


@given(st.binary(max_size=60))
def test_what_is_no_packet_goes_nowhere(data: bytes) -> None:
    found = destination(data)
    assert found == "" or len(data) >= 20


def test_a_clear_link_delays_nothing() -> None:
    assert End(-1, Weather()).due(1500, 7.0, outward=True, chance=random.Random(0)) == 7.0


def test_a_link_that_is_down_loses_everything() -> None:
    assert End(-1, Weather(up=False)).due(1500, 0.0, outward=True, chance=random.Random(0)) is None


@given(size=st.integers(40, 1500), rate=st.floats(1e4, 1e9), delay=st.floats(0, 2), count=st.integers(1, 50))
def test_packets_queue_at_the_link_s_rate(size: int, rate: float, delay: float, count: int) -> None:
    """None is through sooner than the rate allows; those beyond a second's queue are dropped; each way has its own."""
    end, chance = End(-1, Weather(delay=delay, rate=rate)), random.Random(0)
    through = [end.due(size, 0.0, outward=True, chance=chance) for _ in range(count)]
    for number, due in enumerate(through, start=1):
        needed = 8 * size * number / rate
        assert due == pytest.approx(needed + delay) if due is not None else 8 * size * (number - 1) / rate > 1.0 - 1e-9
    assert end.due(size, 0.0, outward=False, chance=chance) == pytest.approx(8 * size / rate + delay)


def test_a_share_of_packets_is_lost() -> None:
    end, chance = End(-1, Weather(loss=0.05)), random.Random(1)
    lost = sum(end.due(100, float(number), outward=True, chance=chance) is None for number in range(10_000))
    assert 400 < lost < 600
