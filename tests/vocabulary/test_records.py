"""The record layouts and reason codes are written once, in Python; the C structs and enums must say the same."""

import re
from pathlib import Path

import pytest

from tradecore._native import layout
from tradecore.vocabulary import codes, fix, records, rej_reasons, venue_words

EXT = Path(__file__).parents[2] / "ext"


@pytest.mark.parametrize(("struct", "dtypes", "size"), [
    ("tc_command", list(records.COMMAND_DTYPES.values()), 128),
    ("tc_report", [records.REPORT_DTYPE], 128),
    ("tc_message", [records.OUTBOUND_DTYPE], 192),
    ("tc_ack", [records.ACK_DTYPE], 32),
])
def test_c_structs_have_the_published_offsets(struct, dtypes, size):
    offsets = layout.layout()[struct]
    for dtype in dtypes:
        assert dtype.itemsize == size == offsets["sizeof"]
        for name, (_, offset) in dtype.fields.items():
            assert offsets[name] == offset, name


def test_every_published_field_is_in_a_c_struct():
    published = {name for dtype in records.COMMAND_DTYPES.values() for name in dtype.names}
    assert published == layout.layout()["tc_command"].keys() - {"sizeof"}
    assert set(records.REPORT_DTYPE.names) == layout.layout()["tc_report"].keys() - {"sizeof"}
    assert set(records.OUTBOUND_DTYPE.names) == layout.layout()["tc_message"].keys() - {"sizeof"}
    assert set(records.ACK_DTYPE.names) == layout.layout()["tc_ack"].keys() - {"sizeof"}


def test_reason_codes_are_the_same_in_the_kernels():
    block = re.search(r"cdef enum tc_reason:\n((?:    \w+ = \d+\n)+)", (EXT / "vocabulary" / "records.pxd").read_text())
    native = {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)", block[1])}
    assert native.pop("REASON_NONE") == codes.Reason.NONE
    assert native == {reason.name: int(reason) for reason in codes.Reason if reason}


@pytest.mark.parametrize(("prefix", "words"), [
    ("KIND", codes.CommandType), ("SIDE", fix.Side), ("TYPE", fix.OrdType), ("SCOPE", codes.Scope),
    ("STATUS", fix.OrdStatus), ("ROUTE", codes.Route), ("ROUTING", codes.RoutingStrategy), ("HEALTH", venue_words.VenueHealth),
    ("LOST", venue_words.OnDisconnect), ("EXEC", fix.ExecType), ("PLACE", codes.Place), ("FILLS", codes.PrintFills), ("SES", fix.TradSesStatus), ("MSG", codes.MsgType),
])
def test_enumerations_are_the_same_in_the_kernels(prefix, words):
    text = "".join(path.read_text() for path in EXT.glob("*/*.pxd"))
    native = {name: int(value) for name, value in re.findall(rf"^    {prefix}_(\w+) = (\d+)(?: +#.*)?$", text, re.M)}
    assert native == {word.name: int(word) for word in words}


@pytest.mark.parametrize(("name", "value"), [
    ("no_price", records.NO_PRICE), ("price_max", records.PRICE_MAX), ("qty_max", records.QTY_MAX),
    ("multiplier_max", records.MULTIPLIER_MAX), ("position_max", records.POSITION_MAX), ("fee_max", records.FEE_MAX), ("time_max", records.TIME_MAX),
    ("book_ticks_max", records.BOOK_TICKS_MAX), ("amount_max", records.AMOUNT_MAX), ("limit_max", records.LIMIT_MAX), ("cash_max", records.CASH_MAX),
    ("cash_order_max", records.CASH_ORDER_MAX),
])
def test_bounds_are_the_same_in_the_kernels(name, value):
    assert layout.layout()["bounds"][name] == value


def test_no_order_is_rejected_for_no_reason():
    table = rej_reasons.ord_rej_reason_table()
    assert table[codes.Reason.NONE] == fix.OrdRejReason.NONE == -1  # FIX 0 is a real reason
    assert all(table[reason] >= 0 for reason in codes.Reason if reason)
    assert max(codes.Reason) < rej_reasons.REASON_TABLE_SIZE
