"""The forms of five public exports, by example: `keeper.load_csv(path, form=BROKER_FORMS["ibkr_flex"])`.

An export's columns are chosen by whoever exports, and zones by the account: change a form by `columns=`, `time_zone=`
and the rest. `EXAMPLES` has a file of each as it looks, which the tests load; names and numbers in it are made up.
"""

from __future__ import annotations

from .csv_form import CsvForm

_US = "America/New_York"

BROKER_FORMS = {
    # Interactive Brokers, Flex Query, section Trades, as CSV: signed quantities, what was paid is negative.
    "ibkr_flex": CsvForm(
        columns={"account": "ClientAccountID", "symbol": "Symbol", "transact_time": "DateTime",
                 "qty": "Quantity", "price": "TradePrice", "commission": "IBCommission",
                 "commission_currency": "IBCommissionCurrency", "exec_id": "IBExecID"},
        signed=True, commission_paid_negative=True, time_zone=_US,
    ),
    # Interactive Brokers, activity statement: many sections in one file, of which the orders are taken.
    "ibkr_activity": CsvForm(
        columns={"symbol": "Symbol", "transact_time": "Date/Time", "qty": "Quantity", "price": "T. Price",
                 "commission": "Comm/Fee"},
        where={"Trades": "Trades", "Header": "Data", "DataDiscriminator": "Order"},
        signed=True, commission_paid_negative=True, thousands=",", time_zone=_US,
    ),
    # Charles Schwab, history: dollar signs, what is no trade stands between the trades.
    "schwab": CsvForm(
        columns={"transact_time": "Date", "side": "Action", "symbol": "Symbol", "qty": "Quantity", "price": "Price",
                 "commission": "Fees & Comm"},
        where={"Action": ("Buy*", "Sell*")}, thousands=",", time_format="%m/%d/%Y", time_zone=_US,
    ),
    # Fidelity, history: signed quantities, two columns of fees, a text in front and one behind.
    "fidelity": CsvForm(
        columns={"transact_time": "Run Date", "symbol": "Symbol", "qty": "Quantity", "price": "Price ($)",
                 "commission": ("Commission ($)", "Fees ($)")},
        where={"Action": ("YOU BOUGHT*", "YOU SOLD*")}, signed=True, thousands=",", time_format="%m/%d/%Y",
        time_zone=_US,
    ),
    # Binance, spot trade history: UTC, fees in any coin.
    "binance": CsvForm(
        columns={"transact_time": "Date(UTC)", "symbol": "Market", "side": "Type", "price": "Price", "qty": "Amount",
                 "commission": "Fee", "commission_currency": "Fee Coin"},
    ),
}

EXAMPLES = {
    "ibkr_flex": """\
"ClientAccountID","Symbol","DateTime","Quantity","TradePrice","IBCommission","IBCommissionCurrency","IBExecID"
"U1","AAPL","20240102;093000","100","189.955","-0.5","USD","0000e0d5.6593a1b2.01.01"
"U1","AAPL","20240102;101500","-40","190.1","-0.52","USD","0000e0d5.6593a1b2.01.02"
""",
    "ibkr_activity": """\
Statement,Header,Field Name,Field Value
Statement,Data,Title,Activity Statement
Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,Proceeds,Comm/Fee,Code
Trades,Data,Order,Stocks,USD,AAPL,"2024-01-02, 09:30:00","1,000",189.955,-189955,-5,O
Trades,Data,Order,Stocks,USD,AAPL,"2024-01-02, 10:15:00",-40,190.1,7604,-0.52,C;P
Trades,SubTotal,,Stocks,USD,AAPL,,960,,-182351,-5.52,
""",
    "schwab": """\
"Transactions for account ...123 as of 01/31/2024 10:00:00 AM ET"
"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"01/03/2024","Sell Short","SAP","SAP SE","20","$153.10","$0.03","$3,061.97"
"01/02/2024","Qualified Dividend","AAPL","APPLE INC","","","","$24.00"
"01/02/2024","Buy","AAPL","APPLE INC","1,100","$189.95","","-$208,945.00"
""",
    "fidelity": """\


Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Amount ($),Settlement Date
 01/03/2024,YOU SOLD APPLE INC (AAPL) (Cash), AAPL,APPLE INC,Cash,-40,190.1,,0.07,7603.93,01/05/2024
 01/02/2024,DIVIDEND RECEIVED APPLE INC (AAPL) (Cash), AAPL,APPLE INC,Cash,0,,,,24,
 01/02/2024,YOU BOUGHT APPLE INC (AAPL) (Cash), AAPL,APPLE INC,Cash,100,189.95,4.95,,-18999.95,01/04/2024

"The data and information in this spreadsheet is provided to you solely for your use"
""",
    "binance": """\
Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin
2024-01-02 09:30:00,BTCUSDT,BUY,42000.5,0.25,10500.125,0.00025,BTC
2024-01-02 10:15:00,BTCUSDT,SELL,42100,0.1,4210,4.21,USDT
""",
}
