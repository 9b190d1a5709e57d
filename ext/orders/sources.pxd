# What orders watch: a TriggerPriceType(1107), or where neither they nor their instrument says one, the last trade where
# this session has had a fresh print, else the touch, the bid for a sell and the offer for a buy; a trailing stop first
# the mid where there is one.

from order_facts cimport *


cdef enum:
    WATCH_TOUCH_SELL = 4
    WATCH_TOUCH_BUY = 5
    WATCH_TRAIL_SELL = 7
    WATCH_TRAIL_BUY = 8
    SOURCES = 8                    # BEST_OFFER, LAST_TRADE, BEST_BID, BEST_MID, and these, in this order
    MID_STANDS_AT = 3               # what is said stands before it by its number less one, as what trails behind it
    TRIGGER_ROWS = SOURCES         # of one instrument in one book


cdef inline int source_place(uint8_t watch) noexcept nogil:
    if watch == TRIGGER_BEST_MID:
        return MID_STANDS_AT
    return watch if watch == WATCH_TOUCH_SELL or watch == WATCH_TOUCH_BUY else watch - 1


# Only in C: an index into a tuple in Python.
cdef inline uint8_t source_at(int place) noexcept nogil:
    if place == MID_STANDS_AT:
        return TRIGGER_BEST_MID
    return <uint8_t>place if place == WATCH_TOUCH_SELL or place == WATCH_TOUCH_BUY else <uint8_t>(place + 1)


# The price that an order watches; `instruments`: what its instrument says, or 0.
cdef inline uint8_t choose_source(const tc_order* order, const tc_terms* terms, uint8_t instruments) noexcept nogil:
    cdef uint8_t said = terms.trigger_price_type if terms.trigger_price_type else instruments
    cdef bint sells = direction(order.side) == SIDE_SELL
    if said:
        return said
    if order.ord_type == TYPE_TRAILING_STOP:
        return WATCH_TRAIL_SELL if sells else WATCH_TRAIL_BUY
    return WATCH_TOUCH_SELL if sells else WATCH_TOUCH_BUY
