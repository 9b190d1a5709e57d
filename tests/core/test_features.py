"""Features: each limit on, off, or only observed, in both backends; from code, TOML and the environment."""

import os
import subprocess
import sys

import pytest
from conftest import CENT, T0, limits

import tradecore as tc
from tradecore.core.config import ConfigError, load_session
from tradecore.vocabulary.features import VARIABLE
from tradecore.vocabulary.records import CODECS, LIMIT_OFF, LIMIT_PRECISION

OBSERVED, ACCEPTED = tc.ReportType.RISK_OBSERVED, tc.ReportType.EXECUTION_REPORT

# Each limit, and an order that exceeds it: (feature, limits, order, reason).
CASES = {
    "max_order_qty": ({"max_order_qty": 100}, {"qty": 101}, "MAX_ORDER_QTY"),
    "max_order_notional": ({"max_order_notional": 1_000}, {"qty": 11, "price": 100}, "MAX_ORDER_NOTIONAL"),
    "price_collar": ({"price_collar_bps": 100}, {"qty": 1, "price": 102}, "PRICE_COLLAR"),
    "max_position_qty": ({"max_position_qty": 10}, {"qty": 11}, "MAX_POSITION_QTY"),
    "order_rate": ({"order_rate": 0}, {"qty": 1}, "ORDER_RATE"),
}


def send(core, order):
    """One order against a market of 99.90 at 100.10; it and the reports that it made."""
    core.quote("XNAS", "AAPL", bid="99.90", bid_size=500, ask="100.10", ask_size=500)
    reader = core.reports()
    sent = core.submit("AAPL", "BUY", order["qty"], order.get("price", "99.95"))
    return sent, list(reader)


@pytest.mark.parametrize("name", CASES)
def test_a_limit_that_is_on_refuses(make_core, name):
    armed, order, reason = CASES[name]
    sent, reports = send(make_core(limits=limits(**armed), features=tc.Features(**{name: "on"})), order)
    assert (sent.ord_status, sent.reason.name) == (tc.OrdStatus.REJECTED, reason)
    assert [report.report_type for report in reports] == [ACCEPTED]


@pytest.mark.parametrize("name", CASES)
def test_a_limit_that_is_off_is_not_asked(make_core, name):
    armed, order, reason = CASES[name]
    core = make_core(limits=limits(**armed), features=tc.Features(**{name: "off"}))
    sent, reports = send(core, order)
    assert sent.ord_status is not tc.OrdStatus.REJECTED
    assert OBSERVED not in [report.report_type for report in reports]
    assert core.check("AAPL", "BUY", order["qty"], order.get("price", "99.95"))[reason].verdict == "OFF"


@pytest.mark.parametrize("name", CASES)
def test_a_limit_that_is_observed_reports_and_does_not_refuse(make_core, name):
    armed, order, reason = CASES[name]
    refused, _ = send(make_core(limits=limits(**armed)), order)
    core = make_core(limits=limits(**armed), features=tc.Features(**{name: "observe"}))
    sent, reports = send(core, order)
    assert sent.ord_status is not tc.OrdStatus.REJECTED
    observed, entered = reports[:2]
    assert (observed.report_type, entered.report_type) == (OBSERVED, ACCEPTED)
    assert (observed.order_id, observed.reason.name) == (sent.order_id, reason)
    assert observed.text == refused.text, "the text of the refusal that it stands for"
    answer = core.check("AAPL", "BUY", order["qty"], order.get("price", "99.95"))
    assert answer.passed
    assert answer[reason].verdict == "OBSERVE"
    assert answer[reason].limit is not None


@pytest.mark.parametrize("name", CASES)
def test_an_order_within_an_observed_limit_makes_no_noise(make_core, name):
    armed = CASES[name][0] | ({"order_rate": 5} if name == "order_rate" else {})
    core = make_core(limits=limits(**armed), features=tc.Features(**{name: "observe"}))
    _, reports = send(core, {"qty": 1})
    assert OBSERVED not in [report.report_type for report in reports]
    assert core.check("AAPL", "BUY", 1, "99.95")[CASES[name][2]].verdict == "PASS"


def test_an_observed_collar_without_a_reference_is_observed_too_and_bounds_no_market_order(make_core):
    core = make_core(limits=limits(price_collar_bps=10), features=tc.Features(price_collar="observe"))
    reader = core.reports()
    assert core.submit("AAPL", "BUY", 1, "50").ord_status is tc.OrdStatus.NEW
    assert next(iter(reader)).reason is tc.Reason.REFERENCE_PRICE_UNAVAILABLE
    core.quote("XNAS", "AAPL", bid=10, bid_size=10, ask=90, ask_size=10)
    assert core.submit("AAPL", "BUY", 5).avg_px == 90


def test_several_observed_limits_each_report_and_the_others_still_refuse(make_core):
    features = tc.Features(max_order_qty="observe", max_position_qty="observe")
    core = make_core(limits=limits(max_order_qty=10, max_position_qty=10, max_order_notional=2_000), features=features)
    _, reports = send(core, {"qty": 11, "price": 100})
    assert [report.reason.name for report in reports[:2]] == ["MAX_ORDER_QTY", "MAX_POSITION_QTY"]
    refused, reports = send(core, {"qty": 21, "price": 100})
    assert refused.reason is tc.Reason.MAX_ORDER_NOTIONAL
    assert len(reports) == 1


def test_an_observed_limit_is_part_of_the_state_and_can_be_enforced_again(make_core):
    plain = make_core(limits=limits(max_order_qty=100))
    observing = make_core(limits=limits(max_order_qty=100), features=tc.Features(max_order_qty="observe"))
    assert plain.state_hash() != observing.state_hash()
    set_limit = {"kind": tc.CommandType.SET_LIMIT, "limit_scope": 1, "account": 1, "rule": 0, "value": 100 * 10**LIMIT_PRECISION}
    observing._gate.core.apply(CODECS[tc.CommandType.SET_LIMIT].pack(**set_limit), T0)
    assert observing.submit("AAPL", "BUY", 101, 100).reason is tc.Reason.MAX_ORDER_QTY


def test_a_mode_that_is_none_is_refused_and_changes_nothing(make_core):
    core = make_core(limits=limits(max_order_qty=100))
    before = core.state_hash()
    fields = {"kind": tc.CommandType.SET_LIMIT, "limit_scope": 1, "account": 1, "rule": 0, "value": LIMIT_OFF, "mode": 2}
    reader = core.reports()
    core._gate.core.apply(CODECS[tc.CommandType.SET_LIMIT].pack(**fields), T0)
    assert next(iter(reader)).text == "INVALID_FIELD_VALUE: mode 2 is out of bounds"
    assert core.submit("AAPL", "BUY", 101, 100).reason is tc.Reason.MAX_ORDER_QTY
    assert before != core.state_hash()


def test_stage_timers_fill_latency(make_core):
    for word, count in (("on", 3), ("off", 0)):
        core = make_core(features=tc.Features(stage_timers=word))
        orders = tc.new_orders(3)
        orders["instrument"], orders["account"], orders["order_qty"], orders["side"], orders["price"] = 1, 1, 1, 1, 100 * CENT
        core.submit_batch(orders)
        assert core.latency()["order"][0] == count


# ---- where they come from


@pytest.mark.parametrize(("words", "said"), [
    ({"max_order_qt": "on"}, "feature 'max_order_qt' is not known; the nearest known one is 'max_order_qty'"),
    ({"max_order_qty": "On"}, "feature max_order_qty must be one of observe, off, on, not 'On'"),
    ({"max_order_qty": 1}, "not 1"),
    ({"max_order_qty": None}, "not None"),
    ({"stage_timers": "observe"}, "feature stage_timers must be one of off, on, not 'observe'"),
])
def test_a_wrong_word_refuses_to_start(words, said):
    with pytest.raises(ValueError, match=said):
        tc.Features(**words)


def test_what_is_not_named_is_as_usual():
    features = tc.Features(order_rate=False, max_order_qty=tc.Feature.OBSERVE)
    assert features.not_enforced == ("max_order_qty=observe", "order_rate=off")
    assert features["price_collar"] is tc.Feature.ON
    assert not features.stage_timers
    with pytest.raises(TypeError, match="features must be Features, not dict"):
        tc.TradingCore(features={"order_rate": "off"})


@pytest.mark.parametrize(("text", "said"), [
    ("max_order_qty", "'max_order_qty' is not one `name=word`"), ("=on", "nearest known"),
    ("order_rate=on,order_rate=off", "each name once"), ("order_rate=maybe", "must be one of"),
])
def test_a_wrong_variable_is_an_error_that_names_it(monkeypatch, text, said):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ValueError, match=f"{VARIABLE}: .*{said}"):
        tc.TradingCore()


def test_the_environment_says_what_code_does_not_and_is_warned_about(monkeypatch):
    monkeypatch.setenv(VARIABLE, "max_order_qty=observe, stage_timers=on")
    with pytest.warns(RuntimeWarning, match="these limits are not enforced: max_order_qty=observe"):
        core = tc.TradingCore()
    assert core.features == tc.Features(max_order_qty="observe", stage_timers="on")
    assert tc.TradingCore(features=tc.Features()).features["max_order_qty"] is tc.Feature.ON


def test_the_variable_of_a_process_reaches_its_cores():
    code = "import tradecore as tc; print(tc.TradingCore().features['order_rate'].value)"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, VARIABLE: "order_rate=off"}, capture_output=True, text=True)
    assert done.stdout.strip() == "off"
    assert "RuntimeWarning: TRADECORE_FEATURES: these limits are not enforced: order_rate=off" in done.stderr


def test_a_session_names_them_in_toml(tmp_path):
    file = tmp_path / "session.toml"
    file.write_text('[features]\nprice_collar = "observe"\norder_rate = false\n')
    assert load_session(file).features == tc.Features(price_collar="observe", order_rate="off")
    assert load_session().features is None
    file.write_text('[features]\nprice_colar = "observe"\n')
    with pytest.raises(ConfigError, match="features: feature 'price_colar' is not known; the nearest"):
        load_session(file)


def test_enforcing_and_observing_side_by_side_is_what_a_shadow_is_for(backend, clock):
    from test_shadow import SETTINGS

    found = []
    core = tc.ShadowCore(shadow={"features": tc.Features(max_order_qty="observe")}, on_difference=found.append,
                         backend=backend, clock=clock, **SETTINGS)
    core.submit("AAPL", "BUY", 1_000, 100)
    assert not found
    core.submit("AAPL", "BUY", 1_001, 100)
    assert found[0].fields["report_type"] == (tc.ReportType.EXECUTION_REPORT, OBSERVED)
