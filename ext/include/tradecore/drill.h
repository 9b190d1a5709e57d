/* Whether this is a build for tests, in which single checks of risk can be taken out to see what stands behind them. */
#ifndef TRADECORE_DRILL_H
#define TRADECORE_DRILL_H

#ifdef TRADECORE_DRILL
#define TC_DRILL 1
#else
#define TC_DRILL 0
#endif

#endif
