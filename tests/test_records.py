"""The record layouts and reason codes are written once, in Python; the C structs and enums must say the same."""

import re
from pathlib import Path

import pytest

from tradecore import fix, order
from tradecore._native import layout

EXT = Path(__file__).parent.parent / "ext"


@pytest.mark.parametrize(("struct", "dtypes", "size"), [
    ("tc_command", list(order.COMMAND_DTYPES.values()), 128),
    ("tc_report", [order.REPORT_DTYPE], 256),
    ("tc_ack", [order.ACK_DTYPE], 32),
])
def test_c_structs_have_the_published_offsets(struct, dtypes, size):
    offsets = layout.layout()[struct]
    for dtype in dtypes:
        assert dtype.itemsize == size == offsets["sizeof"]
        for name, (_, offset) in dtype.fields.items():
            assert offsets[name] == offset, name


def test_every_published_field_is_in_a_c_struct():
    published = {name for dtype in order.COMMAND_DTYPES.values() for name in dtype.names}
    assert published == layout.layout()["tc_command"].keys() - {"sizeof"}
    assert set(order.REPORT_DTYPE.names) == layout.layout()["tc_report"].keys() - {"sizeof"}
    assert set(order.ACK_DTYPE.names) == layout.layout()["tc_ack"].keys() - {"sizeof"}


def test_reason_codes_are_the_same_in_the_kernels():
    block = re.search(r"cdef enum tc_reason:\n((?:    \w+ = \d+\n)+)", (EXT / "records.pxd").read_text())
    native = {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)", block[1])}
    assert native.pop("REASON_NONE") == fix.Reason.NONE
    assert native == {reason.name: int(reason) for reason in fix.Reason if reason}


@pytest.mark.parametrize(("prefix", "words"), [
    ("KIND", fix.CommandType), ("SIDE", fix.Side), ("TYPE", fix.OrdType), ("SCOPE", fix.Scope),
    ("STATUS", fix.OrdStatus), ("ROUTE", fix.Route), ("EXEC", fix.ExecType), ("PLACE", fix.Place), ("SES", fix.TradSesStatus),
])
def test_enumerations_are_the_same_in_the_kernels(prefix, words):
    text = "".join(path.read_text() for path in EXT.glob("*.pxd"))
    native = {name: int(value) for name, value in re.findall(rf"^    {prefix}_(\w+) = (\d+)(?: +#.*)?$", text, re.M)}
    assert native == {word.name: int(word) for word in words}


@pytest.mark.parametrize(("name", "value"), [
    ("no_price", order.NO_PRICE), ("price_max", order.PRICE_MAX), ("qty_max", order.QTY_MAX),
    ("multiplier_max", order.MULTIPLIER_MAX), ("position_max", order.POSITION_MAX), ("money_max", order.MONEY_MAX), ("time_max", order.TIME_MAX),
])
def test_bounds_are_the_same_in_the_kernels(name, value):
    assert layout.layout()["bounds"][name] == value


def test_no_order_is_rejected_for_no_reason():
    table = fix.ord_rej_reason_table()
    assert table[fix.Reason.NONE] == fix.OrdRejReason.NONE == -1  # FIX 0 is a real reason
    assert all(table[reason] >= 0 for reason in fix.Reason if reason)
    assert max(fix.Reason) < fix.REASON_TABLE_SIZE
